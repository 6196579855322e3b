"""An office of thirty phones, whose calls are of all kinds and with callers of all sorts."""

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.calls import mix
from simulator.calls.cast import CAST, CUSTOMER, SUPPLIER, Member, document_id
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.steps import Step

# Of a day, in percent, from midnight on: busy mornings, a break at noon.
HOURS = (0, 0, 0, 0, 0, 0, 1, 3, 9, 13, 14, 11, 6, 10, 11, 10, 7, 3, 1, 1, 0, 0, 0, 0)
HOUR = 3_600

ROOMS: Mapping[str, int] = {"Front Desk": 2, "Sales": 10, "Support": 8, "Warehouse": 4, "Accounts": 4, "Manager": 2}
"""How many phones there are of each kind: thirty."""

CALLERS = (
    *("Harbor Dental", "Acme Supplies", "Café Zürich", "Ünïcode & Söhne", "WIRELESS CALLER", "Riverside School"),
    *("City Library", "Blue Door Bakery", "Northern Freight", "Garden Center", "Old Town Hotel", "Anonymous"),
)
MOST_NUMBERS = 60  # outside: so that some call again


class Office:
    """An office, whose calls are the same for the same seed.

    Args:
        seed: Draws everything.
        account_id: Its account.
    """

    def __init__(self, seed: int = 1, account_id: str = DEFAULT_ACCOUNT_ID) -> None:
        """Set up the phones."""
        self._rng = random.Random(seed)
        self._account_id = account_id
        self.phones = _phones()
        self._numbers = [f"+1555{self._rng.randrange(2_000_000, 9_999_999)}" for _ in range(MOST_NUMBERS)]

    def day(self, midnight: float, calls: int) -> Iterator[list[Step]]:
        """Yield the calls of a day, in no order.

        Args:
            midnight: When it begins, in Unix seconds.
            calls: How many there are.
        """
        for _ in range(calls):
            hour = self._rng.choices(range(24), HOURS)[0]
            yield self.call(midnight + hour * HOUR + self._rng.randrange(HOUR))

    def call(self, now: float) -> list[Step]:
        """Let a call of any kind begin at a time, in Unix seconds."""
        scenario = SCENARIOS[mix.draw(self._rng)]
        steps = scenario.events(rng=self._rng, account_id=self._account_id, now=now, interaction_ids=True)
        replaced = self._cast()
        longest_first = sorted(map(re.escape, replaced), key=len, reverse=True)
        pattern = re.compile("|".join(f"(?<!\\w){text}(?!\\w)" for text in longest_first))
        return [step._replace(payload=_replaced(step.payload, pattern, replaced)) for step in steps]

    def _cast(self) -> dict[str, str]:
        """Draw who plays whom in a call: what stands for the simulator's usual people, and for whom."""
        phones = [member for member in CAST.values() if member.device]
        replaced: dict[str, str] = {}
        for member, phone in zip(phones, self._rng.sample(self.phones, len(phones)), strict=True):
            for name in ("title", "number", "device", "owner", "username"):
                replaced[getattr(member, name)] = getattr(phone, name)
        for member in (CUSTOMER, SUPPLIER):
            at = self._rng.randrange(MOST_NUMBERS)
            replaced |= {member.number: self._numbers[at], member.title: CALLERS[at % len(CALLERS)]}
            replaced[member.number.removeprefix("+")] = self._numbers[at].removeprefix("+")
        return replaced


def _replaced(value: Any, pattern: re.Pattern[str], by: Mapping[str, str]) -> Any:
    """Return a value with what a pattern finds in all of its text replaced."""
    match value:
        case str():
            return pattern.sub(lambda found: by[found[0]], value)
        case dict():
            return {name: _replaced(inner, pattern, by) for name, inner in value.items()}
        case list():
            return [_replaced(inner, pattern, by) for inner in value]
    return value


def _phones() -> list[Member]:
    made = []
    for at, (room, count) in enumerate(ROOMS.items(), 1):
        for number in range(1, count + 1):
            name = f"{room.lower().replace(' ', '_')}_{number}"
            ids = (document_id(f"office device {name}"), document_id(f"office user {name}"))
            made.append(Member(name, f"{room} {number}", str(100 * at + number), *ids, f"office_{name}"))
    return made
