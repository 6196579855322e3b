"""An office of thirty phones, whose calls are of all kinds and with callers of all sorts.

Its phones register with Dash, and drop off; it gets voicemails and faxes.
"""

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.calls import mix
from simulator.calls.cast import CAST, CUSTOMER, SUPPLIER, Member, document_id
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
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

SHIFT = 9 * HOUR  # seconds before the present in which the phones registered
DROPS = 0.1  # for each call
AWAY = (20, 90)  # seconds from which until which a phone that comes back is away
MESSAGES: tuple[tuple[str, float], ...] = (
    *(("voicemail", 0.4), ("inbound_fax", 1.1), ("outbound_fax", 2.2), ("outbound_fax_error", 3.3)),
    *(("attendant_voicemail", 5.5), ("inbound_fax_error", 21), ("outbound_fax", 26), ("voicemail", 50)),
)
"""Calls that leave a voicemail or carry a fax, and how many hours ago."""

FULL = 6.6  # hours ago a mailbox was full


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

    def call(self, now: float, kind: str = "") -> list[Step]:
        """Let a call begin at a time, in Unix seconds: one of any kind, or of a certain one."""
        scenario = SCENARIOS[kind or mix.draw(self._rng)]
        steps = scenario.events(rng=self._rng, account_id=self._account_id, now=now, interaction_ids=True)
        replaced = self._cast()
        longest_first = sorted(map(re.escape, replaced), key=len, reverse=True)
        pattern = re.compile("|".join(f"(?<!\\w){text}(?!\\w)" for text in longest_first))
        return [step._replace(payload=_replaced(step.payload, pattern, replaced)) for step in steps]

    def happen(self, now: float) -> list[Step]:
        """Let a call begin at a time, in Unix seconds; and with a few of them, let a phone drop that comes back."""
        steps = self.call(now)
        steps += self.drop(now) if self._rng.random() < DROPS else []
        return sorted(steps, key=lambda step: step.at)

    def messages(self, now: float) -> Iterator[list[Step]]:
        """Yield calls of the last days that left voicemails and carried faxes, some of which failed."""
        for kind, hours in MESSAGES:
            yield self.call(now - hours * HOUR, kind)
        at = now - FULL * HOUR
        full = payload("voicemail_full", rng=self._rng, now=at, account_id=self._account_id)
        yield [Step("voicemail_full", full, "A mailbox is full.", at)]

    def registrations(self, now: float) -> list[Step]:
        """Let all phones register before a time, in Unix seconds; two of them dropped, and one does again and again."""
        steps = [
            self._registration("register", phone, now - SHIFT + self._rng.randrange(HOUR)) for phone in self.phones
        ]
        gone, lost, restless = self._rng.sample(self.phones, 3)
        steps += [self._registration("deregister", gone, now - 0.3 * HOUR)]
        steps += [self._registration("deregister", lost, now - 2.5 * HOUR)]
        for at in range(12):
            steps += self.drop(now - (12 - at) * HOUR / 4, restless)
        return sorted(steps, key=lambda step: step.at)

    def drop(self, now: float, phone: Member | None = None) -> list[Step]:
        """Let a phone drop at a time, in Unix seconds, and register again soon."""
        dropped = phone or self._rng.choice(self.phones)
        back = now + self._rng.uniform(*AWAY)
        return [self._registration("deregister", dropped, now), self._registration("register", dropped, back)]

    def _registration(self, hook: str, phone: Member, at: float) -> Step:
        user = phone.username
        fields = dict.fromkeys(("username", "from_user", "to_user"), user) | {"authorizing_id": phone.device}
        fields |= {"owner_id": phone.owner} if hook == "register" else {}
        made = payload(hook, rng=self._rng, now=at, account_id=self._account_id, **fields)
        contact = f"sip:{user}@{made['network_ip']}:{made['network_port']};transport=udp"
        word = "registers" if hook == "register" else "drops off"
        return Step(hook, made | {"contact": contact}, f"{phone.title} {word}.", at)

    def _cast(self) -> dict[str, str]:
        """Draw who plays whom in a call: what stands for the simulator's usual people, and for whom."""
        phones = [member for member in CAST.values() if member.device]
        replaced: dict[str, str] = {}
        played: dict[str, Member] = {}
        for member, drawn in zip(phones, self._rng.sample(self.phones, len(phones)), strict=True):
            phone = played.setdefault(member.title, drawn)  # who has two phones has one here
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
