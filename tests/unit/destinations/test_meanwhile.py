"""While a destination keeps its sender waiting, the sender sees to others."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError

from devtools.template import parsed
from hookswitch.aws import clients
from hookswitch.aws.clients import POLL, QUICK, Limits
from hookswitch.aws.protocol import CONNECT_SECONDS, DYNAMODB, READ_SECONDS
from hookswitch.destinations import meanwhile
from hookswitch.destinations.https import SECONDS
from hookswitch.destinations.leases import LEASE_SECONDS
from hookswitch.destinations.meanwhile import HIDDEN_SECONDS, MOST_MESSAGES, RECEIVING_SECONDS, Meanwhile
from hookswitch.destinations.turn import LONGEST_PAUSE, TURN_SECONDS
from hookswitch.destinations.waking import fault_wait

QUEUE = "https://sqs.us-east-1.amazonaws.com/1/send"
ARN = "arn:aws:sqs:us-east-1:1:send"
LONG = 30.0  # seconds that nothing takes here: whoever waits for so long fails


class Queue:
    """A queue with messages, of which one call takes some."""

    def __init__(self, *bodies: str) -> None:
        self.left = [*bodies]
        self.deleted: list[str] = []
        self.most: list[int] = []
        self.fault: ClientError | None = None

    def client(self, limits: Limits = QUICK) -> SimpleNamespace:
        """Return a client with some limits."""
        return SimpleNamespace(
            receive_message=partial(self.receive_message, limits), delete_message=self.delete_message
        )

    def receive_message(
        self,
        limits: Limits,
        *,
        QueueUrl: str,
        MaxNumberOfMessages: int,
        VisibilityTimeout: int,
        WaitTimeSeconds: int,
        MessageSystemAttributeNames: list[str],
    ) -> dict[str, Any]:
        """Do as SQS does, without waiting."""
        assert (QueueUrl, VisibilityTimeout, WaitTimeSeconds) == (QUEUE, HIDDEN_SECONDS, 1)
        assert limits == POLL, "the messages in an answer that is given up are hidden from everybody"
        assert MessageSystemAttributeNames == ["ApproximateReceiveCount"]
        if self.fault:
            raise self.fault
        self.most.append(MaxNumberOfMessages)
        taken, self.left = self.left[:MaxNumberOfMessages], self.left[MaxNumberOfMessages:]
        attributes = {"ApproximateReceiveCount": "3"}
        return {
            "Messages": [
                {"MessageId": body, "ReceiptHandle": body, "Body": body, "Attributes": attributes} for body in taken
            ]
        }

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:
        """Do as SQS does."""
        assert QueueUrl == QUEUE
        self.deleted.append(ReceiptHandle)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    """An empty queue."""
    queue = Queue()
    monkeypatch.setattr(clients, "sqs", queue.client)
    monkeypatch.setattr(meanwhile, "PATIENCE", 0.01)
    return queue


def carry_out(see_to: Callable[[str], None]) -> None:
    """Have a message of Lambda's seen to, whose body is `first`."""
    Meanwhile(lambda record: see_to(record.body), QUEUE).carry_out(
        SQSRecord({"messageId": "first", "receiptHandle": "first", "body": "first", "eventSourceARN": ARN})
    )


def test_quick_destination(queue: Queue) -> None:
    """A message that takes no time is all that its sender sees to; Lambda deletes it."""
    queue.left = ["second"]
    seen: list[str] = []
    carry_out(seen.append)
    assert seen == ["first"]
    assert not queue.deleted


def test_hanging_destinations_hold_up_nobody(queue: Queue) -> None:
    """While several destinations hang, one sender sees to all others that the queue has."""
    others = [f"other-{number}" for number in range(30)]
    queue.left = ["hangs-1", "hangs-2", *others]
    served, done = set[str](), threading.Event()

    def see_to(body: str) -> None:
        if body.startswith(("first", "hangs")):
            assert done.wait(LONG)
            return
        served.add(body)
        if len(served) == len(others):
            done.set()

    carry_out(see_to)
    assert served == {*others}
    assert sorted(queue.deleted) == sorted(["hangs-1", "hangs-2", *others])
    assert max(queue.most) <= 10


