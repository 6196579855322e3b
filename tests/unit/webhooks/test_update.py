"""Updating the custom resource: which webhooks Dash holds afterwards, and what CloudFormation is told."""

import json

import pytest

from simulator.api import DashApi
from simulator.dash import DEFAULT_API_KEY, Dash
from simulator.faults import Fault
from tests.unit.doubles import (
    ACCOUNT,
    CREDENTIALS,
    OTHER_ACCOUNT,
    Secrets,
)
from tests.unit.webhooks.requests import ID, PUT, THREE, CloudFormation, names


def test_update(cloudformation: CloudFormation, dash: Dash) -> None:
    """An update edits in place and keeps the id."""
    cloudformation.create()
    answer = cloudformation.update(cloudformation.properties(), Retries="0", Hooks="parking,register")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", ID)
    assert names(dash) == ["Hookswitch parking", "Hookswitch register"]
    assert {webhook.retries for webhook in dash.webhooks(ACCOUNT)} == {0}


def test_new_api_address(cloudformation: CloudFormation, dash: Dash) -> None:
    """Webhooks on the old address, also those that were renamed by hand, move to the new one."""
    cloudformation.create()
    for webhook in dash.webhooks(ACCOUNT):
        webhook.name = "Renamed"
    cloudformation.stacks.api = "new"
    cloudformation.update(cloudformation.properties())
    assert names(dash) == THREE
    assert all(webhook.uri.startswith("https://new.") for webhook in dash.webhooks(ACCOUNT))


def test_account_changed(cloudformation: CloudFormation, dash: Dash, secrets: Secrets) -> None:
    """A new account gets the webhooks; the clean-up finds the old account's key in the secret's previous version."""
    cloudformation.create()
    secrets.put(CREDENTIALS, json.dumps({"api_key": dash.accounts[OTHER_ACCOUNT].api_key}))
    answer = cloudformation.update(cloudformation.properties(), AccountId=OTHER_ACCOUNT)
    assert answer["PhysicalResourceId"] == f"phones/dash/{OTHER_ACCOUNT}"
    assert names(dash) == names(dash, OTHER_ACCOUNT) == THREE
    assert cloudformation.delete()["Status"] == "SUCCESS"
    assert names(dash) == []
    assert names(dash, OTHER_ACCOUNT) == THREE


def test_account_changed_in_vain(cloudformation: CloudFormation, api: DashApi, dash: Dash, secrets: Secrets) -> None:
    """A change of account that fails half way leaves nothing there and everything here, and so does the way back."""
    cloudformation.create()
    old, new = cloudformation.properties(), cloudformation.properties(AccountId=OTHER_ACCOUNT)
    secrets.put(CREDENTIALS, json.dumps({"api_key": dash.accounts[OTHER_ACCOUNT].api_key}))
    api.faults.add(Fault(*PUT, after=1, status=400, message="no"))
    answer = cloudformation.update(old, AccountId=OTHER_ACCOUNT)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ID)
    assert names(dash, OTHER_ACCOUNT) == []
    cloudformation.stacks.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    secrets.put(CREDENTIALS, json.dumps({"api_key": DEFAULT_API_KEY}))
    api.faults.add(Fault(*PUT, status=400, message="no"))
    dash.remove(dash.webhooks(ACCOUNT)[0].id)
    assert cloudformation.update(new, AccountId=ACCOUNT)["Status"] == "SUCCESS"
    assert len(names(dash)) == 2


def test_update_with_a_wrong_key(cloudformation: CloudFormation, secrets: Secrets, dash: Dash) -> None:
    """It fails, although the secret's previous version would do: nobody would notice the mistake."""
    cloudformation.create()
    secrets.put(CREDENTIALS, json.dumps({"api_key": "f" * 64}))
    answer = cloudformation.update(cloudformation.properties(), Deployment="d2")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ID)
    assert names(dash) == THREE


@pytest.mark.parametrize(
    ("changed", "status", "ends"),
    [
        ({"Deployment": "d2"}, "UPDATE_IN_PROGRESS", "SUCCESS"),
        ({"Retries": "0"}, "UPDATE_IN_PROGRESS", "FAILED"),
        ({"Retries": "0"}, "UPDATE_ROLLBACK_IN_PROGRESS", "SUCCESS"),
    ],
)
def test_update_while_dash_is_away(
    cloudformation: CloudFormation, api: DashApi, changed: dict[str, str], status: str, ends: str
) -> None:
    """Only an update that changes the webhooks needs Dash, and the way back from one never fails."""
    cloudformation.create()
    cloudformation.stacks.status = status
    api.faults.add(Fault(count=None, status=503))
    assert cloudformation.update(cloudformation.properties(), **changed)["Status"] == ends
