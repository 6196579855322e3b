"""The stack that a command is about."""

from pathlib import Path

import boto3
import pytest

from devtools import choices
from devtools.errors import LaptopError
from devtools.target import Target


def target(**outputs: str) -> Target:
    """Return a stack on AWS that was rolled back, with some outputs."""
    stack = Target(boto3.Session(region_name="us-east-1"), None, "hookswitch")
    listed = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]
    vars(stack)["described"] = {"StackStatus": "ROLLBACK_COMPLETE", "Outputs": listed}
    return stack


def test_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An output is known by its name; without it, the error says how the stack is."""
    monkeypatch.delenv(choices.VARIABLE, raising=False)
    monkeypatch.setattr(choices, "FILE", tmp_path / "none.toml")
    assert target(EventsTableName="table").output("EventsTableName") == "table"
    with pytest.raises(LaptopError, match=r"has no output LogGroupName.*ROLLBACK_COMPLETE.*`make deploy`"):
        target(EventsTableName="table").output("LogGroupName")