def test_no_more_than_there_are_threads(queue: Queue) -> None:
    """Messages that nobody could see to at once are left to other senders."""
    queue.left = [f"hangs-{number}" for number in range(40)]
    lock, done, started = threading.Lock(), threading.Event(), set[str]()

    def see_to(body: str) -> None:
        with lock:
            started.add(body)
            if len(started) == MOST_MESSAGES:
                threading.Timer(0.05, done.set).start()
        assert done.wait(LONG)
        queue.left = []

    carry_out(see_to)
    assert len(started) == MOST_MESSAGES


def test_what_meets_a_fault_waits_as_if_lambda_had_brought_it(queue: Queue) -> None:
    """How often a message came decides how long it waits, whoever took it from the queue."""
    queue.left = ["second"]
    waits: list[int] = []
    done = threading.Event()

    def see_to(record: SQSRecord) -> None:
        if record.body == "first":
            assert done.wait(LONG)
            return
        waits.append(fault_wait(record))
        done.set()

    first = {"messageId": "first", "receiptHandle": "first", "body": "first", "eventSourceARN": ARN, "attributes": {}}
    Meanwhile(see_to, QUEUE).carry_out(SQSRecord(first))
    assert waits == [20]


def test_what_has_to_stay_is_not_deleted(queue: Queue) -> None:
    """A message that fails or waits stays in the queue, and that of Lambda is reported to it."""
    queue.left = ["fails", "works"]
    done = threading.Event()

    def see_to(body: str) -> None:
        if body == "first":
            assert done.wait(LONG)
            raise ValueError(body)
        if body == "fails":
            raise RuntimeError(body)
        done.set()

    with pytest.raises(ValueError, match="first"):
        carry_out(see_to)
    assert queue.deleted == ["works"]


def test_no_messages_are_begun_that_could_not_be_finished(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Near the function's time-out, nothing more is taken."""
    monkeypatch.setattr(meanwhile, "RECEIVING_SECONDS", 0.0)
    queue.left = ["second"]
    done = threading.Event()
    threading.Timer(0.05, done.set).start()
    carry_out(lambda _: None if done.wait(LONG) else pytest.fail("It waits."))
    assert queue.left == ["second"]


@pytest.mark.parametrize(("share", "receives"), [(0.0, 120), (0.5, 180)])
def test_senders_stop_at_different_moments(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, share: float, receives: int
) -> None:
    """Of senders that are kept waiting from the same moment on, some still take messages when others no longer do."""
    done = threading.Event()

    class Pool(ThreadPoolExecutor):
        def __exit__(self, *_: object) -> None:
            done.set()
            self.shutdown()

    monkeypatch.setattr("random.random", lambda: share)
    monkeypatch.setattr(meanwhile, "time", SimpleNamespace(monotonic=lambda: float(len(queue.most))))
    monkeypatch.setattr(meanwhile, "ThreadPoolExecutor", Pool)
    carry_out(lambda _: None if done.wait(LONG) else pytest.fail("It waits."))
    assert len(queue.most) == receives


def test_no_attempt_outlives_its_lease() -> None:
    """A turn's last attempt has ended before another sender may begin one, even if each call takes its time before it.

    So there is one sender at a time, which keeps the order; what comes after the attempt may only send it again.
    """
    table = Limits(CONNECT_SECONDS, READ_SECONDS, DYNAMODB.tries).seconds
    before_an_attempt = 2 * table + QUICK.seconds  # its event, whether it was sent before, its address
    assert TURN_SECONDS + LONGEST_PAUSE + before_an_attempt + SECONDS < LEASE_SECONDS


def test_what_is_begun_last_is_finished() -> None:
    """What is taken at the last moment is seen to before the function's time-out, and before it comes again."""
    longest = LEASE_SECONDS - SECONDS
    function = parsed()["Resources"]["Send"]["Properties"]
    assert RECEIVING_SECONDS + longest <= function["Timeout"]
    assert longest < HIDDEN_SECONDS


def test_queue_that_fails(queue: Queue) -> None:
    """If SQS hands out no messages, the sender sees to its own."""
    queue.fault = ClientError({"Error": {"Code": "AccessDenied"}}, "ReceiveMessage")
    done = threading.Event()
    threading.Timer(0.05, done.set).start()
    carry_out(lambda _: None if done.wait(LONG) else pytest.fail("It waits."))
