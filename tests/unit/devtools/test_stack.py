"""Building once what has not changed."""

from pathlib import Path
from typing import Any

import pytest

from devtools import stack
from devtools.processes import CommandError
from devtools.stack import StackError


class Sam:
    """Stands for `sam build`: writes a template, or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails = False
        self.runs: list[list[str]] = []
        monkeypatch.setattr(stack, "run", self._run)
        monkeypatch.setattr(stack, "sam", lambda command: ["sam", command])
        monkeypatch.setattr(stack, "add_bytecode", lambda _: None)

    def _run(self, command: list[str], **more: Any) -> str:
        del more
        self.runs.append(command)
        if self.fails:
            raise CommandError("`sam build` failed.", "Error: no network")
        built = Path(command[command.index("--build-dir") + 1])
        built.mkdir(exist_ok=True)
        (built / "template.yaml").touch()
        return ""


@pytest.fixture
def sam(monkeypatch: pytest.MonkeyPatch) -> Sam:
    """Count what is built."""
    return Sam(monkeypatch)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A checkout, in small."""
    for file in (
        "template.yaml",
        "functions/publish/handler.py",
        "layers/a/requirements.txt",
        "operations/alarms.yaml",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("1")
    return tmp_path / "template.yaml"


def test_unchanged_source_is_built_once(sam: Sam, template: Path, tmp_path: Path) -> None:
    """A second build, and what Python leaves beside the source, takes no time."""
    for _ in range(2):
        assert stack.build(template, directory=tmp_path / "build") == tmp_path / "build" / "template.yaml"
        (tmp_path / "functions" / "__pycache__").mkdir(exist_ok=True)
        (tmp_path / "functions" / "__pycache__" / "handler.pyc").write_text("2")
    assert len(sam.runs) == 1


@pytest.mark.parametrize(
    "changed", ["template.yaml", "functions/publish/handler.py", "layers/a/requirements.txt", "operations/new.yaml"]
)
def test_changed_source_is_built_again(sam: Sam, template: Path, tmp_path: Path, changed: str) -> None:
    """Whatever of it changed, files that are new included."""
    stack.build(template, directory=tmp_path / "build")
    (tmp_path / changed).write_text("2")
    stack.build(template, directory=tmp_path / "build")
    assert len(sam.runs) == 2


def test_another_architecture_is_built(sam: Sam, template: Path, tmp_path: Path) -> None:
    """And so is a build without bytecode."""
    for machine, bytecode in (("arm64", True), ("x86_64", True), ("x86_64", False), ("x86_64", False)):
        stack.build(template, directory=tmp_path / "build", machine=machine, bytecode=bytecode)
    assert len(sam.runs) == 3


def test_failed_build_is_repeated(sam: Sam, template: Path, tmp_path: Path) -> None:
    """What a failed build left is never taken for a whole one."""
    stack.build(template, directory=tmp_path / "build")
    template.write_text("2")
    sam.fails = True
    with pytest.raises(StackError, match="no network"):
        stack.build(template, directory=tmp_path / "build")
    template.write_text("1")
    sam.fails = False
    stack.build(template, directory=tmp_path / "build")
    assert len(sam.runs) == 3
