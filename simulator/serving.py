"""What the servers have in common: they listen on this machine, and answer each connection in a thread of its own."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, override

LOOPBACK = "127.0.0.1"
LOOKS = 0.02  # seconds between two looks whether a server is to stop


class Server(socketserver.ThreadingTCPServer):
    """A server that ends at once, with all of its connections.

    Attributes:
        closing: Set when it stops, so that nobody waits any longer.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], handler: Callable[..., socketserver.BaseRequestHandler]) -> None:
        """Bind a port, 0 for any free one; it answers within `serving`."""
        self.closing = threading.Event()
        self._open: set[Any] = set()
        self._lock = threading.Lock()
        super().__init__(address, handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Answer for as long as the block lasts."""
        thread = threading.Thread(target=self.serve_forever, args=(LOOKS,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.closing.set()
            self.shutdown()
            thread.join()
            self._close_connections()
            self.server_close()

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that disconnect, and connections that break, are what this is for."""

    def _close_connections(self) -> None:
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            self.shutdown_request(connection)
