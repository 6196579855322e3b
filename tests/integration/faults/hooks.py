"""Cells of a hook function: deliveries through the front door while its services fail."""

from tests.integration.faults.environment import Site
from tests.integration.faults.matrix import Cell, Kind, Seen, cells
from tests.integration.faults.results import Results, inject

HOOK, PARKING = "a hook", "parking"
PLAIN_HOOKS = (
    *("channel_create", "channel_answer", "channel_bridge", "channel_destroy", "voicemail_new", "voicemail_full"),
    *("outbound_fax", "outbound_fax_error", "inbound_fax_error", "missed_call", "register", "deregister"),
)


def run(site: Site, results: Results) -> None:
    """Run all cells, each on its own hook, because only a cold start reads from Secrets Manager."""
    # One per hook, and two more on hooks whose first cells are quick.
    each = [*cells(HOOK, "secretsmanager"), *cells(HOOK, "dynamodb", "sqs")]
    hooks = dict(zip(each, [*PLAIN_HOOKS, *PLAIN_HOOKS[4:6]], strict=True))
    hooks |= dict.fromkeys(cells(PARKING), PARKING)
    for hook in (*PLAIN_HOOKS[4:], PARKING):
        site.fire(hook)
    # The slow cell first: a call without a response opens the circuit breaker, which shortens calls for ten seconds.
    ordered = sorted(hooks, key=lambda cell: cell.kind is not Kind.SLOW)
    sequences = [[cell for cell in ordered if hooks[cell] == hook] for hook in (*PLAIN_HOOKS, PARKING)]
    results.run_sequences(sequences, lambda cell: _cell(site, results, cell, hooks[cell]), at_once=6)
    site.invoke("Reconcile", {})
    results.conclude(site)


def _cell(site: Site, results: Results, cell: Cell, hook: str) -> None:
    proxies = site.faults(hook)
    faults = [(proxies[cell.service], inject(proxies[cell.service], cell.kind))]
    if cell.service == "sqs":  # hooks call SQS only when DynamoDB is unavailable
        kind = Kind.HANG if cell.kind is Kind.HANG else Kind.ERROR
        faults.append((proxies["dynamodb"], inject(proxies["dynamodb"], kind)))
    sent = site.fire(hook)
    results.seconds[cell] = sent.seconds
    where = site.where(sent.probe)
    for proxy, fault in faults:
        proxy.lift(fault)
    if sent.outcome == "queued":
        site.comes_in(sent.probe)
    ways = {"the redrive queue": "Redrive", "Dash's attempt log": "Reconcile"}
    back = " and ".join(way for place, way in ways.items() if place in where) or "already there"
    results.note(cell, Seen(sent.told, where, back), site, sent.probe)
