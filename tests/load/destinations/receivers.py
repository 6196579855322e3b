"""Receivers that count: one HTTPS server, with a path for each destination."""

from collections import defaultdict

from simulator.receivers import behaviors
from simulator.receivers.server import Exchange
from simulator.receivers.signed import is_authentic


class CountingReceiver:
    """What is at one destination's address, as a route.

    Attributes:
        secret: What verifies its messages.
        account: The account whose events it is to get.
        arrivals: When each event arrived, in Unix seconds: as often as it did.
        unverified: How many messages were not signed with the secret.
        hangs: Whether it answers nothing.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.secret = ""
        self.arrivals: dict[str, list[float]] = defaultdict(list)
        self.unverified = 0
        self.hangs = False

    def __call__(self, exchange: Exchange) -> None:
        """Answer a message."""
        request = exchange.request
        if self.hangs:
            behaviors.hang(exchange)
            return
        if not is_authentic(request, self.secret, request.at):
            self.unverified += 1
            exchange.answer(401)
            return
        self.arrivals[request.headers["webhook-id"]].append(request.at)
        exchange.answer(204)
