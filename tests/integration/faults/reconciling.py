"""Cells of the reconcile function, one after the other: a run fails while webhooks are disabled and events missing."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from simulator.payloads import payload
from tests.integration.faults.environment import Site
from tests.integration.faults.matrix import Cell, Kind, Seen, cells
from tests.integration.faults.results import Results, inject
from tests.integration.faults.rotating import dash_fault

RECONCILE = "reconcile"
HOOK = "missed_call"
AT_ONCE = {"at_once": True}  # each cell has Dash disable the webhooks, which a run on the schedule backs off from
LONG_AGO = 1_200  # seconds; records are compared ten minutes after the end of a leg


def run(site: Site, results: Results, services: Sequence[str]) -> None:
    """Run the cells of some services."""
    results.run_all(cells(RECONCILE, *services), lambda cell: _cell(site, results, cell))
    results.conclude(site)


def _cell(site: Site, results: Results, cell: Cell) -> None:
    probe = MISSES.get(cell.service, _miss)(site)
    asked: dict[str, object] = {**AT_ONCE}
    if cell.service == "records":
        asked |= {"since": datetime.fromtimestamp(time.time() - LONG_AGO - 60, UTC).isoformat()}
        site.deployed.api.faults.add(dash_fault(cell.kind, "GET", "/cdrs"))
        said = site.invoke("Reconcile", asked)
        site.deployed.api.faults.clear()
    elif cell.service == "list":
        site.deployed.api.faults.add(dash_fault(cell.kind, "GET", "/webhooks$"))
        said = site.invoke("Reconcile", asked)
        site.deployed.api.faults.clear()
    elif cell.service == "dash":
        method = "POST" if cell.kind is Kind.LOST else None
        site.deployed.api.faults.add(dash_fault(cell.kind, method, "/webhooks"))
        said = site.invoke("Reconcile", asked)
        site.deployed.api.faults.clear()
    else:
        proxy = site.proxies["Reconcile"][cell.service]
        fault = inject(proxy, cell.kind, times=1 if cell.kind is Kind.LOST else None)
        said = site.invoke("Reconcile", asked)
        proxy.lift(fault)
    told = _told(said)
    where = "the table" if site.items(probe) else site.where(probe)
    off = not all(webhook.enabled for webhook in site.deployed.webhooks)
    again = site.invoke("Reconcile", asked)
    if "errorMessage" in again or "busy" in again:
        raise AssertionError(again)
    site.comes_in(probe)
    if not all(webhook.enabled for webhook in site.deployed.webhooks):
        raise AssertionError("A webhook is still disabled.")
    back = "the next run" if off or "the table" not in where else "already there"
    state = f"{where}; the webhook is {'disabled' if off else 'enabled'}"
    results.note(cell, Seen(told, state, back), site, probe)


def _told(said: dict[str, object]) -> str:
    if "errorMessage" in said:
        return "the schedule: an error"
    return "the schedule: done" if said.get("complete") and not _deferred(said) else "the schedule: done, some deferred"


def _deferred(said: dict[str, object]) -> bool:
    return "deferred" in str(said["events"])


def _miss_at_former_address(site: Site) -> str:
    """Make a delivery fail at a former address of its webhook, and Dash disable all webhooks."""
    (webhook,) = [webhook for webhook in site.deployed.webhooks if f"/{HOOK}/" in webhook.uri]
    present = webhook.uri
    webhook.uri = f"http://127.0.0.1:1/v1/hooks/{HOOK}/token"
    sent = site.fire(HOOK)
    webhook.uri = present
    for webhook in site.deployed.webhooks:
        webhook.disable()
    return sent.probe


def _end_untold(site: Site) -> str:
    """Let a leg end while its webhook is disabled, so long ago that its record is compared."""
    probe = uuid4().hex
    for webhook in site.deployed.webhooks:
        webhook.disable()
    account = site.deployed.account.id
    event = payload("channel_destroy", account_id=account, now=time.time() - LONG_AGO, call_id=probe)
    if site.dash.fire(account, "channel_destroy", event):
        raise AssertionError("A webhook is enabled.")
    return probe


def _miss(site: Site) -> str:
    """Make a form-encoded delivery fail for good, and Dash disable all webhooks."""
    for webhook in site.deployed.webhooks:
        webhook.format = "form-data"  # Dash logs a form body in pieces
    proxies = site.faults(HOOK)
    faults = [(proxies[service], inject(proxies[service], Kind.ERROR)) for service in ("dynamodb", "sqs")]
    sent = site.fire(HOOK)
    for proxy, fault in faults:
        proxy.lift(fault)
    if sent.status == 200:
        raise AssertionError(sent)
    for webhook in site.deployed.webhooks:
        webhook.disable()
    return sent.probe


MISSES: Mapping[str, Callable[[Site], str]] = {"list": _miss_at_former_address, "records": _end_untold}
"""How an event is missed, by service; by default its delivery fails."""
