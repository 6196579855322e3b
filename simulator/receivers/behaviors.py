"""What receivers do, and what bad ones do: routes for `Receiver`."""

import itertools

from simulator.receivers.server import Exchange, Route, head

HOUR = 3_600.0  # seconds: longer than anybody waits


def answering(status: int, body: bytes = b"", **headers: str) -> Route:
    """Answer with a status; `retry_after="7"` and the like become headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: exchange.answer(status, body, named)


def in_turn(*routes: Route) -> Route:
    """Answer requests by one route each; all later ones by the last."""
    upcoming = itertools.chain(routes[:-1], itertools.repeat(routes[-1]))

    def route(exchange: Exchange) -> None:
        next(upcoming)(exchange)

    return route


def redirecting(to: str, status: int = 302) -> Route:
    """Answer with a redirect."""
    return answering(status, location=to)


def hang(exchange: Exchange) -> None:
    """Answer nothing, and keep the connection."""
    exchange.wait(HOUR)


def slow(seconds: float) -> Route:
    """Answer 200 after some time."""

    def route(exchange: Exchange) -> None:
        exchange.wait(seconds)
        exchange.answer(200)

    return route


def drip_head(exchange: Exchange) -> None:
    """Send a head that never ends, a byte at a time."""
    exchange.send(b"HTTP/1.1 200 OK\r\nx-filler: ")
    while exchange.wait(0.02):
        exchange.send(b"x")


def drip_body(exchange: Exchange) -> None:
    """Send a whole head, then a body that never ends, a byte at a time."""
    exchange.status = 200
    exchange.send(head(200, {"content-type": "text/plain"}))
    while exchange.wait(0.02):
        exchange.send(b"x")


def continue_forever(exchange: Exchange) -> None:
    """Send one `100 Continue` after the other."""
    while exchange.wait(0.02):
        exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def close_at_once(exchange: Exchange) -> None:
    """Close the connection without an answer."""


def close_in_head(exchange: Exchange) -> None:
    """Close the connection half way through a head that begins with 200."""
    exchange.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/pl")


def close_in_body(exchange: Exchange) -> None:
    """Close the connection half way through the body."""
    exchange.status = 200
    exchange.send(head(200, {"content-length": "100"}) + b"half of")


def huge_body(exchange: Exchange) -> None:
    """Send a body of megabytes, as long as somebody reads it."""
    exchange.send(head(200, {"content-length": str(1 << 30)}))
    while not exchange.closing.is_set():
        exchange.send(b"x" * (1 << 20))


def huge_head(exchange: Exchange) -> None:
    """Send a head of megabytes, as long as somebody reads it."""
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    while not exchange.closing.is_set():
        exchange.send(b"x-filler: " + b"x" * 8_000 + b"\r\n")


def not_http(exchange: Exchange) -> None:
    """Answer in a protocol of one's own."""
    exchange.send(b"220 mail.example ESMTP\r\n")
