"""A connection that breaks when it is told to, as connections between Dash and a receiver do."""

from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, override

from simulator.transport import Endpoint, Transport
from tests.load.day import Break


class _Cut(HTTPConnection):
    """Sends the request in part or whole, and hangs up."""

    whole = False

    @override
    def send(self, data: Any) -> None:
        super().send(data if self.whole else data[: len(data) // 2])
        self.close()
        raise ConnectionResetError


@dataclass(frozen=True, slots=True)
class BreakingTransport(Transport):
    """The sender's way to the receiver.

    Attributes:
        breaks: How the next connections break, first to last; those after that do not.
    """

    breaks: list[Break] = field(default_factory=list)

    @override
    def _connect(self, endpoint: Endpoint) -> HTTPConnection:
        how = self.breaks.pop(0) if self.breaks else Break.NO
        if how is Break.NO:
            return Transport._connect(self, endpoint)  # noqa: SLF001 - our own base's; slots leave no super()
        connection = _Cut(endpoint.host, endpoint.port, timeout=self.connect_timeout)
        connection.whole = how is Break.AFTER
        connection.connect()
        return connection
