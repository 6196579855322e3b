"""What each leg of a call was doing when, worked out from the call's record."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import pairwise

from hookswitch.calls.record import Call, Leg

PEOPLE = ("phone", "outside", "forwarded")  # roles of legs that a person answers

type Stretch = tuple[float, float]
"""From and until, in Unix seconds."""


class Doing(Enum):
    """What a leg is doing; the later ones hide the earlier ones."""

    RINGING = "ringing"
    WAITING = "with a machine, or waiting"  # an attendant, a queue or a mailbox has answered
    TALKING = "talking"
    PARKED = "parked"


@dataclass(frozen=True)
class Span:
    """A stretch of a leg's life.

    Attributes:
        doing: What the leg did.
        start: When that began, in Unix seconds.
        end: When that ended.
    """

    doing: Doing
    start: float
    end: float


@dataclass(frozen=True)
class Life:
    """When a leg began, was answered and ended, as far as that is known.

    Attributes:
        start: When it began, in Unix seconds; None if no time of it is known.
        answer: When it was answered; None if it was not.
        end: When it ended, or until when the call is known if it has not ended.
    """

    start: float | None
    answer: float | None
    end: float

    @classmethod
    def of(cls, leg: Leg, until: float) -> "Life":
        """Return the life of a leg of a call that is known until some time."""
        began, answered = _seconds(leg.get("started_at")), _seconds(leg.get("answered_at"))
        ended = _seconds(leg.get("ended_at"))
        end = max(time for time in (ended or until, began, answered) if time is not None)
        if answered is None and leg.get("talk_seconds"):
            answered = end - leg["talk_seconds"]
        known = [time for time in (began, answered, ended) if time is not None]
        return cls(min(known) if known else None, answered, end)


def bounds(call: Call, now: datetime) -> Stretch:
    """Return when a call began and ended, or `now` if it has not, all its legs included: a second at least."""
    names = ("started_at", "answered_at", "ended_at")
    times = [_seconds(str(value)) for leg in call["legs"] for name in names if (value := leg.get(name))]
    times += [_seconds(call["started_at"]), _seconds(call.get("ended_at"))]
    times += [now.timestamp()] if call["state"] != "ended" else []
    known = [time for time in times if time is not None]
    return min(known), max(*known, min(known) + 1)


def spans(call: Call, now: datetime) -> list[list[Span]]:
    """Return what each leg did, in the order of the legs and of time; nothing for a leg without any time."""
    _, until = bounds(call, now)
    lives = {leg["leg"]: Life.of(leg, until) for leg in call["legs"]}
    partners = _partners(call["legs"])
    parked = list(_stations(call, "parking", until))
    conferences = list(_stations(call, "conference", until))
    return [
        list(_of_leg(lives[leg["leg"]], _talks(call, leg, lives, partners[leg["leg"]], conferences), parked))
        for leg in call["legs"]
    ]


def _of_leg(life: Life, talks: Iterable[Stretch], parked: Sequence[Stretch]) -> Iterator[Span]:
    if life.start is None:
        return
    answer = life.end if life.answer is None else life.answer
    layers = [(Doing.RINGING, life.start, answer), (Doing.WAITING, answer, life.end)]
    layers += [(Doing.TALKING, start, end) for start, end in talks]
    # Who parks a call leaves it; whoever stays in it for longer is parked.
    layers += [(Doing.PARKED, start, min(end, life.end)) for start, end in parked if answer <= start < life.end]
    yield from _flattened(layers)


def _flattened(layers: Sequence[tuple[Doing, float, float]]) -> Iterator[Span]:
    """Yield the spans that are seen when the layers lie on each other, the last on top."""
    times = sorted({time for _, *both in layers for time in both})
    seen: list[Span] = []
    for start, end in pairwise(times):
        top = [doing for doing, begins, ends in layers if begins <= start and end <= ends]
        if not top:
            continue
        if seen and seen[-1].doing is top[-1] and seen[-1].end == start:
            start = seen.pop().start  # noqa: PLW2901 - the span goes on
        seen.append(Span(top[-1], start, end))
    if not seen and layers:
        seen.append(Span(Doing.RINGING, layers[0][1], layers[0][1]))  # it began and ended in one second
    yield from seen


def _talks(
    call: Call, leg: Leg, lives: Mapping[str, Life], partners: Iterable[str], conferences: Iterable[Stretch]
) -> Iterator[Stretch]:
    """Yield when a leg was connected to another one that was answered."""
    mine = lives[leg["leg"]]
    if mine.answer is None:
        return
    together = [lives[other] for other in partners if other in lives]
    for other in together:
        if other.answer is not None:
            yield from _overlap((mine.answer, mine.end), (other.answer, other.end))
    for meeting in conferences:  # in which nobody talks alone
        for other in (life for name, life in lives.items() if name != leg["leg"] and life.answer is not None):
            for start, end in _overlap((mine.answer, mine.end), meeting):
                yield from _overlap((start, end), (other.answer or start, other.end))
    if not together:
        by_person = _seconds(call.get("answered_at"))
        if leg["role"] in PEOPLE:
            yield mine.answer, mine.end
        elif leg["role"] == "caller" and by_person is not None:
            yield from _overlap((mine.answer, mine.end), (by_person, mine.end))


def _partners(legs: Sequence[Leg]) -> Mapping[str, set[str]]:
    """Return to which legs each was connected, also by way of the internal legs that stand between."""
    next_to: dict[str, set[str]] = {leg["leg"]: set() for leg in legs}
    for leg in legs:
        for other in leg.get("bridged", ()):
            next_to[leg["leg"]].add(other)
            next_to.setdefault(other, set()).add(leg["leg"])
    between = {leg["leg"] for leg in legs if leg["role"] == "internal"}

    def reached(leg: str) -> set[str]:
        found, ahead = {leg}, [leg]
        while ahead:
            new = next_to[ahead.pop()] - found
            found |= new
            ahead += new & between
        return found - {leg} - between or found - {leg}

    return {leg: reached(leg) for leg in next_to}


def _stations(call: Call, kind: str, until: float) -> Iterator[Stretch]:
    for step in call["via"]:
        start = _seconds(step.get("at"))
        if step["kind"] == kind and start is not None:
            yield start, _seconds(step.get("until")) or until


def _overlap(one: Stretch, other: Stretch) -> Iterator[Stretch]:
    start, end = max(one[0], other[0]), min(one[1], other[1])
    if start < end:
        yield start, end


def _seconds(time: str | None) -> float | None:
    return datetime.fromisoformat(time).timestamp() if time else None
