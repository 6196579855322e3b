"""The files of a release: one build gives the same bytes wherever it lies."""

import os
import zipfile
from pathlib import Path

import pytest

from devtools.errors import LaptopError
from devtools.local import DASH_API_KEY, ROOT
from devtools.releasing.code import functions
from devtools.releasing.release import check_version, release, write
from devtools.template import parsed

MODULE = "import json\n\nNAMES = frozenset({'one', 'two', 'three'})\n\ndef handler(event, context):\n    return NAMES\n"


def build(directory: Path, *, reverse: bool = False) -> Path:
    """Write what `sam build` would, in small."""
    files = ["Layer/python/hookswitch/receive.py", "Layer/python/urllib3/util.py"]
    for name, folder, handler in functions(parsed()):
        module = handler.rpartition(".")[0].replace(".", "/")
        files.append(f"{name}/{module}.py")
        assert folder.startswith("functions")
    for file in reversed(files) if reverse else files:
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        (directory / file).write_text(MODULE)
    return directory


def test_two_builds_give_equal_bytes(tmp_path: Path) -> None:
    """Where they lie, when they were made, and who may write them changes nothing."""
    first = write(build(tmp_path / "first"), "arm64", "1.2.0", tmp_path / "one")
    other = build(tmp_path / "elsewhere" / "second", reverse=True)
    for file in other.rglob("*.py"):
        file.chmod(0o600)
        os.utime(file, (1_000_000_000, 1_000_000_000))
    second = write(other, "arm64", "1.2.0", tmp_path / "two")
    assert first.archive.name == "hookswitch-1.2.0-arm64.zip"
    assert first.archive.read_bytes() == second.archive.read_bytes()
    assert first.template.read_bytes() == second.template.read_bytes()


def test_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a layer: packages and functions below `python`, with bytecode, readable for Lambda, no folder named."""
    monkeypatch.setenv("DASH_API_KEY", DASH_API_KEY)
    made = write(build(tmp_path / "built"), "arm64", "1.2.0", tmp_path / "release")
    with zipfile.ZipFile(made.archive) as package:
        names = package.namelist()
        assert names == sorted(names)
        assert all(name.startswith("python/") for name in names)
        assert "python/functions/hooks/missed_call/handler.py" in names
        assert "python/functions/hooks/missed_call/__pycache__/handler.cpython-313.pyc" in names
        assert "python/hookswitch/__pycache__/receive.cpython-313.pyc" in names
        assert {entry.external_attr >> 16 for entry in package.infolist()} == {0o644}
        contents = [made.template.read_bytes(), *(package.read(name) for name in names)]
    for private in (tmp_path, ROOT, DASH_API_KEY):
        assert not [content for content in contents if str(private).encode() in content]


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It says which files it wrote, and for which processor."""
    monkeypatch.setattr("devtools.releasing.release.DIRECTORY", tmp_path / "release")
    built = build(tmp_path / "built") / "template.yaml"
    monkeypatch.setattr("devtools.deploying.artifacts.build", lambda *_: built)
    release("x86_64", "1.2.0")
    names = {file.name for file in (tmp_path / "release").iterdir()}
    assert names == {"hookswitch-1.2.0-x86_64.zip", "hookswitch-1.2.0-x86_64.template.json"}
    said = capsys.readouterr().out
    assert "Building 1.2.0 for x86_64" in said
    assert all(name in said for name in names)


@pytest.mark.parametrize("version", ["", "a b", "v1/2", "-1", "1+local", "x" * 65])
def test_version_that_cannot_be_used(version: str) -> None:
    """It becomes part of a file's name and of a URL."""
    with pytest.raises(LaptopError, match="can't be used"):
        check_version(version)
