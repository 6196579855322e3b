"""Deployed parameters and code reach the function versions that the API calls."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import urllib3
from cfnlint.decode import decode_str

from devtools import aws
from devtools.stack import Stack
from hookswitch.dash.hooks import HOOKS
from hookswitch.receiving.hook_functions import ALIAS
from simulator.api import DashApi
from simulator.payloads import payload
from tests.integration.deployed import Deployed

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient

HOOK = "missed_call"
FUNCTION = "MissedCall"
REFUSAL = "This address accepts deliveries of its own webhook only."
OTHER_REFUSAL = "Not here, please."
REFUSING = PurePosixPath("python/hookswitch/receiving/receiver.py")  # the layer's module with this text


@pytest.fixture(scope="module")
def deployed(stack: Stack, cloudformation: "CloudFormationClient", dash_api: DashApi) -> Iterator[Deployed]:
    """A separate stack on the same AWS, with only one hook so that updates are quick."""
    body = cloudformation.get_template(StackName=stack.name, TemplateStage="Original")["TemplateBody"]
    decoded, _ = decode_str(body if isinstance(body, str) else json.dumps(body))
    template: dict[str, Any] = json.loads(json.dumps(decoded))
    others = [hook.title().replace("_", "") for hook in HOOKS if hook != HOOK]
    for name in others:
        del template["Resources"][name]
    webhooks = template["Resources"]["Webhooks"]
    webhooks["DependsOn"] = [name for name in webhooks["DependsOn"] if name.startswith(FUNCTION)]
    (invoking,) = template["Resources"]["InvokeHooksPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    invoking["Resource"] = [{"Ref": f"{FUNCTION}.Alias"}]
    account = dash_api.dash.add_account(uuid4().hex)
    made = Deployed(stack.endpoint, template, dash_api, account, f"versions-{account.id[:8]}")
    assert made.create(Hooks=HOOK, ReconcileRate="off") == "CREATE_COMPLETE"
    yield made
    assert made.delete() == "DELETE_COMPLETE"


def received(deployed: Deployed, dynamodb: "DynamoDBClient") -> dict[str, Any]:
    """Fire a missed call, and return its item."""
    call = {"account_id": deployed.account.id, "call_id": uuid4().hex}
    (firing,) = deployed.api.dash.fire(deployed.account.id, HOOK, payload(HOOK) | call)
    assert firing.attempts[-1].status == 200
    items = dynamodb.query(
        TableName=deployed.resources["EventsTable"],
        IndexName="calls",
        KeyConditionExpression="call_id = :id",
        ExpressionAttributeValues={":id": {"S": call["call_id"]}},
    )["Items"]
    assert len(items) == 1
    return items[0]


def version(deployed: Deployed, lambda_: "LambdaClient") -> dict[str, Any]:
    """Return the configuration of the version that the API calls, and assert that there is no other one."""
    function = deployed.resources[FUNCTION]
    found = lambda_.list_versions_by_function(FunctionName=function)["Versions"]
    live = lambda_.get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"]
    assert [it["Version"] for it in found] == ["$LATEST", live]
    return cast("dict[str, Any]", found[1])


def test_parameter_reaches_the_api(deployed: Deployed, dynamodb: "DynamoDBClient", lambda_: "LambdaClient") -> None:
    """A parameter that affects only a function's variables applies to the next delivery, also when changed back."""
    assert "expires_at" not in received(deployed, dynamodb)
    published = version(deployed, lambda_)["Version"]
    assert deployed.update(RetentionDays="3") == "UPDATE_COMPLETE"
    assert "expires_at" in received(deployed, dynamodb)
    assert version(deployed, lambda_)["Version"] > published
    assert deployed.update(RetentionDays="0") == "UPDATE_COMPLETE"
    assert "expires_at" not in received(deployed, dynamodb)


def test_what_is_not_part_of_a_version(deployed: Deployed, lambda_: "LambdaClient") -> None:
    """Lambda does not publish an unchanged function, and an update of other things does not request it."""
    published = version(deployed, lambda_)
    assert deployed.update(LogRetentionDays="7", ReservedConcurrency="5") == "UPDATE_COMPLETE"
    assert version(deployed, lambda_) == published


def test_snapstart(deployed: Deployed, dynamodb: "DynamoDBClient", lambda_: "LambdaClient") -> None:
    """With SnapStart enabled, the version that the API calls has a snapshot and works; disabled, it has none."""
    for value, expected in (("on", "On"), ("off", "Off")):
        assert deployed.update(SnapStart=value) == "UPDATE_COMPLETE"
        assert version(deployed, lambda_)["SnapStart"]["OptimizationStatus"] == expected
        assert received(deployed, dynamodb)["hook"] == {"S": HOOK}


def test_update_that_fails(deployed: Deployed, dynamodb: "DynamoDBClient", lambda_: "LambdaClient") -> None:
    """After a rollback, the API calls the previous version, and the next update continues from there."""
    published = version(deployed, lambda_)["Version"]
    assert deployed.update(RetentionDays="3", Retries="1", DashApiKey="f" * 64) == "UPDATE_ROLLBACK_COMPLETE"
    assert version(deployed, lambda_)["Version"] == published
    assert "expires_at" not in received(deployed, dynamodb)
    assert deployed.update(RetentionDays="3") == "UPDATE_COMPLETE"
    assert "expires_at" in received(deployed, dynamodb)


def test_layer_reaches_the_api(deployed: Deployed) -> None:
    """A change only of the layer's code applies to the next delivery."""
    assert refusal(deployed) == REFUSAL
    layer = deployed.template["Resources"]["Layer"]["Properties"]
    layer["ContentUri"] = with_other_refusal(deployed.endpoint, layer["ContentUri"])
    assert deployed.update() == "UPDATE_COMPLETE"
    assert refusal(deployed) == OTHER_REFUSAL


def refusal(deployed: Deployed) -> str:
    """Return the response text for a wrong token."""
    (webhook,) = deployed.webhooks
    public = urlsplit(webhook.uri)
    api, path = (public.hostname or "").partition(".")[0], public.path.rpartition("/")[0]
    answer = urllib3.request("POST", f"{deployed.endpoint}/_aws/execute-api/{api}{path}/wrong", body=b"{}", timeout=60)
    assert answer.status == 403
    return str(answer.json()["message"])


def with_other_refusal(endpoint: str, address: str) -> str:
    """Upload the layer with another response text for a wrong token, and return the copy's address."""
    place, s3 = urlsplit(address), cast("Any", aws.SESSION).client("s3", endpoint_url=endpoint, config=aws.CONFIG)
    content = s3.get_object(Bucket=place.netloc, Key=place.path[1:])["Body"].read()
    changed = io.BytesIO()
    compiled = str(REFUSING.parent / "__pycache__" / f"{REFUSING.stem}.")
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        source = old.read(str(REFUSING))
        assert source.count(REFUSAL.encode()) == 1, f"{REFUSING} has the text once"
        new.writestr(str(REFUSING), source.replace(REFUSAL.encode(), OTHER_REFUSAL.encode()))
        for name in old.namelist():
            if name != str(REFUSING) and not name.startswith(compiled):  # Python would import that instead
                new.writestr(old.getinfo(name), old.read(name))
    key = f"{place.path[1:]}-changed"
    s3.put_object(Bucket=place.netloc, Key=key, Body=changed.getvalue())
    return f"s3://{place.netloc}/{key}"
