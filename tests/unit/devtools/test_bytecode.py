"""Bytecode is added to what `sam build` made, of the kind that survives SAM's packaging."""

from importlib.util import cache_from_source
from pathlib import Path

import pytest

from devtools import bytecode
from devtools.bytecode import add_bytecode

BUILT = """\
Parameters:
  Architecture:
    Type: String
    Description: The processor architecture of the functions. Build for the same one;
      sam build takes it from here.
    AllowedValues:
    - arm64
    - x86_64
    Default: arm64
  SnapStart:
    Type: String
    AllowedValues:
    - 'off'
    - 'on'
    Default: 'off'
Resources:
  Layer:
    Metadata:
      BuildArchitecture: x86_64
"""
UNCHECKED = (1).to_bytes(4, "little")  # the flags of a module whose hash is never compared (PEP 552)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """What `sam build` made, in small."""
    (tmp_path / "template.yaml").touch()
    for module in (
        "MissedCall/handler.py",
        "Layer/python/hookswitch/receive.py",
        "Layer/python/hookswitch/console/app.py",
        "Layer/python/pydantic/main.py",
        "Layer/python/pydantic/v1/main.py",
        "Layer/python/urllib3/util/retry.py",
        "Layer/python/aws_lambda_powertools/utilities/jmespath_utils/__init__.py",
        "Layer/python/aws_lambda_powertools/utilities/parser/parser.py",
    ):
        (tmp_path / module).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / module).write_text("VALUE = 1\n")
    return tmp_path


def compiled(build: Path) -> set[str]:
    """Return the modules that have bytecode."""
    modules = build.rglob("*.py")
    return {str(module.relative_to(build)) for module in modules if Path(cache_from_source(str(module))).exists()}


def test_what_hooks_import_is_compiled(build: Path) -> None:
    """Functions and layer are, and what no hook imports is left out: the layer has to stay small."""
    add_bytecode(build)
    assert compiled(build) == {
        "MissedCall/handler.py",
        "Layer/python/hookswitch/receive.py",
        "Layer/python/pydantic/main.py",
        "Layer/python/aws_lambda_powertools/utilities/jmespath_utils/__init__.py",
    }


def test_unused_parts_are_deleted(build: Path) -> None:
    """Parts of packages that no function uses go, and what is named like them elsewhere stays. A second run is fine."""
    layer = build / "Layer" / "python"
    unused = [
        layer / "aws_lambda_powertools" / "event_handler" / "openapi" / "swagger_ui" / "bundle.min.js",
        layer / "aws_lambda_powertools" / "utilities" / "kafka" / "consumer.py",
        layer / "pydantic" / "v1" / "main.py",
        layer / "pydantic-2.0.dist-info" / "RECORD",
        layer / "pydantic-2.0.dist-info" / "METADATA",
        layer / "requirements.txt",
    ]
    used = [
        layer / "aws_lambda_powertools" / "utilities" / "batch" / "base.py",
        layer / "hookswitch" / "kafka" / "v1.py",
        layer / "pydantic-2.0.dist-info" / "licenses" / "LICENSE",
    ]
    for file in (*unused, *used):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    add_bytecode(build)
    add_bytecode(build)
    assert [file for file in (*unused, *used) if file.exists()] == used


def test_bytecode_does_not_depend_on_times(build: Path) -> None:
    """It is valid whatever time its source has on Lambda, and names no folder of this machine."""
    add_bytecode(build)
    for file in build.rglob("*.pyc"):
        content = file.read_bytes()
        assert content[4:8] == UNCHECKED
        assert str(build).encode() not in content


def test_changed_module_is_compiled_again(build: Path) -> None:
    """A second run leaves no bytecode of the first."""
    add_bytecode(build)
    handler = build / "MissedCall" / "handler.py"
    before = Path(cache_from_source(str(handler))).read_bytes()
    handler.write_text("VALUE = 2\n")
    add_bytecode(build)
    assert Path(cache_from_source(str(handler))).read_bytes() != before


def test_module_that_is_no_python(build: Path) -> None:
    """A module that can't be compiled is not deployed."""
    (build / "MissedCall" / "handler.py").write_text("def\n")
    with pytest.raises(SystemExit, match="can't be compiled"):
        add_bytecode(build)


def test_nothing_was_built(tmp_path: Path) -> None:
    """Whoever forgot `sam build` is told."""
    with pytest.raises(SystemExit, match="run `sam build` first"):
        add_bytecode(tmp_path)


def test_other_python(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python's bytecode would be of no use on Lambda."""
    monkeypatch.setattr(bytecode, "PYTHON", (3, 12))
    with pytest.raises(SystemExit, match=r"Python 3\.12"):
        add_bytecode(build)


def test_template_is_held_to_its_architecture(build: Path) -> None:
    """Nobody can deploy what was built for another processor; a second run changes nothing more."""
    template = build / "template.yaml"
    template.write_text(BUILT)
    add_bytecode(build)
    add_bytecode(build)
    assert template.read_text() == BUILT.replace(
        "    - arm64\n    - x86_64\n    Default: arm64", "    - x86_64\n    Default: x86_64"
    )
