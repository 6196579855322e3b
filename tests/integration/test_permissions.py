"""With IAM enforced: who is denied access, what a missing permission does, and that no permission is unused.

All stacks of this folder run with IAM enforced, so every test proves that the roles have enough permissions. The last
test proves that they have no others: it compares them with what the roles did in all other tests.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from pytest_localstack.session import RunningSession
from xdist import is_xdist_worker

from devtools import emulator as emulators
from devtools import local
from devtools.console import local_users
from devtools.inbox import Inbox
from devtools.local import CALLBACK_SECRET
from devtools.stack import Stack
from devtools.template import expanded, resources
from devtools.waiting import wait_for
from hookswitch.callback.token import token_for
from hookswitch.dash.hooks import HOOKS
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.faults import FaultProxies
from tests.integration import operators
from tests.integration.conftest import LEFT_OUT, Stored
from tests.integration.delivering import Deliver
from tests.permissions import Permission, allowed, idle, used
from tests.receiving import delivery, event

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

QUEUES = (
    *("RedriveQueueUrl", "PublishDeadLetterQueueUrl", "CallsQueueUrl", "DeadLetterQueueUrl"),
    *("DestinationEventsQueueUrl", "RefusedEventsQueueUrl", "SendQueueUrl", "RetryQueueUrl"),
)
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}

type Client = Callable[[str], Any]


@pytest.fixture(scope="session", autouse=True)
def _enforced(*, in_container: bool) -> None:
    if in_container:
        pytest.skip("The emulator in the container does not enforce IAM.")


def clients_of(session: boto3.Session, endpoint: str) -> Client:
    """Return a function that creates clients of a session."""
    return lambda service: cast("Any", session).client(service, endpoint_url=endpoint)


@pytest.fixture(scope="module", params=["user", "role"])
def stranger(request: pytest.FixtureRequest, iam: "IAMClient", endpoint: str) -> Client:
    """Clients of a user, then of a role, of the same account, with full access to queues and topics."""
    name = f"stranger-{uuid4().hex}"
    if request.param == "role":
        return clients_of(operators.session(endpoint, name), endpoint)
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="everything", PolicyDocument=json.dumps(operators.EVERYTHING))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return clients_of(boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=local.REGION), endpoint)


@pytest.fixture(scope="module")
def operator(endpoint: str) -> Client:
    """Clients of the role that the stack knows as OperatorRoleArn."""
    return clients_of(operators.session(endpoint), endpoint)


def refused(call: Callable[..., Any], **asked: Any) -> bool:
    """Tell whether IAM denies a call."""
    try:
        call(**asked)
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return True
    return False


@pytest.mark.parametrize("queue", QUEUES)
def test_strangers_send_nothing(queue: str, stranger: Client, stack: Stack) -> None:
    """Others in the account can't send messages to the queues, one by one or in batches, but can read them."""
    sqs, url = stranger("sqs"), stack.outputs[queue]
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="{}")
    assert refused(sqs.send_message_batch, QueueUrl=url, Entries=[{"Id": "one", "MessageBody": "{}"}])
    assert not refused(sqs.receive_message, QueueUrl=url, VisibilityTimeout=0)
    assert not refused(sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])


def test_strangers_publish_nothing(stranger: Client, stack: Stack, deliver: Deliver) -> None:
    """Others in the account can't publish to the topic, but can subscribe if the account allows it."""
    sns, topic = stranger("sns"), stack.outputs["EventsTopicArn"]
    assert refused(sns.publish, TopicArn=topic, Message="forged")
    assert refused(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=[{"Id": "one", "Message": "forged"}])
    with Inbox(sns, stranger("sqs"), topic) as inbox:
        inbox.wait_for(deliver("missed_call", encode_json(payload("missed_call"))).event_id)
        assert len(inbox.events()) == 1


def another_account(account: str, endpoint: str) -> Client:
    """Return clients of another account's root user: the emulator takes a key that is an account's id for it."""
    return clients_of(boto3.Session(account, "a-secret-key", region_name=local.REGION), endpoint)


def test_other_accounts_subscribe(endpoint: str, stack: Stack, deliver: Deliver) -> None:
    """The accounts that the stack names can subscribe a queue of their own, and do nothing else; others can't."""
    topic = stack.outputs["EventsTopicArn"]
    subscriber = another_account(operators.SUBSCRIBER, endpoint)
    with Inbox(subscriber("sns"), subscriber("sqs"), topic) as inbox:
        inbox.wait_for(deliver("missed_call", encode_json(payload("missed_call"))).event_id)
    assert not refused(subscriber("sns").get_topic_attributes, TopicArn=topic)
    assert refused(subscriber("sns").publish, TopicArn=topic, Message="forged")
    assert refused(
        subscriber("sns").set_topic_attributes, TopicArn=topic, AttributeName="DisplayName", AttributeValue=""
    )
    queue = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:{local.REGION}:444455556666:a-queue"}
    assert refused(another_account("444455556666", endpoint)("sns").subscribe, **queue)


