"""What has to hold of an answer, and of what was stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookswitch.payloads.text import MAX_LINE
from tests.fuzz.requests import Expected, Fuzzed

OUTCOMES = frozenset({"stored", "duplicate", "quarantined", "queued", "preview"})
WITH_ITEM = frozenset({"stored", "duplicate", "quarantined"})
OUR_FAULT = "fault in hookswitch"  # of a reason that receive.py gives where nothing else fits
_KINDS = {"stored": "event", "duplicate": "event", "quarantined": "quarantine"}
# Seconds of processor time for one request. A function with 512 MB has a third of a core, and 25 seconds.
BUDGET = 4.0
OK, FORBIDDEN, BAD_REQUEST, SERVER_ERROR = 200, 403, 400, 500


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def said(self) -> Mapping[str, Any]:
        """The body's fields; none if it is not a JSON object."""
        try:
            fields = json.loads(self.body)
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}

    @property
    def outcome(self) -> str:
        """What became of the delivery, or the status where the body does not say."""
        return str(self.said.get("status") or self.status)

    @property
    def event_id(self) -> str:
        """The key of the item, empty where there is none."""
        return str(self.said.get("event_id") or "")


def of_answer(request: Fuzzed, answer: Answer) -> list[str]:
    """Return what is wrong with an answer, a sentence each."""
    match request.expected:
        case Expected.KEPT:
            fits = answer.status == OK
        case Expected.REFUSED:
            fits = answer.status == FORBIDDEN
        case Expected.EITHER:
            fits = answer.status in {OK, FORBIDDEN}
        case Expected.ANY:
            fits = answer.status == OK or BAD_REQUEST <= answer.status < SERVER_ERROR
        case Expected.UNKNOWN:
            fits = BAD_REQUEST <= answer.status < SERVER_ERROR
    wrong = [] if fits else [f"It was answered {answer.status} instead of {request.expected}."]
    if answer.status == OK and request.verb != "HEAD":
        if answer.outcome not in OUTCOMES:
            wrong.append(f"Its outcome is {answer.outcome!r}, which is none of ours.")
        if answer.outcome in WITH_ITEM and not answer.event_id:
            wrong.append(f"It is {answer.outcome}, and the answer names no item.")
    return wrong


def of_time(seconds: float) -> list[str]:
    """Return what is wrong with the processor time that a request took, a sentence each."""
    return [f"It took {seconds:.1f} s of processor time."] if seconds > BUDGET else []


@dataclass(frozen=True)
class Kept:
    """What an item has to be.

    Attributes:
        outcome: What the answer said of it.
        without: A text that may be nowhere in it; empty for none.
    """

    outcome: str
    without: str = ""


def _is_shown(summary: str) -> bool:
    return summary.isprintable() and len(summary) <= MAX_LINE


def of_item(event_id: str, expected: Kept, item: Mapping[str, Any] | None) -> list[str]:
    """Return what is wrong with the item that an answer named, a sentence each; None is for one that is not there."""
    outcome = expected.outcome
    if item is None:
        return [f"{event_id} was answered {outcome!r} and is not in the table."]
    wrong = []
    if expected.without and expected.without in str(item):
        wrong.append(f"{event_id} holds a secret that was not to be kept.")
    if item.get("kind") != _KINDS[outcome]:
        wrong.append(f"{event_id} was answered {outcome!r} and is in the table as {item.get('kind')!r}.")
    if outcome == "quarantined":
        reasons = item.get("reasons")
        if not reasons:
            wrong.append(f"{event_id} is quarantined without a reason.")
        if any(OUR_FAULT in str(reason) for reason in reasons or ()):
            wrong.append(f"{event_id} is quarantined through a fault of ours: {reasons}")
    elif not _is_shown(str(item.get("summary"))):
        wrong.append(f"{event_id} has a summary that is not one short line of printable text.")
    elif not isinstance(item.get("payload"), dict):
        wrong.append(f"{event_id} is stored without its payload.")
    return wrong
