"""A leg's end that was made of Dash's record, and the webhook's own: one event, in every order."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.aws import clients, hook_clients
from hookswitch.aws.protocol import DYNAMODB
from hookswitch.aws.via_botocore import SdkClient
from hookswitch.payloads.times import GREGORIAN_EPOCH
from hookswitch.receiving.processing import Result, process
from hookswitch.receiving.records import process_record
from hookswitch.receiving.redelivery import Outcome, Redelivery
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.receiving import SETTINGS, delivery, hook_module, payload_type
from tests.unit.doubles import Context
from tests.unit.reconcile.table import Table

HOOK = "channel_destroy"
ENDED = 1_795_000_000  # Unix seconds
SERVICE = replace(SETTINGS, retention_days=30)
ENVIRONMENT = {
    "EVENTS_TABLE": SETTINGS.events_table,
    "CALLBACK_SECRET_ARN": SETTINGS.callback_secret,
    "REDRIVE_QUEUE_URL": SETTINGS.redrive_queue,
    "AWS_LAMBDA_FUNCTION_NAME": SETTINGS.function_name,
    "DASH_ACCOUNT_ID": SETTINGS.account_id,
    "INCLUDE_SUBACCOUNTS": "false",
    "RETENTION_DAYS": "0",
}
NEAR = 3  # seconds


@contextmanager
def storing() -> Iterator[Table]:
    """A table that the hook functions store into."""
    table = Table()
    with (
        mock.patch.object(clients, "dynamodb", return_value=table),
        mock.patch.object(hook_clients, "dynamodb", return_value=SdkClient(DYNAMODB)),
        mock.patch.dict(os.environ, ENVIRONMENT),
    ):
        yield table


def destroy(*, at: int | None, is_final: bool = True, leg: str = "leg-1") -> dict[str, Any]:
    """Return a webhook's fields of a leg's end at a second, or without a time."""
    fields = payload(HOOK, now=ENDED) | {"call_id": leg}
    lost = {"hangup_cause", "hangup_code", "duration_seconds", "billing_seconds", "ringing_seconds"}
    kept = {name: value for name, value in fields.items() if is_final or name not in lost}
    kept.pop("timestamp")
    return kept if at is None else {**kept, "timestamp": at + GREGORIAN_EPOCH}


def arrives(fields: Mapping[str, Any], source: str = "", hook: str = HOOK) -> Result:
    """Store what the webhook delivers, or what one of Dash's records says."""
    came = delivery(hook, encode_json(fields))
    if source:
        return process_record(payload_type(hook), came, SERVICE, source)
    return process(payload_type(hook), came, SERVICE, may_queue=False)


@pytest.mark.no_cover  # other tests run the same lines
@given(
    differs=st.integers(min_value=-NEAR, max_value=NEAR) | st.none(),
    order=st.permutations(["webhook", "again", "record", "record again", "lost", "other leg"]),
    lost_at=st.integers(min_value=-NEAR - 1, max_value=NEAR + 1),
)
def test_every_order(differs: int | None, order: list[str], lost_at: int) -> None:
    """Webhook, record and attempt make one event, whichever comes first, beside the loss of a media server."""
    webhook = destroy(at=None if differs is None else ENDED + differs)
    sent = {
        "webhook": (webhook, ""),
        "again": (webhook, ""),
        "record": (destroy(at=ENDED), "cdr"),
        "record again": (destroy(at=ENDED), "cdr"),
        "lost": (destroy(at=ENDED + lost_at, is_final=False), ""),
        "other leg": (destroy(at=ENDED, leg="leg-2"), "cdr"),
    }
    with storing() as table:
        outcomes = {name: arrives(*sent[name]).outcome for name in order}
        ends = [item for item in table.plain("event").values() if item["payload"].get("hangup_cause")]
        mine = [item for item in ends if item["call_id"] == "leg-1"]
    if differs != lost_at:  # a webhook's own event in the second of the loss has always been taken for it
        assert len(mine) == 1
        assert len(ends) == 2
        of_leg = [outcomes[name] for name in ("webhook", "again", "record", "record again")]
        assert sorted(of_leg) == [Outcome.DUPLICATE] * 3 + [Outcome.STORED]
        first = next(name for name in order if name in {"webhook", "again", "record", "record again"})
        assert mine[0].get("recovered") == ("cdr" if first.startswith("record") else None)


