"""Test deliveries: through the API, a hook's function, the table, the publish function and a topic, seen at both ends.

They are marked, so that they reach a topic of their own and no query shows them:
docs/engineering/decisions/0071-test-deliveries.md.
"""

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import urllib3
from urllib3.exceptions import HTTPError

from devtools.checks import Check, bad, good, note
from devtools.inbox import subscribers_policy
from devtools.target import Target

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

MARK = "hookswitch_test"
ANSWER_SECONDS = 35.0  # API Gateway gives up after 29
ARRIVAL_SECONDS = 60.0
AT_ONCE = 4


@dataclass
class Listener:
    """A queue that hears the topic of test deliveries for as long as a check takes."""

    target: Target
    topic: str
    url: str
    subscription: str
    heard: set[str] = field(default_factory=set)

    @classmethod
    @contextlib.contextmanager
    def open(cls, target: Target, topic: str) -> "Iterator[Listener]":
        """Subscribe a new queue to the topic, and remove both when the block ends."""
        queues: SQSClient = target.client("sqs")
        topics: SNSClient = target.client("sns")
        name = f"{target.stack[:40]}-doctor-{uuid4().hex[:8]}"
        arn = _queue_arn(topic, name)
        # The policy comes with the queue: one that is set later takes up to a minute, and SNS does not repeat what a
        # queue refuses.
        url = queues.create_queue(
            QueueName=name,
            Attributes={
                "MessageRetentionPeriod": "300",
                "SqsManagedSseEnabled": "true",
                "Policy": subscribers_policy(arn, topic),
            },
        )["QueueUrl"]
        try:
            made = topics.subscribe(
                TopicArn=topic,
                Protocol="sqs",
                Endpoint=arn,
                Attributes={"RawMessageDelivery": "true"},
                ReturnSubscriptionArn=True,
            )
            try:
                yield cls(target, topic, url, made["SubscriptionArn"])
            finally:
                topics.unsubscribe(SubscriptionArn=made["SubscriptionArn"])
        finally:
            queues.delete_queue(QueueUrl=url)

    def wait_for(self, ids: set[str], seconds: float = ARRIVAL_SECONDS) -> set[str]:
        """Return those of some event ids that arrive in time."""
        queues: SQSClient = self.target.client("sqs")
        deadline = time.monotonic() + seconds
        while not ids <= self.heard and time.monotonic() < deadline:
            found = queues.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
            for message in found.get("Messages", []):
                self.heard.add(str(json.loads(message["Body"]).get("id")))
        return ids & self.heard


def _queue_arn(topic: str, name: str) -> str:
    """Return the ARN of a queue in the account and Region of a topic."""
    _, partition, _, region, account, _ = topic.split(":", 5)
    return f"arn:{partition}:sqs:{region}:{account}:{name}"


@dataclass(frozen=True)
class Answer:
    """A hook's answer to a request.

    Attributes:
        status: The HTTP status; 0 if there was none.
        said: The body, or why there is none.
    """

    status: int
    said: Mapping[str, str]

    @property
    def event_id(self) -> str:
        """The key of what was stored; empty if nothing was."""
        return str(self.said.get("event_id", ""))


class Sender:
    """Sends requests to a stack's API, as Dash would."""

    def __init__(self, target: Target) -> None:
        """Prepare to send to a stack."""
        self._pool = urllib3.PoolManager(maxsize=AT_ONCE, timeout=ANSWER_SECONDS, retries=False)
        self._emulator = str(target.client("cloudformation").meta.endpoint_url) if target.is_emulated else ""

    def send(self, url: str, payload: Mapping[str, object]) -> Answer:
        """Post a payload as JSON and return the answer."""
        try:
            response = self._pool.request("POST", self._reachable(url), json=payload)
        except HTTPError as error:
            return Answer(0, {"message": type(error).__name__})
        try:
            said = json.loads(response.data)
        except ValueError:
            said = {}
        return Answer(response.status, said if isinstance(said, dict) else {})

    def _reachable(self, url: str) -> str:
        """Return the address of an API on the emulator, whose public name leads to AWS; on AWS the address itself."""
        parts, emulator = urlsplit(url), urlsplit(self._emulator)
        if not self._emulator or ".execute-api." not in (parts.hostname or ""):
            return url
        api = (parts.hostname or "").partition(".")[0]
        return urlunsplit(("http", emulator.netloc, f"/_aws/execute-api/{api}{parts.path}", "", ""))


