"""Collects the results of the matrix's cells."""

import threading
import time
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.faults import Fault, FaultProxy
from tests.integration.faults.environment import Site
from tests.integration.faults.matrix import Cell, Kind, Seen

SLOW_SECONDS = 0.5
TIMES = {(1, 1): "", (1, 2): ", twice"}  # by numbers of items and messages

# Each service's error codes, with the HTTP status.
ERRORS = {
    "sns": ("InternalError", 500),
    "lambda": ("ServiceException", 500),
    "cloudformation": ("InternalFailure", 500),
}
THROTTLES = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "lambda": ("TooManyRequestsException", 429),
    "sns": ("Throttled", 429),
    "cloudformation": ("Throttling", 400),
}


def inject(proxy: FaultProxy, kind: Kind, operation: str = "*", match: str = "", times: int | None = None) -> Fault:
    """Make calls to a service fail in one way, until the fault is lifted."""
    match kind:
        case Kind.ERROR:
            return proxy.fail(operation, *ERRORS.get(proxy.service, ("InternalServerError", 500)), times, match)
        case Kind.THROTTLE:
            return proxy.fail(operation, *THROTTLES.get(proxy.service, ("ThrottlingException", 400)), times, match)
        case Kind.HANG:
            return proxy.hang(operation, times, match)
        case Kind.SLOW:
            return proxy.delay(operation, SLOW_SECONDS, times, match)
        case Kind.LOST:
            return proxy.lose_answer(operation, times, match)


@dataclass
class _Open:
    """A cell whose event has not been counted yet."""

    seen: Seen
    site: Site | None = None
    probe: str = ""


@dataclass
class Results:
    """The result of each cell, or the error that prevented it.

    Attributes:
        seen: Results by cell.
        errors: Tracebacks by cell.
        seconds: How long the sender waited for its response.
        services: The services that each function called, by its logical id.
        partitions: Tracebacks of failed partitions, by name.
    """

    seen: dict[Cell, Seen] = field(default_factory=dict)
    errors: dict[Cell, str] = field(default_factory=dict)
    seconds: dict[Cell, float] = field(default_factory=dict)
    services: dict[str, set[str]] = field(default_factory=dict)
    partitions: dict[str, str] = field(default_factory=dict)
    _open: dict[Cell, _Open] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, cell: Cell, seen: Seen, site: Site | None = None, probe: str = "") -> None:
        """Record the result of a cell; with a probe, its event is counted once its partition is done."""
        with self._lock:
            self._open[cell] = _Open(seen, site, probe)

    def run(self, cell: Cell, work: Callable[[Cell], None]) -> None:
        """Run a cell; an error does not affect other cells."""
        try:
            work(cell)
        except Exception:  # noqa: BLE001 - the cell's test reports it
            with self._lock:
                self.errors[cell] = traceback.format_exc()

    def run_partition(self, name: str, site: Site, work: Callable[[Site, "Results"], None]) -> None:
        """Run the cells of a stack; an error does not affect other partitions."""
        try:
            work(site, self)
        except Exception:  # noqa: BLE001 - the tests of the partition's cells report it
            with self._lock:
                self.partitions[name] = traceback.format_exc()

    def run_all(self, cells: Iterable[Cell], work: Callable[[Cell], None], at_once: int = 1) -> None:
        """Run cells, some at the same time."""
        self.run_sequences([[cell] for cell in cells], work, at_once)

    def run_sequences(self, sequences: Iterable[Iterable[Cell]], work: Callable[[Cell], None], at_once: int) -> None:
        """Run sequences of cells at the same time; the cells within a sequence run one after the other."""

        def run_sequence(sequence: Iterable[Cell]) -> None:
            for cell in sequence:
                self.run(cell, work)

        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(run_sequence, sequences))

    def conclude(self, site: Site) -> None:
        """Count the events of a site's cells, once everything is processed."""
        with self._lock:
            cells = {cell: it for cell, it in self._open.items() if it.site is site or it.site is None}
            self._open = {cell: it for cell, it in self._open.items() if cell not in cells}
        for function, service, _ in site.calls():
            with self._lock:
                self.services.setdefault(function, set()).add(service)
        for proxies in site.proxies.values():
            proxies.clear()  # lifts the faults of cells that ended with an error
        site.quiet()
        time.sleep(0.5)  # for a message that should not arrive
        for cell, it in cells.items():
            counts = (len(site.items(it.probe)), site.messages(it.probe)) if it.probe else (1, 1)
            back = f"{it.seen.back}{TIMES.get(counts, f', but {counts[0]} items and {counts[1]} messages')}"
            with self._lock:
                self.seen[cell] = it.seen._replace(back=back)
