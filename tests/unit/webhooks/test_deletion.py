"""Deleting the custom resource: which webhooks Dash holds afterwards, and what CloudFormation is told."""

import json

import pytest

from hookswitch.webhooks.desired import Desired
from simulator.api import DashApi
from simulator.dash import DEFAULT_API_KEY, Dash
from simulator.faults import Fault
from tests.unit.doubles import (
    ACCOUNT,
    CREDENTIALS,
    Secrets,
    properties,
)
from tests.unit.webhooks.requests import THREE, CloudFormation, names


def test_delete(cloudformation: CloudFormation, dash: Dash) -> None:
    """Ours go; a second Delete, and one after somebody else has cleaned up, succeed."""
    cloudformation.create()
    assert cloudformation.delete()["Status"] == "SUCCESS"
    assert names(dash) == []
    assert cloudformation.delete()["Status"] == "SUCCESS"


def test_delete_after_a_create_that_never_answered(
    cloudformation: CloudFormation, dash: Dash, secrets: Secrets
) -> None:
    """An id that CloudFormation invented removes what there is, and with a key that Dash refuses there is nothing."""
    cloudformation.create()
    assert cloudformation.delete("phones-Webhooks-1A2B")["Status"] == "SUCCESS"
    assert names(dash) == []
    secrets.put(CREDENTIALS, json.dumps({"api_key": "f" * 64}))
    secrets.put(CREDENTIALS, json.dumps({"api_key": "e" * 64}))
    assert cloudformation.delete("phones-Webhooks-1A2B")["Status"] == "SUCCESS"


@pytest.mark.parametrize(("choice", "ends"), [("fail", "FAILED"), ("ignore", "SUCCESS")])
def test_delete_while_dash_is_away(
    cloudformation: CloudFormation, api: DashApi, monkeypatch: pytest.MonkeyPatch, choice: str, ends: str
) -> None:
    """It fails and names what is left, or ignores that, as the template says."""
    monkeypatch.setenv("ON_DELETE_FAILURE", choice)
    cloudformation.create()
    api.faults.add(Fault(count=None, status=503))
    answer = cloudformation.delete()
    assert answer["Status"] == ends
    if ends == "FAILED":
        assert f"account {ACCOUNT} webhooks may be left, for channel_create, parking, missed_call" in answer["Reason"]
        assert Desired.from_properties(properties()).mark in answer["Reason"]


def test_delete_with_a_key_that_was_revoked(cloudformation: CloudFormation, secrets: Secrets) -> None:
    """What was once made can't be taken for never made."""
    cloudformation.create()
    secrets.drop(CREDENTIALS)
    assert cloudformation.delete()["Status"] == "FAILED"
    secrets.put("another", json.dumps({"api_key": DEFAULT_API_KEY}))


def test_delete_with_the_present_secret(cloudformation: CloudFormation, dash: Dash, secrets: Secrets) -> None:
    """The secret is that of the present template, not that of the old properties."""
    cloudformation.create()
    secrets.drop(CREDENTIALS)
    secrets.put("another", json.dumps({"api_key": DEFAULT_API_KEY}))
    assert cloudformation.delete(stack=cloudformation.properties(CredentialsArn="another"))["Status"] == "SUCCESS"
    assert names(dash) == []


def test_two_stacks(cloudformation: CloudFormation, dash: Dash) -> None:
    """Stacks on one account, even of one name, do not disturb each other."""
    cloudformation.create()
    other = properties(region="eu-west-1", ApiUrl=cloudformation.api.url)
    assert cloudformation.ask("Create", other)["Status"] == "SUCCESS"
    assert names(dash) == sorted(THREE * 2)
    cloudformation.delete()
    assert {webhook.uri.split(".")[2] for webhook in dash.webhooks(ACCOUNT)} == {"eu-west-1"}
