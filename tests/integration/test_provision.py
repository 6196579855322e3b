"""Provisioning through CloudFormation: the account's webhooks and the stack's status after success and failure.

These tests have their own emulator, whose functions have shorter timeouts than on AWS. Each test has its own Dash
account and stack.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, cast
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from devtools import aws, emulator, stack
from devtools.emulator import Emulator
from devtools.healing import throttled
from devtools.local import ACCESS_KEY, CALLBACK_SECRET, REGION, SECRET_KEY
from devtools.waiting import wait_for
from hookswitch.callback.token import token_for
from hookswitch.dash.hooks import HOOKS, SELECTABLE_HOOKS
from simulator.api import DashApi
from simulator.dash import Account, Dash
from simulator.faults import Fault
from simulator.transport import emulator_resolver
from simulator.webhooks import Webhook
from tests.integration.deployed import SEVEN, Deployed


@pytest.fixture(scope="module")
def whole_api(own_emulator: Emulator) -> Iterator[DashApi]:
    """A Dash for the accounts of this file."""
    with DashApi(Dash(resolver=emulator_resolver(own_emulator.endpoint))) as api:
        yield api


@pytest.fixture
def account(whole_api: DashApi) -> Iterator[Account]:
    """A new account with a webhook of another system, which must not change."""
    account = whole_api.dash.add_account(uuid4().hex)
    other = whole_api.dash.register(account.id, {"name": "Other", "hook": "object", "uri": "https://example.com/"})
    before = other.document()
    yield account
    whole_api.faults.clear()
    assert other in whole_api.dash.webhooks(account.id)
    assert other.document() == before


@pytest.fixture
def deployed(own_emulator: Emulator, packaged: dict[str, Any], whole_api: DashApi, account: Account) -> Deployed:
    """A stack that has not been created yet."""
    name = f"phones-{account.id[:8]}"
    return Deployed(own_emulator.endpoint, json.loads(json.dumps(packaged)), whole_api, account, name)


def without_other(deployed: Deployed) -> list[Webhook]:
    """Return the account's webhooks except that of the other system."""
    return [webhook for webhook in deployed.webhooks if webhook.name != "Other"]


def test_life_of_a_stack(deployed: Deployed, own_emulator: Emulator) -> None:
    """The account matches after creation, an update of each property, adding and removing a hook, and deletion.

    The table and the queues outlive the stack, with their contents.
    """
    assert deployed.create() == "CREATE_COMPLETE"
    assert deployed.hooks == sorted(SEVEN.split(","))
    ids = {webhook.id for webhook in deployed.webhooks}
    for parameter, value, attribute, expected in (
        ("HttpVerb", "get", "http_verb", "get"),
        ("PayloadFormat", "form-data", "format", "form-data"),
        ("Retries", "1", "retries", 1),
        ("IncludeSubaccounts", "true", "include_subaccounts", True),
        ("IncludeInternalLegs", "false", "include_internal_legs", False),
    ):
        assert deployed.update(**{parameter: value}) == "UPDATE_COMPLETE"
        assert {getattr(webhook, attribute) for webhook in without_other(deployed)} == {expected}, parameter
    assert deployed.update(CustomData='{"site":"north"}', WebhookNamePrefix="Phones") == "UPDATE_COMPLETE"
    assert {(webhook.custom_data or {}).get("site") for webhook in without_other(deployed)} == {"north"}
    assert all(webhook.name.startswith("Phones ") for webhook in without_other(deployed))
    assert deployed.update(CallbackBaseUrl="https://hooks.example.com/pbx") == "UPDATE_COMPLETE"
    assert all(webhook.uri.startswith("https://hooks.example.com/pbx/hooks/") for webhook in without_other(deployed))
    assert {webhook.id for webhook in deployed.webhooks} == ids
    changed = {"Hooks": "parking,missed_call,notifications", "ReconcileAtOnce": "on"}
    assert deployed.update(**changed) == "UPDATE_COMPLETE"
    assert deployed.hooks == ["missed_call", "notifications", "parking", "webhook_disabled"]
    made = deployed.resources
    assert deployed.delete() == "DELETE_COMPLETE"
    assert without_other(deployed) == []
    for queue in ("RedriveQueue", "PublishDeadLetterQueue", "DeadLetterQueue"):
        assert _client(own_emulator, "sqs").get_queue_attributes(QueueUrl=made[queue], AttributeNames=["QueueArn"])
    assert _client(own_emulator, "dynamodb").describe_table(TableName=made["EventsTable"])


