"""Cells of the functions that send events to destinations. Each has a destination of its own, which gets one event.

Whatever failed, the destination gets the event under one id, and then nothing is owed or queued any more. The queues
are the deployed ones, some with a visibility timeout of seconds instead of six minutes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from devtools.waiting import wait_for
from simulator.receivers.behaviors import answering, close_at_once, hang, slow
from simulator.receivers.server import Exchange, taken
from tests.integration.faults.environment import LIMIT, Sent, Site
from tests.integration.faults.matrix import MATRIX, Cell, Kind, Seen, cells
from tests.integration.faults.results import SLOW_SECONDS, Results, inject

ROUTE, SEND = "route", "send"
HOOK = "missed_call"
FEW = (Cell(ROUTE, "sqs", Kind.ERROR), Cell(SEND, "receiver", Kind.LOST), Cell(SEND, "dynamodb", Kind.LOST))
"""Those of `make test`."""
OTHERS = tuple(cell for cell in cells(ROUTE) + cells(SEND) if cell not in FEW)

QUEUE_OF_ROUTE = "the queue of Route"
QUEUES = {
    "DestinationEventsQueue": QUEUE_OF_ROUTE,
    "SendQueue": "a queue of Send",
    "RetryQueue": "a queue of Send",
}
VISIBILITY_SECONDS = 12  # longer than a function takes
FUNCTIONS = {ROUTE: "Route", SEND: "Send"}
# A decisive call to each service: what says which destinations are owed an event, who may send to one, and so on.
CALLS = {
    (ROUTE, "dynamodb"): "BatchWriteItem",
    (ROUTE, "sqs"): "SendMessageBatch",
    (SEND, "dynamodb"): "UpdateItem",
    (SEND, "kms"): "Decrypt",
    (SEND, "sqs"): "ChangeMessageVisibility",
}
SETTLES = "DeleteItem"  # once the destination has the event


@dataclass
class Address:
    """What is at a destination's address: it may fail in one way until that is lifted, and takes everything else.

    Attributes:
        fails: How it fails; None if it does not.
        ids: The id of every message that it took, if only without an answer.
    """

    fails: Kind | None = None
    ids: list[str] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        """Answer a request, or not."""
        match self.fails:
            case Kind.ERROR:
                answering(500)(exchange)
                return
            case Kind.THROTTLE:
                answering(429, retry_after="2")(exchange)
                return
            case Kind.HANG:
                hang(exchange)
                return
        self.ids.append(exchange.request.headers["webhook-id"])
        match self.fails:
            case Kind.SLOW:
                slow(SLOW_SECONDS)(exchange)
            case Kind.LOST:
                close_at_once(exchange)
            case _:
                taken(exchange)

    def lift(self) -> None:
        """Take everything from now on."""
        self.fails = None


@dataclass(frozen=True)
class Wanting:
    """A destination that wants the events of one number.

    Attributes:
        name: Its name, and the path of its address.
        id: Its id.
        number: The number.
        address: What is at its address.
    """

    name: str
    id: str
    number: str
    address: Address


def run(site: Site, results: Results, wanted: Sequence[Cell]) -> None:
    """Run cells at the same time, but one after the other where a fault affects other destinations, too."""
    _shorten(site, "DestinationEventsQueue")
    routing = [cell for cell in wanted if cell.function == ROUTE]  # a call of Route is about all events of a batch
    hiding = [cell for cell in wanted if cell[:2] == (SEND, "sqs")]
    sequences = [routing, *([cell] for cell in wanted if cell not in {*routing, *hiding})]
    results.run_sequences(sequences, lambda cell: _cell(site, results, cell), at_once=len(sequences))
    _shorten(site, "SendQueue", "RetryQueue")
    results.run_all(hiding, lambda cell: _hiding(site, results, cell))
    results.conclude(site)


def _shorten(site: Site, *queues: str) -> None:
    """Have messages that a function did not see to come again soon."""
    for queue in queues:
        site.clients.sqs.set_queue_attributes(
            QueueUrl=site.resources[queue], Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)}
        )


def _cell(site: Site, results: Results, cell: Cell) -> None:
    wanting = _add(site, cell)
    lift, is_affected = _fail(site, cell, wanting)
    sent = site.fire(HOOK, caller_id_number=wanting.number)
    wait_for(is_affected, "the service is called", LIMIT)
    passes = cell.kind is Kind.SLOW or (cell.kind is Kind.LOST and cell.service != "receiver")
    if passes:
        _wait_until_it_has(site, wanting, sent)
    _conclude(results, cell, site, wanting, sent, lift, passes=passes)


def _hiding(site: Site, results: Results, cell: Cell) -> None:
    """Fail to hide the message that waits for the next attempt: it comes again after the queue's own time."""
    wanting = _add(site, cell)
    wanting.address.fails = Kind.ERROR
    before, proxy = site.injected("Send", "sqs"), site.proxies["Send"]["sqs"]
    fault = inject(proxy, cell.kind, CALLS[SEND, "sqs"], times=1 if cell.kind is Kind.LOST else None)
    sent = site.fire(HOOK, caller_id_number=wanting.number)
    wait_for(lambda: site.injected("Send", "sqs") > before, "the message is to be hidden", LIMIT)
    wanting.address.lift()
    _conclude(results, cell, site, wanting, sent, lambda: proxy.lift(fault), passes=False)


