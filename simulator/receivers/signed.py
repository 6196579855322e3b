"""A receiver that verifies signatures, written from the text of Standard Webhooks alone.

It shares no code with what signs: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable

from simulator.receivers.server import Exchange, Request

TOLERANCE = 300.0  # seconds that a timestamp may differ from the receiver's clock


class Signed:
    """A receiver as anybody might write it, as a route.

    Attributes:
        accepted: Every message that was verified, by its id: what came again is here once.
        copies: How often each of them came.
        refused: How many messages were not verified.
    """

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self.secret = secret
        self.accepted: dict[str, bytes] = {}
        self.copies: dict[str, int] = {}
        self.refused = 0
        self._clock = clock

    def __call__(self, exchange: Exchange) -> None:
        """Answer a message: 401 unless it is verified."""
        request = exchange.request
        if not is_authentic(request, self.secret, self._clock()):
            self.refused += 1
            exchange.answer(401, b"invalid signature")
            return
        message_id = request.headers["webhook-id"]
        self.accepted.setdefault(message_id, request.body)
        self.copies[message_id] = self.copies.get(message_id, 0) + 1
        exchange.answer(204)


def is_authentic(request: Request, secret: str, now: float) -> bool:
    """Return whether a request was signed with a secret, within minutes."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message_id, timestamp, signatures = (request.headers.get(name, "") for name in names)
    if not message_id or not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + request.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(
        version == "v1" and hmac.compare_digest(signature, expected)
        for version, _, signature in (entry.partition(",") for entry in signatures.split(" "))
    )
