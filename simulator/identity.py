"""Ids, numbers and names for made-up events, repeatable from a seed."""

import base64
import random
import time
from uuid import UUID

from simulator.confidential import MARK, NAMES

FRESH = random.Random()
"""Where events without a generator of their own draw from; whoever wants to see the same again seeds it."""


class Identity:
    """Makes what is unique in an event.

    Args:
        rng: A seeded generator makes the same events again; without one they are new each time.
        now: Unix seconds that the event's time follows from; the wall clock if absent.
    """

    def __init__(self, rng: random.Random | None = None, now: float | None = None) -> None:
        self.rng = rng or FRESH
        self.now = time.time() if now is None else now

    def hex(self, digits: int = 32) -> str:
        """Return lowercase hex digits: 32 for a document, 16 for a message."""
        return f"{self.rng.getrandbits(digits * 4):0{digits}x}"

    def monthly(self) -> str:
        """Return the id of a document that is kept in a month's own database."""
        return f"{time.strftime('%Y%m', time.gmtime(self.now))}-{self.hex()}"

    def uuid(self) -> str:
        """Return a UUID in its usual form."""
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def call_id(self) -> str:
        """Return a SIP Call-ID as desk phones make them: base64 without padding."""
        return base64.b64encode(self.hex(32).encode()).decode().rstrip("=")

    def carrier_call_id(self) -> str:
        """Return a SIP Call-ID as carriers make them, with an address."""
        return f"{self.hex(32)}@10.20.0.{self.rng.randint(1, 254)}"

    def number(self) -> str:
        """Return a number in E.164, of the range that `confidential.NUMBER` recognises."""
        return f"+1555{self.rng.randint(2_000_000, 9_999_999)}"

    def name(self) -> str:
        """Return a caller's name, some of them not ASCII."""
        return self.rng.choice(NAMES)

    def secret(self, digits: int) -> str:
        """Return what nobody else may know, such as a password: the mark, and hex digits."""
        return f"{MARK}-{self.hex(digits)}"
