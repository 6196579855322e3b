"""A receiver on loopback that keeps the raw bytes of each request and answers as told."""

import socketserver
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

CLOSE = b""


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Return the bytes of an HTTP answer; `location="..."` and the like become headers."""
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True)
class Received:
    """One request: the head's lines without their ends, and the body."""

    lines: list[str]
    body: bytes

    @property
    def target(self) -> str:
        """The path and query as they were sent."""
        return self.lines[0].split(" ", 1)[1].removesuffix(" HTTP/1.1")

    @property
    def names(self) -> list[str]:
        """The header names in the order and case they were sent."""
        return [line.partition(":")[0] for line in self.lines[1:]]


@dataclass
class Receiver:
    """Answers requests with `script`, one each; then with `then`. `CLOSE` closes the connection unanswered."""

    script: list[bytes] = field(default_factory=list)
    then: bytes = field(default_factory=lambda: answer(200))
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Begin to listen."""
        receiver = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                lines = [line.decode().rstrip("\r\n") for line in iter(self.rfile.readline, b"\r\n") if line]
                fields = dict(line.split(": ", 1) for line in lines[1:])
                body = self.rfile.read(int(fields["content-length"]))
                receiver.received.append(Received(lines, body))
                self.wfile.write(receiver.script.pop(0) if receiver.script else receiver.then)

        class Server(socketserver.ThreadingTCPServer):
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """The port that was free."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """An address that leads here."""
        return f"http://127.0.0.1:{self.port}/hook"