def test_what_is_registered_arrives(deployed: Deployed, own_emulator: Emulator) -> None:
    """Deliveries to the registered webhooks are answered 200, even with a KMS key and tracing."""
    key = _client(own_emulator, "kms").create_key()["KeyMetadata"]["Arn"]
    chosen = {"Hooks": ",".join(SELECTABLE_HOOKS), "ReconcileAtOnce": "on"}
    assert deployed.create(**chosen, KmsKeyArn=key, Tracing="on") == "CREATE_COMPLETE"
    assert deployed.hooks == sorted(HOOKS)
    for hook in HOOKS:
        assert set(deployed.fire(hook)) == {200}, hook


def test_account_changed(deployed: Deployed, whole_api: DashApi) -> None:
    """One update of account and key moves the webhooks, and nothing is left on the old account."""
    assert deployed.create() == "CREATE_COMPLETE"
    other = whole_api.dash.add_account(uuid4().hex)
    assert deployed.update(DashAccountId=other.id, DashApiKey=other.api_key) == "UPDATE_COMPLETE"
    assert len(whole_api.dash.webhooks(other.id)) == 7
    wait_for(lambda: not without_other(deployed), "the old account has no webhooks")
    assert deployed.delete() == "DELETE_COMPLETE"
    assert whole_api.dash.webhooks(other.id) == []


def test_account_changed_in_vain(deployed: Deployed, whole_api: DashApi) -> None:
    """If registration on the new account fails, the old one keeps its webhooks, and the new one has none."""
    assert deployed.create() == "CREATE_COMPLETE"
    before = [webhook.document() for webhook in deployed.webhooks]
    other = whole_api.dash.add_account(uuid4().hex)
    whole_api.faults.add(Fault("PUT", f"{other.id}/webhooks$", after=4, count=None, status=400, message="no"))
    assert deployed.update(DashAccountId=other.id, DashApiKey=other.api_key) == "UPDATE_ROLLBACK_COMPLETE"
    assert "creating the webhook" in deployed.reasons[0]
    assert whole_api.dash.webhooks(other.id) == []
    assert [webhook.document() for webhook in deployed.webhooks] == before


def test_secret_changed_by_the_template(deployed: Deployed) -> None:
    """Another secret in CallbackSecretSourceArn gives the webhooks new tokens, and deliveries continue."""
    assert deployed.create() == "CREATE_COMPLETE"
    assert deployed.fire("missed_call") == [200]
    new = "another-callback-secret-of-forty-letters"
    source = stack.callback_secret(deployed.endpoint, new, "another-secret-to-copy")
    assert deployed.update(CallbackSecretSourceArn=source) == "UPDATE_COMPLETE"
    assert all(webhook.uri.endswith(token_for(new, webhook.uri.split("/")[-2])) for webhook in without_other(deployed))
    assert deployed.fire("missed_call") == [200]


def test_rotation(deployed: Deployed, own_emulator: Emulator) -> None:
    """Two rotations in a row give new tokens, and events before, between and after arrive."""
    assert deployed.create() == "CREATE_COMPLETE"
    seen = {webhook.uri for webhook in without_other(deployed)}
    assert all(uri.endswith(token_for(CALLBACK_SECRET, uri.split("/")[-2])) for uri in seen)
    for _ in range(2):
        assert deployed.fire("missed_call") == [200]
        answer = _client(own_emulator, "lambda").invoke(FunctionName=deployed.resources["Rotate"], Payload=b"{}")
        said = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, said
        uris = {webhook.uri for webhook in without_other(deployed)}
        assert not uris & seen
        seen |= uris
    assert deployed.fire("missed_call") == [200]
    assert deployed.delete() == "DELETE_COMPLETE"


