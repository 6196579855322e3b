"""The calls function as AWS invokes it: what it does, whom it alerts, and what becomes of an event when AWS fails."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError

from functions.calls import handler as calls
from hookswitch.calls.requests import CheckRequest
from hookswitch.errors import RequestError
from hookswitch.events.attributes import item as attributes
from simulator.calls.scenarios import SCENARIOS
from tests.unit.calls.scenes import item_of, steps_of
from tests.unit.calls.services import CONTEXT, ENVIRONMENT, Services, patched

# Those to call back: from outside, and nobody answered although somebody could have; or with a message. By hand.
ALERTING = {
    *("voicemail", "no_message", "no_mailbox", "two_alerts", "abandoned", "ring_group_unanswered"),
    *("busy", "rejected", "not_registered", "attendant_unanswered", "attendant_voicemail", "queue_abandoned"),
    *("transfer_to_voicemail", "media_lost_ringing"),
}


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """DynamoDB, SNS and SQS, which work."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    found = Services()
    with patched(found):
        yield found


def stream(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what Lambda passes for new items."""
    return {
        "Records": [
            {"dynamodb": {"SequenceNumber": str(number), "NewImage": attributes(item)}}
            for number, item in enumerate(items)
        ]
    }


def queue(*messages: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Lambda passes for messages of the queue."""
    return {
        "Records": [
            {"eventSource": "aws:sqs", "messageId": str(number), "body": json.dumps(message)}
            for number, message in enumerate(messages)
        ]
    }


def play(name: str) -> list[Mapping[str, Any]]:
    """Return the items of a kind of call, of some hours ago, so that nothing more is expected of it."""
    return [item_of(step) for step in steps_of(name, now=datetime.now(UTC).timestamp() - 10 * 3600)]


def failing(*_: Any, **__: Any) -> Any:
    """Fail as a service of AWS does that is unavailable."""
    raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "AnyOperation")


@pytest.mark.parametrize("name", SCENARIOS)
def test_whom_it_alerts(name: str, services: Services) -> None:
    """People are alerted once to each call to be called back, and to no other, also if its events come again."""
    for _ in range(2):
        assert calls.handler(stream(play(name)), CONTEXT) == {"batchItemFailures": []}
    assert sum(map(len, services.alerts.values())) == (1 if name in ALERTING else 0)


def test_late_voicemail_is_no_second_alert(services: Services) -> None:
    """Whoever was alerted to a missed call is not alerted again when its voicemail comes late."""
    *call, message = play("voicemail")
    assert message["hook"] == "voicemail_new"
    calls.handler(stream(call), CONTEXT)
    calls.handler(stream([message]), CONTEXT)
    (revisions,) = services.alerts.values()
    assert len(revisions) == 1
    (published,) = services.published.values()
    assert published[max(published)]["status"] == "voicemail"


def test_dynamodb_fails(services: Services) -> None:
    """Events that could not be folded go back to the stream; when they come again, their call is whole."""
    services.table.before_call = failing
    batch = stream(play("ring_group"))
    answer = calls.handler(batch, CONTEXT)
    assert len(answer["batchItemFailures"]) == len(batch["Records"])
    assert not services.published
    services.table.before_call = lambda _: None
    assert calls.handler(batch, CONTEXT) == {"batchItemFailures": []}
    (published,) = services.published.values()
    assert published[max(published)]["complete"]


