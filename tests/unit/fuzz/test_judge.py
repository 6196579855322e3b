"""The fuzzing notices an answer or an item that is not as it has to be."""

from typing import Any

import pytest

from tests.fuzz.judge import BUDGET, Answer, Kept, of_answer, of_item, of_time
from tests.fuzz.requests import Expected, Fuzzed

ITEM = {"event_id": "1", "kind": "event", "summary": "Missed call", "payload": {}}
ASIDE = {"event_id": "1", "kind": "quarantine", "reasons": ["call_id: Field required."]}


def request(expected: Expected) -> Fuzzed:
    """Return a request that has to be answered so."""
    return Fuzzed("parking", "POST", "/hooks/parking/token", {}, b"", "empty", expected)


@pytest.mark.parametrize(
    ("expected", "status", "body"),
    [
        (Expected.KEPT, 200, b'{"status": "stored", "event_id": "1"}'),
        (Expected.KEPT, 200, b'{"status": "queued"}'),
        (Expected.REFUSED, 403, b"{}"),
        (Expected.EITHER, 403, b"{}"),
        (Expected.UNKNOWN, 404, b"whatever"),
        (Expected.ANY, 404, b""),
    ],
)
def test_right_answers(expected: Expected, status: int, body: bytes) -> None:
    """Nothing is wrong with what has to be."""
    assert of_answer(request(expected), Answer(status, body)) == []


@pytest.mark.parametrize(
    ("expected", "status", "body"),
    [
        (Expected.KEPT, 403, b"{}"),
        (Expected.KEPT, 500, b"{}"),
        (Expected.KEPT, 202, b'{"status": "stored", "event_id": "1"}'),
        (Expected.KEPT, 200, b'{"status": "stored"}'),
        (Expected.KEPT, 200, b'{"status": "lost"}'),
        (Expected.KEPT, 200, b'["stored"]'),
        (Expected.REFUSED, 200, b'{"status": "stored", "event_id": "1"}'),
        (Expected.REFUSED, 404, b"{}"),
        (Expected.EITHER, 500, b"{}"),
        (Expected.UNKNOWN, 200, b'{"status": "stored", "event_id": "1"}'),
        (Expected.UNKNOWN, 502, b""),
        (Expected.ANY, 502, b""),
    ],
)
def test_wrong_answers(expected: Expected, status: int, body: bytes) -> None:
    """Anything else is said."""
    assert of_answer(request(expected), Answer(status, body))


def test_time() -> None:
    """A request that takes much more processor time than any needs is said."""
    assert of_time(BUDGET / 10) == []
    assert of_time(BUDGET * 2)


def test_right_items() -> None:
    """Nothing is wrong with an event that is stored, nor with a delivery that is quarantined with reasons."""
    assert of_item("1", Kept("stored", without="secret"), ITEM) == []
    assert of_item("1", Kept("quarantined"), ASIDE) == []


@pytest.mark.parametrize(
    ("kept", "item"),
    [
        (Kept("stored"), None),
        (Kept("stored"), ASIDE),
        (Kept("stored"), ITEM | {"payload": None}),
        (Kept("stored"), ITEM | {"summary": "two\nlines"}),
        (Kept("stored"), ITEM | {"summary": "x" * 201}),
        (Kept("quarantined"), ITEM),
        (Kept("quarantined"), ASIDE | {"reasons": []}),
        (Kept("quarantined"), ASIDE | {"reasons": ["KeyError in x, line 1: this is a fault in hookswitch."]}),
        (Kept("stored", without="secret"), ITEM | {"payload": {"password": "secret"}}),
    ],
)
def test_wrong_items(kept: Kept, item: dict[str, Any] | None) -> None:
    """One that is missing, of another kind, without reasons, through a fault of ours, or with a secret is said."""
    assert of_item("1", kept, item)
