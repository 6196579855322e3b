"""The custom resource through its handler: what CloudFormation is told, and what Dash holds afterwards."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.waiting import wait_for
from functions.provision.handler import handler
from hookswitch.cloudformation import custom_resource
from hookswitch.cloudformation.custom_resource import FailedError, Request, Success, respond
from hookswitch.dash.hooks import HOOKS as ALL_HOOKS
from hookswitch.observability.log import logger
from hookswitch.webhooks import provisioning
from hookswitch.webhooks.desired import Desired
from simulator.api import DashApi
from simulator.dash import DEFAULT_API_KEY, Dash
from simulator.faults import Fault
from tests.unit.doubles import (
    ACCOUNT,
    CALLBACK,
    CREDENTIALS,
    OTHER_ACCOUNT,
    SECRET,
    Answers,
    Context,
    Secrets,
    Stacks,
    answering,
    environment,
    event,
    properties,
)

ID = f"phones/dash/{ACCOUNT}"
PUT = ("PUT", "webhooks$")


class CloudFormation:
    """Sends requests to the handler and returns its answers."""

    def __init__(
        self, api: DashApi, answers: Answers, secrets: Secrets, stacks: Stacks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.api, self.answers, self.secrets, self.stacks = api, answers, secrets, stacks
        self._monkeypatch = monkeypatch

    def properties(self, **changed: str) -> dict[str, str]:
        """Return the properties of this Dash's API."""
        return properties(**{"ApiUrl": self.api.url, **changed})

    def ask(
        self, kind: str, new: dict[str, str], seconds: float = 60, stack: dict[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Return the answer to a request; `stack` has the properties of the present template, if they are others."""
        self.answers.all.clear()
        for name, value in environment(stack or new).items():
            self._monkeypatch.setenv(name, value)
        handler(event(kind, self.answers.url, new, **more), Context(seconds))
        return self.answers.only

    def create(self, seconds: float = 60, **changed: str) -> dict[str, Any]:
        """Create the resource."""
        return self.ask("Create", self.properties(**changed), seconds)

    def update(self, old: dict[str, str], physical_id: str = ID, **changed: str) -> dict[str, Any]:
        """Update it."""
        new = self.properties(**changed)
        return self.ask("Update", new, PhysicalResourceId=physical_id, OldResourceProperties=old)

    def delete(self, physical_id: str = ID, stack: dict[str, str] | None = None, **changed: str) -> dict[str, Any]:
        """Delete it."""
        return self.ask("Delete", self.properties(**changed), stack=stack, PhysicalResourceId=physical_id)


@pytest.fixture
def cloudformation(
    api: DashApi, answers: Answers, secrets: Secrets, stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> CloudFormation:
    """CloudFormation and all that is behind it."""
    monkeypatch.setenv("ON_DELETE_FAILURE", "fail")
    return CloudFormation(api, answers, secrets, stacks, monkeypatch)


def names(dash: Dash, account: str = ACCOUNT) -> list[str]:
    """Return what an account holds, without marks."""
    return sorted(webhook.name.split(" (", maxsplit=1)[0] for webhook in dash.webhooks(account))


THREE = ["Hookswitch channel_create", "Hookswitch missed_call", "Hookswitch parking"]


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

    monkeypatch.setattr(provisioning, "apply_changes", broken)
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


def test_answer_is_repeated(cloudformation: CloudFormation, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that S3 does not take is sent again for as long as the function has time."""
    monkeypatch.setattr(custom_resource, "PAUSES", (0.01,))
    answers.refuse = 40
    assert cloudformation.create()["Status"] == "SUCCESS"


def test_no_secret_in_logs_or_answers(
    cloudformation: CloudFormation,
    api: DashApi,
    answers: Answers,
    secrets: Secrets,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Through success, every kind of failure and retries: no key, token, secret or signed address gets out."""
    lines = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    caplog.set_level(logging.DEBUG, "hookswitch")
    old = cloudformation.properties()
    said = [cloudformation.create(), cloudformation.update(old, Retries="1")]
    documents = Desired.from_properties(old).documents(SECRET)
    for fault in (Fault(count=None, status=503), Fault(count=None, drop=True), Fault(method="POST", status=400)):
        api.faults.add(fault)
        answers.refuse = 1
        said += [cloudformation.update(old, Retries="2"), cloudformation.delete(), cloudformation.create()]
        api.faults.clear()
    secrets.put(CREDENTIALS, json.dumps({"api_key": "f" * 64}))
    said += [cloudformation.update(old), cloudformation.create(CustomData="{x}")]
    out = lines.getvalue() + caplog.text + json.dumps(said)
    private = [DEFAULT_API_KEY, "f" * 64, SECRET, "a-signature"]
    private += [document["uri"].rpartition("/")[2] for document in documents.values()]
    assert "Responded to CloudFormation." in out
    assert not [text for text in private if text in out]


def test_id_names_stack_and_account_only() -> None:
    """No other property makes another resource."""
    assert (
        provisioning.physical_id(
            properties(Retries="0", ApiUrl="https://example.com", CallbackSecretArn=CALLBACK + "2")
        )
        == ID
    )


@pytest.mark.parametrize(
    "text", ["\u00e9" * 780, "\U0001f4de" * 390, '\\"' * 390, "x" * 2500], ids=["accents", "emoji", "quotes", "long"]
)
def test_too_long_to_answer(cloudformation: CloudFormation, dash: Dash, answers: Answers, text: str) -> None:
    """What CloudFormation would not take as an answer is refused before anything is registered, in so many bytes."""
    answer = cloudformation.create(CustomData=json.dumps({"k": text}, ensure_ascii=False))
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ID + provisioning.NOTHING_CREATED)
    assert "bytes too long" in answer["Reason"]
    assert max(answers.sizes) <= 4096
    assert not dash.webhooks(ACCOUNT)


def test_longest_values_of_the_template(cloudformation: CloudFormation, answers: Answers) -> None:
    """Values of the template's greatest lengths are registered, with an answer of at most 4096 bytes."""
    answer = cloudformation.create(
        Hooks=",".join(ALL_HOOKS),
        CustomData=json.dumps({"k": "x" * 790}),
        CallbackBaseUrl=f"https://{'d' * 235}.example.com",
        NamePrefix="p" * 40,
    )
    assert answer["Status"] == "SUCCESS"
    assert max(answers.sizes) <= 4096


@given(st.text(min_size=500, max_size=5000))
@settings(max_examples=50, deadline=None)
def test_reason_is_cut_to_fit(reason: str) -> None:
    """Whatever a reason is made of, the answer's bytes are at most 4096, and it begins as the reason does."""

    def fails(_: Request) -> Success:
        raise FailedError(reason, ID)

    with answering() as answers:
        respond(fails, event("Create", answers.url, properties()), Context(), default_id=ID)
    assert answers.sizes[0] <= 4096
    said = answers.only["Reason"]
    assert said == reason or (said.endswith("...") and reason.startswith(said.removesuffix("...")))
    assert said == reason or answers.sizes[0] > 4096 - 12


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
        PhysicalResourceId=provisioning.physical_id(forged),
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


def test_api_address_is_not_known(cloudformation: CloudFormation, stacks: Stacks, dash: Dash) -> None:
    """If CloudFormation does not name the API, nothing is registered, and the sentence says what to do."""
    stacks.away = True
    answer = cloudformation.create()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ID + provisioning.NOTHING_CREATED)
    assert "CloudFormation says Throttling" in answer["Reason"]
    assert not dash.webhooks(ACCOUNT)