def test_healing_may_do_what_it_must(deployed: Deployed, own_emulator: Emulator) -> None:
    """With IAM enforced, a run repairs, recovers and moves its watermark, and a replay reads the quarantine."""
    assert deployed.create(ReconcileRate="off") == "CREATE_COMPLETE"
    functions, missed = _client(own_emulator, "lambda"), deployed.resources["MissedCall"]
    with throttled(functions, missed):
        while any(webhook.enabled for webhook in without_other(deployed) if "missed_call" in webhook.name):
            assert deployed.fire("missed_call") == [429]
    report = json.loads(functions.invoke(FunctionName=deployed.resources["Reconcile"])["Payload"].read())
    assert report["events"] == {"missed_call": {"stored": 6}}, report
    assert len(report["changes"]) == 1
    asked = {"quarantine": {"hook": "missed_call"}}
    answer = functions.invoke(FunctionName=deployed.resources["Redrive"], Payload=json.dumps(asked))
    assert json.loads(answer["Payload"].read())["found"] == 0


def test_user_credentials(deployed: Deployed, own_emulator: Emulator) -> None:
    """The customer's own secret with a user's name and password works as well as an API key."""
    deployed.account.add_user("anna", "a password")
    text = json.dumps({"account_name": deployed.account.name, "username": "anna", "password": "a password"})
    secret = _client(own_emulator, "secretsmanager").create_secret(Name=deployed.name, SecretString=text)
    assert deployed.create(DashApiKey="", DashCredentialsArn=secret["ARN"]) == "CREATE_COMPLETE"
    assert "DashCredentials" not in deployed.resources
    assert deployed.delete() == "DELETE_COMPLETE"
    assert without_other(deployed) == []


def test_no_credentials(deployed: Deployed) -> None:
    """Without either, CloudFormation rejects the stack before it creates anything."""
    with pytest.raises(ClientError, match="Specify DashApiKey or DashCredentialsArn"):
        deployed.create(DashApiKey="")


def test_older_system(own_emulator: Emulator, packaged: dict[str, Any]) -> None:
    """A Dash that does not support `format` works, including updates of other properties."""
    dash = Dash(resolver=emulator_resolver(own_emulator.endpoint), legacy=True)
    with DashApi(dash) as api:
        account = dash.add_account(uuid4().hex)
        deployed = Deployed(own_emulator.endpoint, packaged, api, account, f"older-{account.id[:8]}")
        assert deployed.create() == "CREATE_COMPLETE"
        assert deployed.fire("missed_call") == [200]
        assert deployed.update(Retries="1") == "UPDATE_COMPLETE"
        assert deployed.delete() == "DELETE_COMPLETE"
        assert deployed.webhooks == []


def test_two_stacks_on_one_account(deployed: Deployed, packaged: dict[str, Any]) -> None:
    """Two stacks on one account change only their own webhooks."""
    second = Deployed(deployed.endpoint, packaged, deployed.api, deployed.account, f"second-{deployed.name}")
    assert deployed.create() == "CREATE_COMPLETE"
    assert second.create(Hooks="missed_call") == "CREATE_COMPLETE"
    assert deployed.fire("missed_call") == [200, 200]
    assert deployed.update(Hooks="parking") == "UPDATE_COMPLETE"
    assert (deployed.hooks, second.hooks) == (["parking"], ["missed_call"])
    assert deployed.delete() == "DELETE_COMPLETE"
    assert second.hooks == ["missed_call"]
    assert second.delete() == "DELETE_COMPLETE"


def test_create_with_a_wrong_key(deployed: Deployed, own_emulator: Emulator) -> None:
    """The stack's events say what to do, and nothing is left: the table was not even begun."""
    tables = _client(own_emulator, "dynamodb").list_tables()["TableNames"]
    assert deployed.create(DashApiKey="f" * 64) == "ROLLBACK_COMPLETE"
    assert deployed.reasons[-1].startswith("DashLogin: Dash does not know this API key. Check DashApiKey")
    assert "EventsTable" not in deployed.begun
    assert _client(own_emulator, "dynamodb").list_tables()["TableNames"] == tables
    assert without_other(deployed) == []
    assert deployed.delete() == "DELETE_COMPLETE"


