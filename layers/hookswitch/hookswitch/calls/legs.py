"""Legs: what all facts about one leg say together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hookswitch.calls.facts import Fact, FactKind
from hookswitch.calls.record import LegResult, Party, Role

PHONE_TYPES = frozenset({"device", "user", "mobile"})  # values of authorizing_type that are phones of the account
EXTENSION = re.compile(r"[0-9*]{2,6}")
TRANSFER_CAUSES = frozenset({"ATTENDED_TRANSFER", "BLIND_TRANSFER"})
_CHANNEL_FACTS: frozenset[FactKind] = frozenset({"create", "answer", "bridge", "destroy", "lost"})
_NOT_TAKEN = frozenset({"LOSE_RACE", "ORIGINATOR_CANCEL", "PICKED_OFF"})

_RESULTS: dict[str, LegResult] = {
    "LOSE_RACE": "answered_elsewhere",
    "PICKED_OFF": "answered_elsewhere",
    "ORIGINATOR_CANCEL": "cancelled",
    "NO_ANSWER": "no_answer",
    "NO_USER_RESPONSE": "no_answer",
    "ALLOTTED_TIMEOUT": "no_answer",
    "USER_BUSY": "busy",
    "CALL_REJECTED": "declined",
    "NORMAL_CLEARING": "ended",
    "NORMAL_UNSPECIFIED": "ended",
    "ATTENDED_TRANSFER": "ended",
    "BLIND_TRANSFER": "ended",
}


def is_extension(number: str) -> bool:
    """Tell whether a number is one of the account's own: two to six digits."""
    return bool(EXTENSION.fullmatch(number))


def is_outside_number(number: str) -> bool:
    """Tell whether a number is one of somebody outside: digits, and more than the account's own have."""
    return number.removeprefix("+").isdecimal() and not is_extension(number)


@dataclass(frozen=True)
class Leg:
    """One leg, from the facts about it.

    Attributes:
        id: Its `call_id`.
        facts: The facts about it, in the order of time.
        mentions: When facts of other legs named it, in Unix seconds, the earliest first.
    """

    id: str
    facts: Sequence[Fact]
    mentions: Sequence[int] = field(default=())

    @cached_property
    def channel(self) -> list[Fact]:
        """The facts about the leg itself, without notifications."""
        return [fact for fact in self.facts if fact.kind in _CHANNEL_FACTS]

    def first(self, kind: FactKind) -> Fact | None:
        """Return the earliest fact of a kind."""
        return next((fact for fact in self.facts if fact.kind == kind), None)

    def detail(self, name: str) -> str:
        """Return the first value of a text among the details; empty without one.

        Notifications count only where no event of the leg itself was seen: a parking lot is nobody's name.
        """
        facts = self.channel or self.facts
        return next((str(fact.details[name]) for fact in facts if fact.details.get(name)), "")  # type: ignore[literal-required]

    def flag(self, name: str) -> bool:
        """Tell whether any fact of the leg has a flag."""
        return any(fact.details.get(name) for fact in self.facts)

    @cached_property
    def end(self) -> Fact | None:
        """The leg's real end: the last one, as a leg whose media server was lost can end twice."""
        return next((fact for fact in reversed(self.facts) if fact.kind == "destroy"), None)

    @cached_property
    def is_lost(self) -> bool:
        """Whether all that is known of the leg's end is that Dash lost its media server."""
        return self.end is None and self.first("lost") is not None

    @cached_property
    def started_at(self) -> int | None:
        """When it began: as its first event says, else as its end says, in Unix seconds."""
        created = self.first("create")
        if created:
            return created.at
        if self.end and "began" in self.end.details:
            return self.end.details["began"]
        if self.end and "duration" in self.end.details:
            return self.end.at - self.end.details["duration"]
        return self.channel[0].at if self.channel else None

    @cached_property
    def has_beginning(self) -> bool:
        """Whether its beginning was seen, by its first event or in its CDR."""
        in_cdr = self.end is not None and "recovered" in self.end.details and "duration" in self.end.details
        return in_cdr or self.first("create") is not None

    @cached_property
    def earliest(self) -> int:
        """The earliest moment at which the leg is known to exist."""
        known = [self.started_at] if self.started_at is not None else []
        return min([*known, *(fact.at for fact in self.facts), *self.mentions])

    @cached_property
    def ended_at(self) -> int | None:
        """When it ended."""
        return self.end.at if self.end else None

    @cached_property
    def talk_seconds(self) -> int | None:
        """How long it was answered, as its end says."""
        return self.end.details.get("billing") if self.end else None

    @cached_property
    def answered_at(self) -> int | None:
        """When it was answered: as its answer says, else as its end says, else when it was first bridged."""
        answered = self.first("answer")
        if answered:
            return answered.at
        if self.end and self.end.details.get("billing"):
            return self.end.at - self.end.details["billing"]
        bridged = self.first("bridge")
        return bridged.at if bridged else None

    @cached_property
    def direction(self) -> str:
        """`inbound` or `outbound`, as seen from Dash; empty if no event of it was seen."""
        return self.detail("direction")

    @property
    def cause(self) -> str:
        """Its hangup cause; empty while it lasts."""
        return self.end.details.get("cause", "") if self.end else ""

    @property
    def code(self) -> str:
        """Its hangup code; empty while it lasts."""
        return self.end.details.get("code", "") if self.end else ""

    @property
    def device(self) -> str:
        """The device that it belongs to, if that is a phone of the account."""
        return self.detail("device") if self.detail("authorizing_type") in PHONE_TYPES else ""

    @property
    def last_at(self) -> int:
        """The latest moment that is known of it."""
        return max([*(fact.at for fact in self.facts), *self.mentions])

    def result(self) -> LegResult:
        """Return how it went, in one word."""
        if not self.channel:
            return "unknown"
        if self.end is None:
            return "unknown" if self.is_lost else "open"
        if self.answered_at is not None and self.cause not in _NOT_TAKEN:
            return "answered"
        return _RESULTS.get(self.cause, "failed" if self.cause else "ended")

    def named_first(self) -> tuple[str, ...]:
        """Return the legs that it named first: those that it was begun for."""
        return next((fact.others for fact in self.channel if fact.others), ())

    def callee(self) -> Party:
        """Return whom it was to reach."""
        return party(self.detail("callee_number"), self.detail("callee_name"), self.device, self.detail("owner"))

    def caller(self) -> Party:
        """Return who began it."""
        return party(self.detail("caller_number"), self.detail("caller_name"), self.device, self.detail("owner"))


