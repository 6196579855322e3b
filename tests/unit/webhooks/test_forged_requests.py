"""Requests that CloudFormation did not make, and former addresses that were never ours."""

from collections.abc import Iterator

import pytest

from hookswitch.webhooks import requested
from simulator.api import DashApi
from simulator.dash import Dash
from tests.unit.doubles import (
    ACCOUNT,
    CALLBACK,
    CREDENTIALS,
    properties,
)
from tests.unit.webhooks.requests import THREE, CloudFormation, names


@pytest.fixture
def elsewhere() -> Iterator[DashApi]:
    """Another Dash, where somebody waits for keys and tokens."""
    with DashApi(Dash()) as api:
        yield api


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_nobody_else_gets_a_key_or_a_token(
    cloudformation: CloudFormation, api: DashApi, dash: Dash, elsewhere: DashApi, kind: str
) -> None:
    """A made-up request can't name an address that a key or a token goes to, nor another stack's webhooks."""
    other = properties(region="eu-west-1", ApiUrl=api.url)
    assert cloudformation.ask("Create", other)["Status"] == "SUCCESS"
    theirs = [webhook.document() for webhook in dash.webhooks(ACCOUNT)]
    forged = cloudformation.properties(
        StackId=other["StackId"],
        ApiUrl=elsewhere.url,
        CredentialsArn=CALLBACK,
        CallbackSecretArn=CREDENTIALS,
        ApiAddress="https://evil.example.com/v1",
        CallbackBaseUrl="https://evil.example.com",
    )
    answer = cloudformation.ask(
        kind,
        forged,
        stack=cloudformation.properties(),
        OldResourceProperties=forged,
        PhysicalResourceId=requested.physical_id(forged),
    )
    assert answer["Status"] == "SUCCESS"
    assert not elsewhere.calls
    assert "evil" not in str([webhook.uri for webhook in dash.webhooks(ACCOUNT)])
    there = [webhook.document() for webhook in dash.webhooks(ACCOUNT)]
    assert [document for document in there if document in theirs] == theirs
    assert len(there) == (3 if kind == "Delete" else 6)


def test_old_addresses_claim_nothing_of_others(cloudformation: CloudFormation, dash: Dash) -> None:
    """A made-up former address does not make the webhooks there ours; a real one does, by our mark or our token."""
    cloudformation.create(CallbackBaseUrl="https://hooks.example.com")
    victim = dash.register(ACCOUNT, {"name": "Other", "hook": "parking", "uri": "https://victim.example.com/hooks/a/b"})
    before = victim.document()
    forged = cloudformation.properties(CallbackBaseUrl="https://victim.example.com")
    assert cloudformation.update(forged, CallbackBaseUrl="https://hooks.example.com")["Status"] == "SUCCESS"
    assert victim.document() == before
    for webhook in dash.webhooks(ACCOUNT):
        if webhook is not victim:
            webhook.name = "Renamed by hand"
    old = cloudformation.properties(CallbackBaseUrl="https://hooks.example.com")
    assert cloudformation.update(old, CallbackBaseUrl="https://new.example.com")["Status"] == "SUCCESS"
    assert names(dash) == sorted([*THREE, "Other"])
    assert victim.document() == before