def test_duplicate_names_the_event() -> None:
    """A record that meets an event, or the placeholder of one, says which event it is."""
    with storing():
        stored = arrives(destroy(at=ENDED), "cdr")
        assert arrives(destroy(at=ENDED + 2), "cdr").event_id == stored.event_id
        webhook = arrives(destroy(at=None, leg="leg-3"))
        assert arrives(destroy(at=ENDED, leg="leg-3"), "cdr").event_id == webhook.event_id


def test_placeholders_are_no_events() -> None:
    """They are in no index, are not published, and expire with the event that they stand for."""
    with storing() as table:
        stored = arrives(destroy(at=ENDED), "cdr")
    placeholders = table.plain("placeholder").values()
    assert len(placeholders) == 2 * NEAR + 1
    assert table.inserted == [stored.event_id]
    (event,) = table.plain("event").values()
    assert {name for item in placeholders for name in item} == {"event_id", "kind", "same_as", "expires_at"}
    assert {(item["same_as"], item["expires_at"]) for item in placeholders} == {(stored.event_id, event["expires_at"])}


def test_seconds_taken_by_losses() -> None:
    """An end whose seconds are all taken by the loss of media servers is stored under the key without a second."""
    with storing() as table:
        for second in range(-NEAR, NEAR + 1):
            arrives(destroy(at=ENDED + second, is_final=False))
        assert arrives(destroy(at=ENDED), "cdr").outcome is Outcome.STORED
        assert arrives(destroy(at=None)).outcome is Outcome.DUPLICATE
        assert len(table.inserted) == 2 * NEAR + 2


def test_message_in_a_mailbox() -> None:
    """An event whose identity is exact needs no placeholders."""
    message = payload("voicemail_new")
    with storing() as table:
        assert arrives(message, "cdr", "voicemail_new").outcome is Outcome.STORED
        assert arrives(message, hook="voicemail_new").outcome is Outcome.DUPLICATE
    assert {item["kind"]["S"] for item in table.items.values()} == {"event"}


@pytest.mark.parametrize("fields", [{}, {"call_id": ""}, {"call_id": "leg-1", "hook_event": "channel_create"}])
def test_unusable_record(fields: dict[str, Any]) -> None:
    """What makes no event is not quarantined, for Dash keeps it; whoever asked learns why."""
    with storing() as table:
        result = arrives(fields, "cdr")
    assert result.outcome is Outcome.QUARANTINED
    assert result.reasons
    assert not table.items


def test_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours stops neither the function nor the accounting."""
    monkeypatch.setattr(payload_type(HOOK), "identity", lambda _: 1 / 0)
    with storing():
        assert arrives(destroy(at=ENDED), "cdr").outcome is Outcome.QUARANTINED


def test_table_away() -> None:
    """The function says that it could not store it: nothing is queued, for the next run finds it missing again."""
    record = delivery(HOOK, encode_json(destroy(at=ENDED)))
    with storing() as table:
        table.away = True
        answer = hook_module(HOOK).handler(Redelivery(record, may_queue=True, source="cdr").to_message(), Context())
    assert answer["statusCode"] == 500


def test_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    """A recovered leg counts as stored and has no delay; a record that can't be used counts nothing."""
    with storing():
        for fields in (destroy(at=int(datetime.now(UTC).timestamp())), {}):
            record = delivery(HOOK, encode_json(fields))
            hook_module(HOOK).handler(Redelivery(record, source="cdr").to_message(), Context())
    log = capsys.readouterr().out
    assert '"Name":"stored"' in log
    assert "delay_to_stored" not in log
    assert '"Name":"quarantined"' not in log


def test_imported() -> None:
    """An imported leg is an event of a kind that nothing publishes, and kept as long as if it had come when it ended.

    The webhook's own event, should it come, is the same leg; so is the record, imported again.
    """
    with storing() as table:
        result = arrives(destroy(at=ENDED), "import")
        (item,) = table.plain("imported").values()
        assert (result.outcome, result.event_id) == (Outcome.STORED, item["event_id"])
        assert item["recovered"] == "cdr"
        assert item["expires_at"] == ENDED + SERVICE.retention_days * 86_400
        assert {it["expires_at"] for it in table.plain("placeholder").values()} == {item["expires_at"]}
        again = arrives(destroy(at=ENDED), "import")
        assert (again.outcome, again.event_id) == (Outcome.DUPLICATE, item["event_id"])
        assert arrives(destroy(at=ENDED + 1)).outcome is Outcome.DUPLICATE
        assert not table.inserted
