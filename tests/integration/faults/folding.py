"""Cells of the calls function, each with its own event; faults affect only the calls for that event.

As for the publish function, the test acts as Lambda's poller. The function's queue is not read either, so that the call
of an event keeps its first revision.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from devtools.waiting import wait_for
from hookswitch.calls.graph import call_key
from hookswitch.calls.items import call_id
from tests.integration.faults.environment import LIMIT, Sent, Site
from tests.integration.faults.matrix import Cell, Kind, Seen, cells
from tests.integration.faults.publishing import offer, switch_off, times
from tests.integration.faults.results import Results, inject

CALLS = "calls"
HOOK = "missed_call"


@dataclass(frozen=True)
class Fired:
    """An event of a call of its own.

    Attributes:
        sent: The event.
        leg: The only leg of the call.
        call: The key of the call's item.
    """

    sent: Sent
    leg: str
    call: str


def run(site: Site, results: Results) -> None:
    """Run all cells at the same time, with the function's event source mappings disabled."""
    switch_off(site, "Calls")
    by_service = {"sns": _sns, "sqs": _sqs, "dynamodb": _dynamodb}
    works = {cell: by_service[cell.service] for cell in cells(CALLS)}
    results.run_all(works, lambda cell: works[cell](site, results, cell), at_once=len(works))
    results.conclude(site)


def _fire(site: Site) -> Fired:
    leg = uuid4().hex
    sent = site.fire(HOOK, call_id=leg)
    return Fired(sent, leg, call_id(call_key(site.deployed.account.id, leg)))


def _sns(site: Site, results: Results, cell: Cell) -> None:
    fired, proxies = _fire(site), site.proxies["Calls"]
    fault = inject(proxies["sns"], cell.kind, "PublishBatch", fired.call, times(cell))
    with _not_published_by_redrive(site, fired):
        given_back = offer(site, fired.sent, "Calls")
        where = site.where(fired.sent.probe, fired.call)
    proxies["sns"].lift(fault)
    _note(results, cell, site, fired, where, given_back=given_back)


def _sqs(site: Site, results: Results, cell: Cell) -> None:
    """Fail the queue together with SNS: the function uses that queue only while SNS is unavailable."""
    fired, proxies = _fire(site), site.proxies["Calls"]
    outage = inject(proxies["sns"], Kind.HANG if cell.kind is Kind.HANG else Kind.ERROR, "PublishBatch", fired.call)
    fault = inject(proxies["sqs"], cell.kind, "SendMessageBatch", fired.call, times(cell))
    with _not_published_by_redrive(site, fired):
        given_back = offer(site, fired.sent, "Calls")
        where = site.where(fired.sent.probe, fired.call)
    proxies["sns"].lift(outage)
    proxies["sqs"].lift(fault)
    _note(results, cell, site, fired, where, given_back=given_back)


def _dynamodb(site: Site, results: Results, cell: Cell) -> None:
    fired, proxies = _fire(site), site.proxies["Calls"]
    fault = inject(proxies["dynamodb"], cell.kind, "UpdateItem", fired.leg, times(cell))
    given_back = offer(site, fired.sent, "Calls")
    where = site.where(fired.sent.probe, fired.call)
    proxies["dynamodb"].lift(fault)
    _note(results, cell, site, fired, where, given_back=given_back)


@contextmanager
def _not_published_by_redrive(site: Site, fired: Fired) -> Iterator[None]:
    """Keep a call in the queue for as long as the block lasts: Redrive has it published by another function."""
    proxy = site.proxies["Publish"]["sns"]
    fault = inject(proxy, Kind.ERROR, "PublishBatch", fired.call)
    try:
        yield
    finally:
        proxy.lift(fault)


def _note(results: Results, cell: Cell, site: Site, fired: Fired, where: str, *, given_back: bool) -> None:
    """Record where the event was, and how often its call is published in the end."""
    if given_back and offer(site, fired.sent, "Calls"):
        raise AssertionError("The record is returned although all services are available.")
    wait_for(lambda: _published(site, fired), "the call is published", LIMIT, 0.2)
    wait_for(lambda: "queue" not in site.where(fired.sent.probe, fired.call), "it has left the queue", LIMIT, 0.2)
    back = "the stream" if given_back else "Redrive" if "queue" in where else "already there"
    twice = ", twice" if _published(site, fired) == 2 else ""
    told = "the stream: returned" if given_back else "the stream: done"
    results.note(cell, Seen(told, where, back + twice), site, fired.sent.probe)


def _published(site: Site, fired: Fired) -> int:
    """Return how often the first revision of an event's call reached a subscriber."""
    return site.inbox.counts()[f"{fired.call}-1"]
