"""The login check: what CloudFormation is told before a stack has a table, and later."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hookswitch.webhooks import dash_login
from simulator.api import DashApi
from simulator.dash import Dash
from simulator.faults import Fault
from tests.unit.doubles import CREDENTIALS, Secrets, Stacks
from tests.unit.webhooks.requests import CloudFormation

OTHER_ACCOUNT = "c" * 32


def check(cloudformation: CloudFormation, kind: str, *, old: dict[str, str] | None = None, **changed: str) -> str:
    """Return the reason for a failure, or the status of a success."""
    more = {"PhysicalResourceId": dash_login.PHYSICAL_ID} if kind != "Create" else {}
    before = {} if old is None else {"OldResourceProperties": cloudformation.properties(**old)}
    asked: dict[str, Any] = {"ResourceType": dash_login.TYPE, "LogicalResourceId": "DashLogin", **more, **before}
    answer = cloudformation.ask(kind, cloudformation.properties(**changed), **asked)
    assert answer["PhysicalResourceId"] == dash_login.PHYSICAL_ID
    return str(answer["Reason"] if answer["Status"] == "FAILED" else answer["Status"])


def test_right_key(cloudformation: CloudFormation, dash: Dash) -> None:
    """The check passes and changes nothing on Dash."""
    assert check(cloudformation, "Create") == "SUCCESS"
    assert dash.webhooks(cloudformation.properties()["AccountId"]) == []


def test_wrong_key(cloudformation: CloudFormation, secrets: Secrets) -> None:
    """The reason names the parameter to correct."""
    secrets.put(CREDENTIALS, json.dumps({"api_key": "f" * 64}))
    said = check(cloudformation, "Create")
    assert said.startswith("Dash does not know this API key. Check DashApiKey or DashCredentialsArn")


def test_account_of_somebody_else(cloudformation: CloudFormation) -> None:
    """A key that does not open the account is as good as a wrong one."""
    assert "these credentials do not open the account" in check(cloudformation, "Create", AccountId=OTHER_ACCOUNT)


def test_dash_away(cloudformation: CloudFormation, api: DashApi) -> None:
    """A stack that can't be checked is not created."""
    api.faults.add(Fault(count=None, status=503))
    assert "Dash is out of order" in check(cloudformation, "Create")


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"])
def test_upgrade_while_dash_is_away(cloudformation: CloudFormation, api: DashApi, stacks: Stacks, status: str) -> None:
    """An upgrade creates the resource in a stack that works, which does not depend on Dash being there."""
    stacks.status = status
    api.faults.add(Fault(count=None, status=503))
    assert check(cloudformation, "Create") == "SUCCESS"


def test_upgrade_with_a_wrong_key(cloudformation: CloudFormation, secrets: Secrets, stacks: Stacks) -> None:
    """It is found before anything else is changed."""
    stacks.status = "UPDATE_IN_PROGRESS"
    secrets.put(CREDENTIALS, json.dumps({"api_key": "f" * 64}))
    assert check(cloudformation, "Create").startswith("Dash does not know this API key.")


@pytest.mark.parametrize("changed", [{}, {"HttpVerb": "get"}])
def test_update_of_something_else(cloudformation: CloudFormation, api: DashApi, changed: dict[str, str]) -> None:
    """Dash is not even asked."""
    api.faults.add(Fault(count=None, status=503))
    assert check(cloudformation, "Update", old={}, **changed) == "SUCCESS"


def test_update_to_another_account(cloudformation: CloudFormation, stacks: Stacks) -> None:
    """The new account is checked; the rollback to the old one is not refused, whatever its key is by then."""
    stacks.status = "UPDATE_IN_PROGRESS"
    assert "do not open the account" in check(cloudformation, "Update", old={}, AccountId=OTHER_ACCOUNT)
    stacks.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert check(cloudformation, "Update", old={}, AccountId=OTHER_ACCOUNT) == "SUCCESS"


def test_delete(cloudformation: CloudFormation, api: DashApi, secrets: Secrets) -> None:
    """There is nothing to delete, so nothing can fail."""
    secrets.drop(CREDENTIALS)
    api.faults.add(Fault(count=None, status=503))
    assert check(cloudformation, "Delete") == "SUCCESS"


@pytest.mark.parametrize(("denials", "passes"), [(4, True), (5, False)])
def test_role_that_is_too_young(
    cloudformation: CloudFormation, secrets: Secrets, monkeypatch: pytest.MonkeyPatch, denials: int, *, passes: bool
) -> None:
    """A role may be denied what it was just allowed; the check waits for some seconds, but not for ever."""
    monkeypatch.setattr(dash_login, "PAUSES", (0.0,) * 4)
    read, left = secrets.get_secret_value, [denials]

    def denied_at_first(**asked: str) -> dict[str, Any]:
        left[0] -= 1
        if left[0] >= 0:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue")
        return read(**asked)

    monkeypatch.setattr(secrets, "get_secret_value", denied_at_first)
    said = check(cloudformation, "Create")
    assert said == "SUCCESS" if passes else "AccessDeniedException" in said
