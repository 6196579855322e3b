"""Faults of the API on purpose: calls that fail, hang, answer late or lose their answer."""

import re
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and with which calls.

    `Fault(method="PUT", path=r"/webhooks$", after=4, count=1, status=500)` fails the fifth such PUT.

    Attributes:
        method: The verb it is for; `None` means all.
        path: A regular expression, searched in the path (which begins with `/v2` and has no query).
        after: How many matching calls go well first.
        count: How many are affected after that; `None` means all.
        status: Answer with this HTTP status; `None` leaves the answer as it is.
        message: The `message` of such an answer.
        delay: Seconds until the answer. Long enough, it hangs. It ends early when the server closes.
        release: Ends the delay early when it is set; None if nothing but the server's end does.
        drop: Close the connection without an answer.
        perform: Carry the action out, and only then delay, drop or fail its answer. Without it a call that
            fails or is dropped has done nothing, and one that is only late acts late.
    """

    method: str | None = None
    path: str = ""
    after: int = 0
    count: int | None = 1
    status: int | None = None
    message: str = "datastore_fault"
    delay: float = 0.0
    release: threading.Event | None = None
    drop: bool = False
    perform: bool = False

    def matches(self, method: str, path: str) -> bool:
        """Whether the fault is for this call."""
        return self.method in {None, method} and re.search(self.path, path) is not None


class Faults:
    """The faults that are set. Each counts the calls that match it from when it was added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[tuple[Fault, list[int]]] = []

    def add(self, fault: Fault) -> None:
        """Set a fault, in addition to those that are set."""
        with self._lock:
            self._seen.append((fault, [0]))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._seen.clear()

    def remove(self, fault: Fault) -> None:
        """Remove one fault."""
        with self._lock:
            self._seen = [(it, seen) for it, seen in self._seen if it is not fault]

    def strike(self, method: str, path: str) -> Fault | None:
        """Count a call, and return the first fault that affects it."""
        struck = None
        with self._lock:
            for fault, seen in self._seen:
                if not fault.matches(method, path):
                    continue
                seen[0] += 1
                nth = seen[0] - fault.after
                if struck is None and nth > 0 and (fault.count is None or nth <= fault.count):
                    struck = fault
        return struck
