"""The queue for deliveries that DynamoDB does not take."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from hookswitch.aws import clients
from hookswitch.errors import QueueUnavailableError
from hookswitch.receiving.redrive_queue import enqueue
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.receiving import SETTINGS, TOKEN, delivery


class Queue:
    """SQS, which takes a message or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.messages: list[str] = []

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:
        """Take a message."""
        assert QueueUrl == SETTINGS.redrive_queue
        if self.error:
            raise self.error
        self.messages.append(MessageBody)


def test_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message names the function that is to receive the delivery again, and holds no token."""
    queue = Queue()
    monkeypatch.setattr(clients, "sqs", lambda: queue)
    enqueue(delivery("missed_call", encode_json(payload("missed_call"))), SETTINGS)
    (message,) = queue.messages
    assert json.loads(message)["function"] == SETTINGS.function_name
    assert TOKEN not in message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "SendMessage"), "ThrottlingException"),
        (ReadTimeoutError(endpoint_url="https://sqs"), "ReadTimeoutError"),
    ],
)
def test_queue_unavailable(error: Any, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever keeps SQS from taking it has one name, and the code of the cause."""
    monkeypatch.setattr(clients, "sqs", lambda: Queue(error))
    with pytest.raises(QueueUnavailableError, match=code):
        enqueue(delivery("missed_call", encode_json(payload("missed_call"))), SETTINGS)