def _fail(site: Site, cell: Cell, wanting: Wanting) -> tuple[Callable[[], None], Callable[[], bool]]:
    """Make a service fail for one destination; return what lifts that, and what tells whether it was called."""
    if cell.service == "receiver":
        wanting.address.fails = cell.kind
        return wanting.address.lift, lambda: bool(site.receiver.to(f"/{wanting.name}"))
    function = FUNCTIONS[cell.function]
    proxy, is_lost = site.proxies[function][cell.service], cell.kind is Kind.LOST
    operation = SETTLES if is_lost and cell[:2] == (SEND, "dynamodb") else CALLS[cell[:2]]
    fault = inject(proxy, cell.kind, operation, wanting.id, times=1 if is_lost else None)
    return lambda: proxy.lift(fault), lambda: site.injected(function, cell.service, wanting.id) > 0


def _conclude(
    results: Results, cell: Cell, site: Site, wanting: Wanting, sent: Sent, lift: Callable[[], None], *, passes: bool
) -> None:
    if cell.function == SEND:
        wait_for(lambda: QUEUE_OF_ROUTE not in _where(site, wanting, sent), "Route is done", LIMIT)
    where = _where(site, wanting, sent)
    lift()
    _wait_until_it_has(site, wanting, sent)
    if {*wanting.address.ids} != {sent.event_id}:
        raise AssertionError(wanting.address.ids)
    copies = len(wanting.address.ids)
    often = {1: "", 2: ", twice"}.get(copies, f", but {copies} times")
    told = "the queue: done" if passes else "the queue: kept"
    back = "already there" if passes else FUNCTIONS[cell.function]
    results.note(cell, Seen(told, where, f"{back}{often}"), site, sent.probe)


def _add(site: Site, cell: Cell) -> Wanting:
    name, number = "-".join(cell).replace(" ", "-"), f"+1555{[*MATRIX].index(cell):07}"
    asked = {"name": name, "type": "https", "url": site.receiver.url(f"/{name}")}
    said = site.invoke("Destinations", {"add": asked | {"filter": {"hooks": [HOOK], "numbers": [number]}}})
    if "destination" not in said:
        raise AssertionError(said)
    (identity,) = [row["id"] for row in site.rows("destinations") if row["sort"] == name]
    wanting = Wanting(name, identity, number, Address())
    site.receiver.routes[f"/{name}"] = wanting.address
    return wanting


def _where(site: Site, wanting: Wanting, sent: Sent) -> str:
    owed = ["what the destination is owed"] if site.rows(f"owed/{wanting.id}") else []
    queues = [
        name
        for queue, name in QUEUES.items()
        if any(sent.probe in body or wanting.id in body for body in site.queued(queue))
    ]
    return ", ".join([*(["the table"] if site.items(sent.probe) else []), *owed, *dict.fromkeys(queues)])


def _wait_until_it_has(site: Site, wanting: Wanting, sent: Sent) -> None:
    """Wait until the destination has the event, and nothing of it is left anywhere else."""
    wait_for(
        lambda: wanting.address.ids and _where(site, wanting, sent) == "the table",
        "the destination has the event",
        LIMIT,
        0.2,
    )