def party(number: str = "", name: str = "", device: str = "", owner: str = "") -> Party:
    """Return a party with what is known of it."""
    found: Party = {}
    if number:
        found["number"] = number
    if name and name != number:
        found["name"] = name
    if is_extension(number):
        found["extension"] = number
    if device:
        found["device"] = device
    if owner:
        found["owner"] = owner
    return found


def role(leg: Leg, legs: Mapping[str, Leg], root: Leg) -> Role:
    """Return what part a leg plays (docs/dash-protocol.md, section 6).

    Args:
        leg: The leg.
        legs: All legs of the call, by their ids.
        root: The leg that began the call.
    """
    if leg.id == root.id:
        return "outside" if leg.direction == "outbound" and not is_phone(leg) else "caller"
    if not leg.channel:
        return "unknown"
    if leg.flag("internal"):
        return "internal"
    if leg.direction == "inbound":
        return _of_inbound(leg)
    # A leg to a carrier can carry the phone that calls.
    sources = [legs[other] for other in leg.named_first() if other in legs and not legs[other].flag("internal")]
    return _of_outbound(leg, frozenset(source.device for source in sources if source.device))


def is_phone(leg: Leg) -> bool:
    """Tell whether a leg that began a call is a phone of the account."""
    return _of_inbound(leg) == "phone" if leg.direction != "outbound" else _of_outbound(leg, frozenset()) == "phone"


def _of_inbound(leg: Leg) -> Role:
    kind = leg.detail("authorizing_type")
    if kind:
        return "phone" if kind in PHONE_TYPES else "outside"
    if leg.flag("carrier"):
        return "outside"
    return "phone" if is_extension(leg.detail("caller_number")) else "outside"


def _of_outbound(leg: Leg, caller_devices: frozenset[str]) -> Role:
    if leg.flag("forwarded"):
        return "forwarded"
    kind = leg.detail("authorizing_type")
    if kind in PHONE_TYPES and leg.device not in caller_devices:
        return "phone"
    if kind or leg.flag("carrier"):
        return "outside"
    return "outside" if is_outside_number(leg.detail("callee_number")) else "phone"