def test_sns_fails(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that SNS does not take is in the publish dead-letter queue, by its key, and the stream is done."""
    monkeypatch.setattr(services, "publish_batch", failing)
    assert calls.handler(stream(play("answered")), CONTEXT) == {"batchItemFailures": []}
    (call,) = services.table.plain("call")
    assert services.owed == [call["event_id"]]


def test_sns_and_its_queue_fail(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the queue does not take it either, the events come again, and the revision is published then."""
    batch = stream(play("answered"))
    with monkeypatch.context() as broken:
        broken.setattr(services, "publish_batch", failing)
        broken.setattr(services, "send_message_batch", failing)
        assert len(calls.handler(batch, CONTEXT)["batchItemFailures"]) == len(batch["Records"])
    assert calls.handler(batch, CONTEXT) == {"batchItemFailures": []}
    (published,) = services.published.values()
    (call,) = services.table.plain("call")
    assert published.keys() == {int(call["revision"])}


def test_check_that_fails(services: Services) -> None:
    """A message stays in the queue if its call can't be looked at, and others of the batch are done."""
    calls.handler(stream(play("answered")), CONTEXT)
    (call,) = services.table.plain("call")
    check = CheckRequest(call["account_id"], call["payload"]["legs"][0]["leg"], 0).to_message()
    good = queue(check)
    assert calls.handler(good, CONTEXT) == {"batchItemFailures": []}
    services.table.before_call = failing
    assert calls.handler(queue(check), CONTEXT) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    services.table.before_call = lambda _: None
    answer = calls.handler(queue({"check": "nonsense"}, check), CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_two_checks_of_a_call(services: Services) -> None:
    """Checks that are due at the same moment, as two late events ask for, publish the last word once.

    One that comes twice, since the function may have failed before it published, publishes twice.
    """
    now, took = datetime.now(UTC).timestamp(), steps_of("no_message", now=0)[-1].at
    just_now = [item_of(step) for step in steps_of("no_message", now=now - took)]
    calls.handler(stream(just_now), CONTEXT)
    (call,) = services.table.plain("call")
    check = CheckRequest(call["account_id"], call["payload"]["legs"][0]["leg"], int(call["check_at"])).to_message()
    sent = mock.Mock(side_effect=services.publish_batch)
    with mock.patch.object(services, "publish_batch", sent), mock.patch("hookswitch.calls.run.datetime") as clock:
        clock.now.return_value = datetime.fromtimestamp(now + 600, UTC)
        assert calls.handler(queue(check, check), CONTEXT) == {"batchItemFailures": []}
        assert sent.call_count == 1
        calls.handler(queue(check), CONTEXT)
        assert sent.call_count == 2
    (call,) = services.table.plain("call")
    assert call["final"]


def test_lost_check(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call whose check the queue did not take is found by the sweep, which asks for it again."""
    sent: list[dict[str, Any]] = []

    def accept(*, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        assert QueueUrl == "the-calls-queue"
        sent.extend(json.loads(entry["MessageBody"]) for entry in Entries)
        return {"Failed": []}

    now, took = datetime.now(UTC).timestamp(), steps_of("no_message", now=0)[-1].at
    just_now = [item_of(step) for step in steps_of("no_message", now=now - took)]
    with monkeypatch.context() as broken:
        broken.setattr(services, "send_message_batch", failing)
        assert calls.handler(stream(just_now), CONTEXT) == {"batchItemFailures": []}
    (call,) = services.table.plain("call")
    assert (call["state"], call["final"]) == ("ended", False)
    monkeypatch.setattr(services, "send_message_batch", accept)
    later = datetime.fromtimestamp(now + 600, UTC)
    monkeypatch.setattr("hookswitch.calls.run.datetime", SimpleNamespace(now=lambda _: later))
    assert calls.handler({"sweep": True}, CONTEXT) == {"checked": 1}
    assert calls.handler(queue(*sent), CONTEXT) == {"batchItemFailures": []}
    (call,) = services.table.plain("call")
    assert call["final"]


def test_backfill(services: Services) -> None:
    """Calls of events that are stored already alert nobody, and are published only if that is asked for."""
    items = play("voicemail")
    services.table.items = {item["event_id"]: attributes(item) for item in items}
    asked = {"event_ids": [item["event_id"] for item in items]}
    assert calls.handler({"backfill": asked}, CONTEXT)["events"] == len(items)
    assert services.table.plain("call")
    assert not services.published
    services.table.items = {item["event_id"]: attributes(item) for item in items}
    calls.handler({"backfill": asked | {"publish": True}}, CONTEXT)
    assert services.published
    assert not services.alerts


def test_nonsense() -> None:
    """Whoever invokes it with anything else learns what it takes."""
    with pytest.raises(RequestError, match="a sweep, or a backfill"):
        calls.handler({"backfill": {"event_ids": ["x"] * 101}}, CONTEXT)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["ring_group_unanswered", "voicemail", "abandoned"])
def test_calls_that_merge(name: str, seed: int, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that began as several, since its events came in disorder, alerts once it is final, and only once."""
    now = 1_790_000_000.0
    items = [item_of(step) for step in steps_of(name, now=now - steps_of(name, now=0)[-1].at)]
    random.Random(seed).shuffle(items)
    for later in (0, 600):
        clock = SimpleNamespace(now=lambda zone, later=later: datetime.fromtimestamp(now + later, zone))
        monkeypatch.setattr("hookswitch.calls.run.datetime", clock)
        for item in items:
            calls.handler(stream([item]), CONTEXT)
    assert sum("merged_into" not in call["payload"] for call in services.table.plain("call")) == 1
    assert sum(map(len, services.alerts.values())) == 1
