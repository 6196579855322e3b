"""What becomes of a write, by DynamoDB's answer to it."""

from collections.abc import Callable
from typing import Any

import pytest

from hookswitch.aws import hook_clients
from hookswitch.errors import NoAnswerError, ServiceError, StorageUnavailableError, UnusableError
from hookswitch.events import table
from simulator.payloads import payload
from tests.receiving import SETTINGS, event

CONFLICT = ServiceError("TransactionCanceledException", {"CancellationReasons": [{"Code": "TransactionConflict"}]})
INVALID = ServiceError("TransactionCanceledException", {"CancellationReasons": [{"Code": "ValidationError"}]})
TAKEN = {"CancellationReasons": [{"Code": "None"}, {"Code": "ConditionalCheckFailed"}, {"Code": "None"}]}


class DynamoDb:
    """A table that answers as told, one answer for each call; the last one stands for all that follow."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Take a call."""
        self.calls.append((operation, parameters))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer:
            raise answer
        return {}


type Answering = Callable[..., DynamoDb]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Have DynamoDB answer as told, and the waits between tries take no time."""
    monkeypatch.setattr(table, "CONFLICT_SECONDS", 0)

    def answer(*answers: Exception | None) -> DynamoDb:
        dynamodb = DynamoDb(*answers)
        monkeypatch.setattr(hook_clients, "dynamodb", lambda: dynamodb)
        return dynamodb

    return answer


@pytest.mark.parametrize("hook", ["missed_call", "parking"])
def test_new_event(hook: str, answering: Answering) -> None:
    """An event that is taken is new, under its own key."""
    dynamodb, stored = answering(None), event(hook, payload(hook))
    assert table.store_event(stored, SETTINGS) == (stored.key, True)
    assert len(dynamodb.calls) == 1


def test_event_that_is_there(answering: Answering) -> None:
    """One whose key is taken is not."""
    answering(ServiceError("ConditionalCheckFailedException", {}))
    stored = event("missed_call", payload("missed_call"))
    assert table.store_event(stored, SETTINGS) == (stored.key, False)


def test_parking_that_is_there(answering: Answering) -> None:
    """A parking names the item that is near enough, which is in the stretch before."""
    answering(ServiceError("TransactionCanceledException", TAKEN))
    stored = event("parking", payload("parking"))
    assert table.store_event(stored, SETTINGS) == (stored.key_at(-1), False)


def test_conflict_is_tried_again(answering: Answering) -> None:
    """Two deliveries of one parking at the same moment conflict, and the loser finds the winner's item."""
    dynamodb = answering(CONFLICT, CONFLICT, None)
    stored = event("parking", payload("parking"))
    assert table.store_event(stored, SETTINGS) == (stored.key, True)
    assert len(dynamodb.calls) == 3


def test_conflict_without_end(answering: Answering) -> None:
    """After so many tries the delivery goes to the queue: that is for the receiver to do."""
    dynamodb = answering(CONFLICT)
    with pytest.raises(StorageUnavailableError):
        table.store_event(event("parking", payload("parking")), SETTINGS)
    assert len(dynamodb.calls) == table.CONFLICT_TRIES


@pytest.mark.parametrize(
    ("hook", "error"), [("missed_call", ServiceError("ValidationException", {})), ("parking", INVALID)]
)
def test_item_that_dynamodb_cannot_hold(hook: str, error: Exception, answering: Answering) -> None:
    """No retry helps, so it is unusable and ends in the quarantine."""
    answering(error)
    with pytest.raises(UnusableError):
        table.store_event(event(hook, payload(hook)), SETTINGS)


@pytest.mark.parametrize("hook", ["missed_call", "parking"])
@pytest.mark.parametrize("error", [ServiceError("InternalServerError", {}), NoAnswerError("ReadTimeoutError")])
def test_dynamodb_unavailable(hook: str, error: Exception, answering: Answering) -> None:
    """An error and no answer come to the same, and the code is named."""
    answering(error)
    with pytest.raises(StorageUnavailableError, match=r"InternalServerError|ReadTimeoutError"):
        table.store_event(event(hook, payload(hook)), SETTINGS)
