"""Cells of the rotate function, one after the other: a rotation fails half-way, and deliveries continue."""

from simulator.faults import Fault as DashFault
from tests.integration.faults.environment import Site
from tests.integration.faults.matrix import Cell, Kind, Seen, cells
from tests.integration.faults.results import Results, inject

ROTATE = "rotate"
HOOK = "missed_call"
# Each affects a decisive step: promoting the secret's new version, and giving the webhooks their new tokens.
PROMOTION, EDIT = "UpdateSecretVersionStage", "POST"


def dash_fault(kind: Kind, method: str | None, path: str = "") -> DashFault:
    """Return the fault of Dash's API; its client has a timeout of one second here, and makes three attempts."""
    match kind:
        case Kind.ERROR:
            return DashFault(method, path, count=None, status=503)
        case Kind.THROTTLE:
            return DashFault(method, path, count=None, status=429, message="too_many_requests")
        case Kind.HANG:
            return DashFault(method, path, count=None, delay=4, drop=True)
        case Kind.SLOW:
            return DashFault(method, path, count=None, delay=0.3)
        case Kind.LOST:
            return DashFault(method, path, count=1, drop=True, perform=True)


def run(site: Site, results: Results) -> None:
    """Run all cells."""
    results.run_all(cells(ROTATE), lambda cell: _cell(site, results, cell))
    results.conclude(site)


def _cell(site: Site, results: Results, cell: Cell) -> None:
    before = _tokens(site)
    if cell.service == "dash":
        site.deployed.api.faults.add(dash_fault(cell.kind, EDIT))
        said = site.invoke("Rotate", {})
        site.deployed.api.faults.clear()
    else:
        proxy = site.proxies["Rotate"]["secretsmanager"]
        fault = inject(proxy, cell.kind, PROMOTION, times=1 if cell.kind is Kind.LOST else None)
        said = site.invoke("Rotate", {})
        proxy.lift(fault)
    failed = "errorMessage" in said
    sent = site.fire(HOOK)
    tokens = "old tokens" if _tokens(site) == before else "new tokens"
    where = f"{tokens}, answered {sent.told}"
    if failed:
        again = site.invoke("Rotate", {})
        if "errorMessage" in again:
            raise AssertionError(again)
    if _tokens(site) & before:
        raise AssertionError("A webhook still has an old token.")
    if site.fire(HOOK).status != 200:
        raise AssertionError("The new tokens are rejected.")
    told = "Secrets Manager: an error" if failed else "Secrets Manager: done"
    results.note(cell, Seen(told, where, "the next rotation" if failed else "already there"), site, sent.probe)


def _tokens(site: Site) -> set[str]:
    return {webhook.uri.rpartition("/")[2] for webhook in site.deployed.webhooks}