def test_create_for_another_account(deployed: Deployed) -> None:
    """The reason distinguishes a key without access to the account from an unknown key."""
    assert deployed.create(DashAccountId="c" * 32) == "ROLLBACK_COMPLETE"
    assert "these credentials do not open the account" in deployed.reasons[-1]


def test_create_whose_fifth_webhook_fails(deployed: Deployed) -> None:
    """The four webhooks already created are deleted again."""
    deployed.api.faults.add(Fault("PUT", "webhooks$", after=4, count=None, status=500))
    assert deployed.create() == "ROLLBACK_COMPLETE"
    assert "Dash is out of order: it answered 500 to creating the webhook Hookswitch parking" in deployed.reasons[-1]
    assert without_other(deployed) == []


def test_create_while_dash_is_away(deployed: Deployed) -> None:
    """Nothing listens at the address."""
    port = emulator.free_port()
    assert deployed.create(DashApiUrl=f"http://127.0.0.1:{port}/v2") == "ROLLBACK_COMPLETE"
    assert f"Dash can't be reached at 127.0.0.1:{port}. Check DashApiUrl" in deployed.reasons[-1]


def test_create_on_a_slow_dash(deployed: Deployed) -> None:
    """Webhooks created without a response in time are found, and none is duplicated."""
    deployed.api.faults.add(Fault("PUT", "webhooks$", after=2, count=None, delay=2.5, perform=True))
    assert deployed.create() == "CREATE_COMPLETE"
    assert deployed.hooks == sorted(SEVEN.split(","))


def test_create_on_a_dash_that_acts_too_late(deployed: Deployed) -> None:
    """Webhooks created only after the client has given up are deleted, too."""
    gave_up, before = Event(), len(deployed.api.calls)
    deployed.api.faults.add(Fault("PUT", "webhooks$", after=1, count=None, delay=300, release=gave_up))

    def act_late() -> None:
        wait_for(lambda: any(it.method == "DELETE" for it in deployed.api.calls[before:]), "it cleans up", 300)
        gave_up.set()

    with ThreadPoolExecutor() as threads:
        acted = threads.submit(act_late)
        assert deployed.create(Hooks="parking,missed_call") == "ROLLBACK_COMPLETE"
        acted.result()
    assert "did not answer creating the webhook Hookswitch missed_call" in deployed.reasons[-1]
    assert without_other(deployed) == []


def test_create_beyond_the_functions_time(deployed: Deployed) -> None:
    """CloudFormation gets a response before Lambda ends the function; it does not wait for the ServiceTimeout."""
    deployed.template["Resources"]["Provision"]["Properties"]["Timeout"] = 12
    deployed.api.faults.add(Fault("PUT", "webhooks$", count=None, delay=0.9))  # a listing is all that DashLogin needs
    assert deployed.create() == "ROLLBACK_COMPLETE"
    assert deployed.reasons[-1].startswith("Webhooks: ")
    assert "timed out" not in deployed.reasons[-1]
    assert without_other(deployed) == []


def test_create_that_another_resource_ruins(deployed: Deployed) -> None:
    """When a later resource fails, the rollback deletes the webhooks."""
    deployed.template["Resources"]["Impossible"] = {
        "Type": "AWS::CloudWatch::Alarm",  # the emulator can't create one with an expression
        "DependsOn": "Webhooks",
        "Properties": {
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "Metrics": [{"Id": "e", "Expression": "1 + 1"}],
        },
    }
    assert deployed.create() == "ROLLBACK_COMPLETE"
    assert deployed.reasons[-1].startswith("Impossible: ")
    assert without_other(deployed) == []


def test_create_again_after_a_crash(deployed: Deployed) -> None:
    """Webhooks left by an earlier stack with this name are adopted, not duplicated."""
    assert deployed.create() == "CREATE_COMPLETE"
    left = [webhook.document() for webhook in without_other(deployed)]
    assert deployed.delete() == "DELETE_COMPLETE"
    for document in left[:4]:
        deployed.api.dash.register(deployed.account.id, document)
    assert deployed.create() == "CREATE_COMPLETE"
    assert deployed.hooks == sorted(SEVEN.split(","))
    assert {document["id"] for document in left[:4]} < {webhook.id for webhook in deployed.webhooks}