def test_not_even_root(stack: Stack, sqs: "SQSClient", sns: "SNSClient") -> None:
    """Even the account's root user, whom IAM policies do not limit, has to change the resource's own policy first."""
    assert refused(sqs.send_message, QueueUrl=stack.outputs["RedriveQueueUrl"], MessageBody="{}")
    assert refused(sns.publish, TopicArn=stack.outputs["EventsTopicArn"], Message="forged")


def test_the_operator_puts_a_dead_letter_back(operator: Client, stack: Stack, stored: Stored) -> None:
    """A delivery that the operator's role returns to the redrive queue is stored; it can't create dead letters."""
    sqs, sent = operator("sqs"), payload("missed_call")
    message = {
        "function": stack.resources["MissedCall"],
        "redelivery": delivery("missed_call", encode_json(sent)).to_message(),
    }
    assert not refused(sqs.send_message, QueueUrl=stack.outputs["RedriveQueueUrl"], MessageBody=json.dumps(message))
    wait_for(lambda: stored(event("missed_call", sent).key), "the delivery is stored")
    assert refused(sqs.send_message, QueueUrl=stack.outputs["DeadLetterQueueUrl"], MessageBody="{}")
    assert refused(operator("sns").publish, TopicArn=stack.outputs["EventsTopicArn"], Message="forged")


def test_the_operator_puts_a_failed_batch_back(
    operator: Client, stack: Stack, deliver: Deliver, inbox: Inbox, faults: FaultProxies, aws: RunningSession
) -> None:
    """A failed batch of the publish function is read from the stream again, and published once SNS works."""
    event_id = deliver("missed_call", encode_json(payload("missed_call"))).event_id
    inbox.wait_for(event_id)
    table = aws.boto3.client("dynamodb").describe_table(TableName=stack.outputs["EventsTableName"])["Table"]
    batch = stretch(aws.boto3.client("dynamodbstreams"), table["LatestStreamArn"], event_id)
    faults["sns"].fail("PublishBatch")
    queue = stack.outputs["PublishDeadLetterQueueUrl"]
    operator("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps({"DDBStreamBatchInfo": batch}))
    wait_for(lambda: faults["sqs"].count("ChangeMessageVisibility"), "redrive finds that SNS does not accept it")
    faults.clear()
    wait_for(lambda: inbox.counts()[event_id] == 2, "it is published again", 300)


def stretch(streams: Any, stream: str, event_id: str) -> dict[str, str]:
    """Return Lambda's description of a batch with only this event."""
    for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        asked = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**asked)["ShardIterator"]
        while records := (answer := streams.get_records(ShardIterator=iterator))["Records"]:
            for record in records:
                if record["dynamodb"]["Keys"]["event_id"]["S"] == event_id:
                    number = record["dynamodb"]["SequenceNumber"]
                    ends = {"startSequenceNumber": number, "endSequenceNumber": number}
                    return {"shardId": shard["ShardId"], "streamArn": stream} | ends
            iterator = answer["NextShardIterator"]
    raise AssertionError(f"The stream has no record of {event_id}.")


@pytest.mark.parametrize("queue", QUEUES)
def test_queues_refuse_plain_http(queue: str, operator: Client, stack: Stack) -> None:
    """Even those with access to a queue need TLS."""
    sqs, asked = operator("sqs"), {"QueueUrl": stack.outputs[queue], "AttributeNames": ["QueueArn"]}
    assert not refused(sqs.get_queue_attributes, **asked)
    sqs.meta.events.register("before-sign.sqs", _without_tls)
    assert refused(sqs.get_queue_attributes, **asked)


def test_topic_refuses_plain_http(stranger: Client, stack: Stack) -> None:
    """Even those allowed to subscribe need TLS."""
    sns = stranger("sns")
    sns.meta.events.register("before-sign.sns", _without_tls)
    asked = {"TopicArn": stack.outputs["EventsTopicArn"], "Protocol": "email", "Endpoint": "ops@example.com"}
    assert refused(sns.subscribe, **asked)


def test_a_missing_permission_loses_nothing(stack: Stack, iam: "IAMClient", deliver: Deliver, inbox: Inbox) -> None:
    """Without PutItem, a hook queues its deliveries, which are recovered once it has the permission again."""
    role = stack.resources["HookRole"]
    deny = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*"}],
    }
    body = encode_json(payload("missed_call"))
    iam.put_role_policy(RoleName=role, PolicyName="broken", PolicyDocument=json.dumps(deny))
    try:
        assert deliver("missed_call", body).outcome == "queued"
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="broken")
    (message,) = wait_for(inbox.events, "the event is recovered", 300)
    answer = deliver("missed_call", body)
    assert (answer.outcome, answer.event_id) == ("duplicate", message.id)


