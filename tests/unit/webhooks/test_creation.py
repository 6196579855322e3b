"""Creating the custom resource: which webhooks Dash holds afterwards, and what CloudFormation is told."""

import json
import logging

import pytest

from devtools.waiting import wait_for
from hookswitch.cloudformation.custom_resource import Request, Success
from hookswitch.webhooks import provisioning, registration
from hookswitch.webhooks.desired import Desired
from simulator.api import DashApi
from simulator.dash import Dash
from simulator.faults import Fault
from tests.unit.doubles import (
    ACCOUNT,
    CALLBACK,
    CREDENTIALS,
    SECRET,
    Answers,
    Secrets,
    Stacks,
    properties,
)
from tests.unit.webhooks.requests import ID, PUT, THREE, CloudFormation, names


def test_create(cloudformation: CloudFormation, dash: Dash, answers: Answers) -> None:
    """The answer echoes the request, has the deterministic id and the state, and the signed content type."""
    answer = cloudformation.create()
    assert answer.pop("Data") == {"State": Desired.from_properties(cloudformation.properties()).state()}
    assert answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": ID,
        "StackId": properties()["StackId"],
        "RequestId": "a-request",
        "LogicalResourceId": "Webhooks",
    }
    assert answers.content_types == [""]
    assert names(dash) == THREE


def test_create_twice(cloudformation: CloudFormation, dash: Dash) -> None:
    """A Create that is repeated changes nothing."""
    cloudformation.create()
    before = [webhook.document() for webhook in dash.webhooks(ACCOUNT)]
    assert cloudformation.create()["Status"] == "SUCCESS"
    assert [webhook.document() for webhook in dash.webhooks(ACCOUNT)] == before


def test_create_with_a_wrong_key(cloudformation: CloudFormation, secrets: Secrets) -> None:
    """The reason is one sentence or two; the Delete that follows on AWS succeeds with the same wrong key."""
    secrets.put(CREDENTIALS, json.dumps({"api_key": "f" * 64}))
    answer = cloudformation.create()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ID + provisioning.NOTHING_CREATED)
    assert answer["Reason"].startswith("Dash does not know this API key.")
    assert cloudformation.delete(ID + provisioning.NOTHING_CREATED)["Status"] == "SUCCESS"


def test_create_with_a_short_secret(cloudformation: CloudFormation, dash: Dash, secrets: Secrets) -> None:
    """No webhook gets a token that derives from a secret so short that it could be guessed."""
    secrets.put(CALLBACK, "x" * 31)
    answer = cloudformation.create()
    assert (answer["Status"], dash.webhooks(ACCOUNT)) == ("FAILED", [])
    assert "fewer than 32 characters" in answer["Reason"]
    assert "CallbackSecretSourceArn" in answer["Reason"]
    secrets.put(CALLBACK, "x" * 32)
    assert cloudformation.create()["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    "fault", [Fault(*PUT, after=2, status=400, message="no"), Fault(*PUT, after=2, status=500, count=9)]
)
def test_create_that_fails_half_way(cloudformation: CloudFormation, api: DashApi, dash: Dash, fault: Fault) -> None:
    """What was made before is removed, also what an earlier try had left, and the answer says that nothing is left."""
    other = dash.register(ACCOUNT, {"name": "Other", "hook": "parking", "uri": "https://example.com/"})
    dash.register(ACCOUNT, Desired.from_properties(properties()).documents("of old")["parking"])
    api.faults.add(fault)
    answer = cloudformation.create(Hooks="channel_create,channel_answer,channel_bridge,parking")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ID + provisioning.NOTHING_CREATED)
    assert "creating the webhook Hookswitch channel_bridge" in answer["Reason"]
    assert answer["Reason"].endswith("What had been registered is deleted again.")
    assert dash.webhooks(ACCOUNT) == [other]


def test_create_that_can_not_clean_up(cloudformation: CloudFormation, api: DashApi, dash: Dash) -> None:
    """If removing fails too, the id lets the Delete that follows try it again, and the reason names the webhook."""
    api.faults.add(Fault(*PUT, after=1, status=400, message="no"))
    api.faults.add(Fault(method="DELETE", count=3, status=500))
    answer = cloudformation.create()
    assert answer["PhysicalResourceId"] == ID
    assert "could not be deleted" in answer["Reason"]
    assert "Hookswitch channel_create" in answer["Reason"]
    assert cloudformation.delete()["Status"] == "SUCCESS"
    assert not dash.webhooks(ACCOUNT)


def test_slow_dash(cloudformation: CloudFormation, api: DashApi, dash: Dash) -> None:
    """A Dash whose creations act after everyone has stopped waiting leaves nothing behind."""
    api.faults.add(Fault(*PUT, after=1, count=None, delay=1.1))
    answer = cloudformation.create(seconds=30)
    assert answer["Status"] == "FAILED"
    assert "did not answer creating the webhook Hookswitch parking" in answer["Reason"]
    wait_for(lambda: all(call.status for call in api.calls), "Dash has carried out what it was late with")
    assert not dash.webhooks(ACCOUNT)


def test_time_runs_out(cloudformation: CloudFormation, api: DashApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation gets its answer before the function is ended, whatever the function is at."""
    monkeypatch.setenv("DASH_READ_SECONDS", "30")
    api.faults.add(Fault(method="PUT", path="api_auth", count=None, delay=60))
    answer = cloudformation.create(seconds=1.5)
    assert answer["Status"] == "FAILED"
    assert "Dash" in answer["Reason"]


def test_stuck_beyond_all_deadlines(
    cloudformation: CloudFormation, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the work itself does not come back the answer is given, once, with an id that leads to a Delete."""

    def stuck(_: Request) -> Success:
        answers.arrived.wait(10)
        return Success("too late")

    monkeypatch.setattr(provisioning, "create", stuck)
    answer = cloudformation.create(seconds=1)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ID)
    assert answer["Reason"] == "The function ran out of time after 1 s. Its log, the-log-group, says more."


def test_fault_of_ours(
    cloudformation: CloudFormation, dash: Dash, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unforeseen error is answered without its text, and takes back what was made."""

    def broken(*_: object) -> None:
        dash.register(ACCOUNT, Desired.from_properties(properties()).documents(SECRET)["parking"])
        raise ValueError(SECRET)

    monkeypatch.setattr(registration, "apply_changes", broken)
    with caplog.at_level(logging.CRITICAL):
        answer = cloudformation.create()
    assert answer["Reason"].startswith("ValueError: this is a bug in hookswitch.")
    assert SECRET not in answer["Reason"]
    assert not dash.webhooks(ACCOUNT)


def test_invalid_template(cloudformation: CloudFormation) -> None:
    """A value that can't be used fails before anything is made."""
    answer = cloudformation.create(CustomData="{x}")
    assert answer["PhysicalResourceId"] == ID + provisioning.NOTHING_CREATED
    assert "CustomData: must be JSON text" in answer["Reason"]


def test_api_address_is_not_known(cloudformation: CloudFormation, stacks: Stacks, dash: Dash) -> None:
    """If CloudFormation does not name the API, nothing is registered, and the sentence says what to do."""
    stacks.away = True
    answer = cloudformation.create()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ID + provisioning.NOTHING_CREATED)
    assert "CloudFormation says Throttling" in answer["Reason"]
    assert not dash.webhooks(ACCOUNT)
