"""CloudFormation, for the tests of the provision function."""

import pytest

from simulator.api import DashApi
from tests.unit.doubles import (
    Answers,
    Secrets,
    Stacks,
)
from tests.unit.webhooks.requests import CloudFormation


@pytest.fixture
def cloudformation(
    api: DashApi, answers: Answers, secrets: Secrets, stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> CloudFormation:
    """CloudFormation and all that is behind it."""
    monkeypatch.setenv("ON_DELETE_FAILURE", "fail")
    return CloudFormation(api, answers, secrets, stacks, monkeypatch)