@pytest.mark.parametrize(
    ("role", "policy", "key"),
    [("RedriveRole", "Redrive", f"quarantine-{'0' * 32}"), ("ReconcileRole", "Reconcile", "state-reconcile")],
)
def test_what_reads_items_reads_its_own(
    role: str, policy: str, key: str, stack: Stack, iam: "IAMClient", endpoint: str, deliver: Deliver
) -> None:
    """Redrive can access quarantined deliveries and reconcile its state, but neither can access events."""
    event_id = deliver("missed_call", encode_json(payload("missed_call"))).event_id
    given = iam.get_role_policy(RoleName=stack.resources[role], PolicyName=policy)["PolicyDocument"]
    same, name = operators.session(endpoint, f"same-as-{role}"), f"same-as-{role}"
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(given))
    dynamodb, asked = clients_of(same, endpoint)("dynamodb"), {"TableName": stack.outputs["EventsTableName"]}
    changed = {"UpdateExpression": "SET summary = :it", "ExpressionAttributeValues": {":it": {"S": "forged"}}}
    assert not refused(dynamodb.get_item, **asked, Key={"event_id": {"S": key}})
    for other in (event_id, "state-other"):
        assert refused(dynamodb.get_item, **asked, Key={"event_id": {"S": other}})
        assert refused(dynamodb.update_item, **asked, Key={"event_id": {"S": other}}, **changed)


def test_calls_change_no_event(stack: Stack, iam: "IAMClient", endpoint: str, deliver: Deliver) -> None:
    """The calls function can write calls and their legs, but neither change, replace nor delete an event."""
    event_id = deliver("missed_call", encode_json(payload("missed_call"))).event_id
    given = iam.get_role_policy(RoleName=stack.resources["CallsRole"], PolicyName="Calls")["PolicyDocument"]
    same, name = operators.session(endpoint, "same-as-calls"), "same-as-calls"
    iam.put_role_policy(RoleName=name, PolicyName="Calls", PolicyDocument=json.dumps(given))
    dynamodb, asked = clients_of(same, endpoint)("dynamodb"), {"TableName": stack.outputs["EventsTableName"]}
    changed = {"UpdateExpression": "SET summary = :it", "ExpressionAttributeValues": {":it": {"S": "forged"}}}
    own, key = {"event_id": {"S": f"leg-{uuid4().hex}"}}, {"event_id": {"S": event_id}}
    assert not refused(dynamodb.put_item, **asked, Item=own)
    assert not refused(dynamodb.update_item, **asked, Key=own, **changed)
    assert refused(dynamodb.put_item, **asked, Item=key)
    assert refused(dynamodb.update_item, **asked, Key=key, **changed)
    for any_key in (own, key):
        assert refused(dynamodb.delete_item, **asked, Key=any_key)


def test_no_secret_is_in_a_variable(stack: Stack, lambda_: "LambdaClient") -> None:
    """The functions' variables contain neither the callback secret, nor a token, nor the API key."""
    secrets = {CALLBACK_SECRET, stack.parameters["DashApiKey"], *(token_for(CALLBACK_SECRET, hook) for hook in HOOKS)}
    pages = lambda_.get_paginator("list_functions").paginate()
    functions = [it for page in pages for it in page["Functions"] if it["FunctionName"] in stack.resources.values()]
    assert len(functions) > len(HOOKS)
    for function in functions:
        shown = str(function["Environment"]["Variables"])
        assert not [it for it in secrets if it in shown]


@pytest.mark.comes_last
def test_no_permission_is_idle(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, emulator_port: int
) -> None:
    """Each role used every action that the template allows it, on that resource, in the tests before.

    If several processes share those tests, none of them has seen all, so a separate run gets their `--trails`.
    """
    elsewhere: Path | None = request.config.getoption("--trails")
    if elsewhere is None and (request.config.stash[LEFT_OUT] or is_xdist_worker(request)):
        pytest.skip("Only the tests of this folder together use every permission: see --trails.")
    given = {**local.parameters(), **local_users.parameters(emulator_port)}
    stack = resources(expanded(**given), **given)
    trails = list((elsewhere or tmp_path_factory.getbasetemp()).rglob(emulators.TRAIL))
    assert len(trails) > 1
    invented = Permission("HookRole", "dynamodb:Scan", "EventsTable")
    assert idle({*allowed(stack), invented}, used(trails, stack)) == [invented]


def _without_tls(request: Any, **_: Any) -> None:
    request.headers["X-Forwarded-Proto"] = "http"