def check_deliveries(target: Target, urls: Mapping[str, str], listener: Listener) -> Iterator[Check]:
    """Send a test delivery to each hook, and yield what became of them at each station.

    Args:
        target: The stack.
        urls: The callback URL of each registered hook, with its token.
        listener: Hears the topic.
    """
    sender, test_id = Sender(target), uuid4().hex
    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = dict(
            zip(urls, threads.map(lambda hook: sender.send(urls[hook], _payload(hook, test_id)), urls), strict=True)
        )
    accepted = {hook: answer.event_id for hook, answer in answers.items() if _is_accepted(answer)}
    for hook in urls.keys() - accepted.keys():
        yield _refused(hook, answers[hook])
    if not accepted:
        return
    stored = _stored(target, accepted.values())
    arrived = listener.wait_for(set(accepted.values()))
    _delete(target, accepted.values())
    for hook, event_id in accepted.items():
        if event_id not in stored:
            yield bad(f"test: {hook}", "was accepted, but is not in the table", "docs/runbook.md#dead-letters")
        elif event_id not in arrived:
            yield bad(
                f"test: {hook}",
                f"is stored, but was not published within {ARRIVAL_SECONDS:.0f} s",
                "docs/runbook.md#stream-age",
            )
    whole = sum(event_id in stored and event_id in arrived for event_id in accepted.values())
    if whole == len(urls):
        seconds = time.monotonic() - started
        yield good("test deliveries", f"{whole} of {len(urls)} hooks stored and published one, in {seconds:.1f} s")


def check_refusal(target: Target, url: str) -> Check:
    """Return whether a wrong token is refused."""
    address, _, token = url.rpartition("/")
    wrong = ("b" if token.startswith("a") else "a") + token[1:]
    answer = Sender(target).send(f"{address}/{wrong}", {})
    if answer.status == 403:  # noqa: PLR2004 - what strangers get
        return good("wrong token", "refused with 403")
    return bad("wrong token", f"answered {answer.status or 'nothing'} instead of 403", "docs/runbook.md#client-errors")


def _payload(hook: str, test_id: str) -> dict[str, object]:
    return {MARK: test_id, "hook_event": hook}


def _is_accepted(answer: Answer) -> bool:
    return answer.status == 200 and answer.said.get("status") == "test"  # noqa: PLR2004 - what Dash takes for success


def _refused(hook: str, answer: Answer) -> Check:
    name = f"test: {hook}"
    if answer.status == 0:
        return bad(
            name, f"no answer ({answer.said['message']})", "Check the network, and CallbackBaseUrl if it is set."
        )
    if answer.said.get("status") == "queued":
        return note(
            name, "is in the redrive queue: DynamoDB did not accept it", "docs/runbook.md#redrive-queue-not-draining"
        )
    said = answer.said.get("status") or answer.said.get("message") or "nothing"
    step = "docs/runbook.md#client-errors" if answer.status < 500 else "docs/runbook.md#server-errors"  # noqa: PLR2004
    return bad(name, f"answered {answer.status}: {said}", step)


def _stored(target: Target, ids: Iterable[str]) -> set[str]:
    tables: DynamoDBClient = target.client("dynamodb")
    table = target.outputs["EventsTableName"]
    return {
        event_id
        for event_id in ids
        if "Item" in tables.get_item(TableName=table, Key={"event_id": {"S": event_id}}, ConsistentRead=True)
    }


def _delete(target: Target, ids: Iterable[str]) -> None:
    tables: DynamoDBClient = target.client("dynamodb")
    for event_id in ids:
        tables.delete_item(TableName=target.outputs["EventsTableName"], Key={"event_id": {"S": event_id}})