@pytest.mark.parametrize(
    ("fault", "changed", "said"),
    [
        (Fault("POST", "webhooks/", after=3, count=1, status=400, message="no"), {"Retries": "1"}, "refused editing"),
        (Fault("PUT", "webhooks$", status=400, message="no"), {"Hooks": "parking,deregister"}, "refused creating"),
        (Fault("DELETE", "webhooks/", status=405), {"Hooks": "parking"}, "answered 405 to deleting"),
        (None, {"DashApiKey": "f" * 64, "Retries": "1"}, "does not know this API key"),
        (Fault(count=None, status=503), {"Retries": "1"}, "is out of order"),
    ],
    ids=["edit fails", "creation fails", "deletion fails", "wrong key", "dash unavailable"],
)
def test_update_in_vain(deployed: Deployed, fault: Fault | None, changed: dict[str, str], said: str) -> None:
    """A failed update ends in UPDATE_ROLLBACK_COMPLETE with its reason, and the webhooks are as before."""
    assert deployed.create() == "CREATE_COMPLETE"
    before = sorted(str({**webhook.document(), "id": ""}) for webhook in deployed.webhooks)
    if fault:
        deployed.api.faults.add(fault)
    assert deployed.update(**changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert said in deployed.reasons[0]
    assert sorted(str({**webhook.document(), "id": ""}) for webhook in deployed.webhooks) == before


def test_deployment_while_dash_is_away(deployed: Deployed) -> None:
    """A deployment that does not change the webhooks checks Dash, but succeeds without it."""
    assert deployed.create() == "CREATE_COMPLETE"
    deployed.api.faults.add(Fault(count=None, status=503))
    before = len(deployed.api.calls)
    assert deployed.update(LogRetentionDays="60") == "UPDATE_COMPLETE"
    assert len(deployed.api.calls) > before


def test_deployment_heals(deployed: Deployed) -> None:
    """Every deployment checks Dash, and repairs webhooks that were changed, disabled or deleted."""
    assert deployed.create() == "CREATE_COMPLETE"
    one, two, three, *_ = without_other(deployed)
    one.retries = 0
    two.disable()
    deployed.api.dash.remove(three.id)
    for days in ("60", "90"):  # twice: Dash may exceed the timeout, one second here
        assert deployed.update(LogRetentionDays=days) == "UPDATE_COMPLETE"
        if deployed.hooks == sorted(SEVEN.split(",")):
            break
    assert deployed.hooks == sorted(SEVEN.split(","))
    assert {(webhook.retries, webhook.enabled) for webhook in without_other(deployed)} == {(3, True)}


def test_delete_of_what_is_gone(deployed: Deployed) -> None:
    """A stack whose webhooks were deleted manually can be deleted."""
    assert deployed.create() == "CREATE_COMPLETE"
    for webhook in without_other(deployed):
        deployed.api.dash.remove(webhook.id)
    assert deployed.delete() == "DELETE_COMPLETE"


def test_delete_while_dash_is_away(deployed: Deployed) -> None:
    """Deletion fails, and the reason names the webhooks that are left."""
    assert deployed.create(Hooks="parking,missed_call") == "CREATE_COMPLETE"
    deployed.api.faults.add(Fault(count=None, status=503))
    assert deployed.delete() == "DELETE_FAILED"
    assert (
        f"On the Dash account {deployed.account.id} webhooks may be left, for parking, missed_call"
        in deployed.reasons[0]
    )
    assert deployed.hooks == ["missed_call", "parking"]


def test_delete_that_ignores_failure(deployed: Deployed) -> None:
    """With OnDeleteFailure=ignore, the stack is deleted even while Dash is unavailable, and the webhooks stay."""
    assert deployed.create(Hooks="parking") == "CREATE_COMPLETE"
    deployed.api.faults.add(Fault(count=None, status=503))
    assert deployed.update(OnDeleteFailure="ignore") == "UPDATE_COMPLETE"
    assert deployed.delete() == "DELETE_COMPLETE"
    assert deployed.hooks == ["parking"]


def _client(running: Emulator, service: str) -> Any:
    session = boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION)
    return cast("Any", session).client(service, endpoint_url=running.endpoint, config=aws.CONFIG)
