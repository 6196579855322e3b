"""What reconcile makes of Dash's records of the simulator's calls: events that no webhook told of."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hookswitch.calls.facts import Fact
from hookswitch.events.items import event_item
from hookswitch.reconcile.cdr import Cdr
from hookswitch.reconcile.fax import Fax
from hookswitch.reconcile.voicemail_message import VoicemailMessage
from simulator import cdrs, messages
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.steps import Step
from tests.receiving import SETTINGS, event

DELAY = 600  # seconds after which CDRs are read

type Document = dict[str, Any]
type Reader = Callable[[Document], Cdr]


class Recovered(NamedTuple):
    """An event that reconcile makes.

    Attributes:
        hook: The hook that would have told of it.
        payload: Its fields.
        at: Unix seconds at which it is stored.
        item: Its item in the table.
    """

    hook: str
    payload: dict[str, Any]
    at: float
    item: dict[str, Any]

    @property
    def fact(self) -> Fact | None:
        """What it says about its leg."""
        return Fact.from_item(self.item)


def from_document(document: Document) -> Cdr:
    """Read a whole document of a current system."""
    return Cdr.from_document(DEFAULT_ACCOUNT_ID, document)


def from_older_document(document: Document) -> Cdr:
    """Read a whole document of an older system, all strings."""
    return Cdr.from_document(DEFAULT_ACCOUNT_ID, cdrs.older(document))


def from_row(document: Document) -> Cdr:
    """Read a row of a listing, where whole documents are refused."""
    return Cdr.from_row(DEFAULT_ACCOUNT_ID, cdrs.listed(document, is_older=False))


READERS: dict[str, Reader] = {
    "documents": from_document,
    "older_documents": from_older_document,
    "rows": from_row,
}


def recovered(steps: Iterable[Step], read: Reader = from_document) -> Iterator[Recovered]:
    """Yield the events that Dash's records of steps give, as if no webhook had told of any of them.

    A leg whose end never came has no CDR. Nothing is kept of alerts, of parkings, and of faxes that were not received.
    """
    for step in steps:
        payload, name = step.payload, step.payload.get("event_name")
        if step.hook == "channel_destroy" and cdrs.is_end(payload):
            document = cdrs.document(DEFAULT_ACCOUNT_ID, payload, step.leg, step.at)
            cdr = read({"id": f"202611-{payload['call_id']}"} | document)
            yield _stored(step, step.hook, cdr.to_fields(), cdr.ended_at)
        elif step.hook == "voicemail_new":
            message = messages.message(payload, step.at)
            row = {message["source_id"]: messages.listed_message(message)}
            left = VoicemailMessage.from_row(DEFAULT_ACCOUNT_ID, row)
            yield _stored(step, step.hook, left.to_fields(), left.left_at)
        elif name in messages.FAX_EVENTS:
            document = messages.fax(payload, step.leg, step.at)
            fax = Fax.from_row(DEFAULT_ACCOUNT_ID, document["folder"], document)
            yield _stored(step, fax.hook, fax.to_fields(), fax.at)


def _stored(step: Step, hook: str, fields: dict[str, Any], at: float) -> Recovered:
    received_at = datetime.fromtimestamp(at + DELAY, UTC)
    item = event_item(replace(event(hook, fields, received_at=received_at), source="cdr"), SETTINGS)
    return Recovered(hook, fields, step.at + DELAY, item)
