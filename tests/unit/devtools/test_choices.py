"""`hookswitch.toml`."""

from pathlib import Path

import pytest

from devtools import choices
from devtools.deploying.answers import definitions, find_fault
from devtools.errors import LaptopError
from devtools.local import ROOT


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that HOOKSWITCH_CONFIG names."""
    file = tmp_path / "customer.toml"
    monkeypatch.setenv(choices.VARIABLE, str(file))
    return file


def test_values_as_cloudformation_takes_them(file: Path) -> None:
    """Numbers, truth values and lists need no quotes."""
    file.write_text(
        'stack = "north"\n[parameters]\nRetentionDays = 90\nIncludeSubaccounts = true\nHooks = ["a", "b"]\n'
    )
    found = choices.load()
    assert found.stack == "north"
    assert found.parameters == {"RetentionDays": "90", "IncludeSubaccounts": "true", "Hooks": "a,b"}


def test_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The defaults are enough."""
    monkeypatch.delenv(choices.VARIABLE, raising=False)
    monkeypatch.setattr(choices, "FILE", tmp_path / "none.toml")
    assert choices.load() == choices.Choices()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stack = ", "not valid TOML"),
        ("stak = 'a'", "unknown key: stak"),
        ("region = 1", "must be in quotes"),
        ("parameters = 1", "must be a table"),
        ("[parameters]\nHooks = 1.5", "parameters.Hooks must be a text"),
        ("[parameters]\nDashApiKey = '0123'", "contains DashApiKey"),
    ],
)
def test_file_that_cannot_be_used(file: Path, text: str, said: str) -> None:
    """The error says what is wrong and where the form is shown; it repeats no key."""
    file.write_text(text)
    with pytest.raises(LaptopError, match=said) as refused:
        choices.load()
    assert "0123" not in str(refused.value)


def test_named_file_is_missing(file: Path) -> None:
    """A file that was named on purpose must exist."""
    with pytest.raises(LaptopError, match=f"{file.name}, which HOOKSWITCH_CONFIG names, does not exist"):
        choices.load()


def test_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example that users copy is valid, parameter by parameter."""
    monkeypatch.setenv(choices.VARIABLE, str(ROOT / choices.EXAMPLE))
    found = choices.load()
    assert found.parameters.keys() <= definitions().keys()
    assert [fault for name, value in found.parameters.items() if (fault := find_fault(name, value))] == []
