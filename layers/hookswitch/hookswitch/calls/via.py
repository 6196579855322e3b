"""The stations of a call on its way: attendant, queue, ring group, parking slot, voicemail box, transfer and so on."""

from collections.abc import Iterator

from hookswitch.calls.facts import Fact
from hookswitch.calls.record import Step, Via
from hookswitch.calls.story import Story
from hookswitch.calls.transfers import transfers
from hookswitch.events.items import timestamp_of_seconds as time


def stations(story: Story) -> list[Via]:
    """Return the stations in the order of time."""
    found = [
        *_click_to_dial(story),
        *_machine(story),
        *_ring_group(story),
        *_forwards(story),
        *_parking(story),
        *_transfers(story),
        *_mailboxes(story),
    ]
    return [via for _, _, via in sorted(found, key=lambda station: station[:2])]


type _Station = tuple[int, int, Via]  # with its time and its place among those of the same second


def _click_to_dial(story: Story) -> Iterator[_Station]:
    if story.is_click_to_dial:
        yield story.started_at, 0, {"kind": "click_to_dial", "at": time(story.started_at)}


def _machine(story: Story) -> Iterator[_Station]:
    queue, conference = story.named("queue"), story.named("conference")
    at = story.machine_at
    if queue:
        first = at if at is not None else min((leg.earliest for leg in story.people), default=story.started_at)
        via: Via = {"kind": "queue", "at": time(first), "id": queue}
        if story.answered_at is not None:
            via["until"] = time(story.answered_at)
        yield first, 1, via
    elif conference:
        first = at if at is not None else story.started_at
        yield first, 1, {"kind": "conference", "at": time(first), "id": conference}
    elif at is not None and not story.notes.get("fax"):
        rang = any(leg.earliest <= at for leg in story.people)
        kind: Step = "voicemail" if rang else "attendant"
        if kind == "attendant" and "voicemail" in story.notes and not story.people:
            return  # the mailbox itself answered
        if kind == "voicemail" and "voicemail" in story.notes:
            return
        yield at, 1, {"kind": kind, "at": time(at)}


def _ring_group(story: Story) -> Iterator[_Station]:
    together = story.rung_together
    if together and not story.named("queue"):
        at = together[0].earliest
        yield at, 2, {"kind": "ring_group", "at": time(at), "phones": len(together)}


def _forwards(story: Story) -> Iterator[_Station]:
    for leg in story.people:
        forwarded = story.roles[leg.id] == "forwarded" or (
            story.direction == "inbound" and story.roles[leg.id] == "outside"
        )
        if forwarded:
            via: Via = {"kind": "forwarded", "at": time(leg.earliest)}
            if number := leg.detail("callee_number"):
                via["number"] = number
            yield leg.earliest, 3, via


def _parking(story: Story) -> Iterator[_Station]:
    parked: Fact | None = None
    for fact in story.facts:
        if fact.kind == "parked":
            if parked:
                yield _stay(parked, None)
            parked = fact
        elif fact.kind in {"retrieved", "left_parking"}:
            yield _stay(parked, fact)
            parked = None
    if parked:
        yield _stay(parked, None)


def _stay(parked: Fact | None, left: Fact | None) -> _Station:
    """Return a stay in a parking slot, of which one end may not have been seen."""
    via: Via = {"kind": "parking"}
    if parked:
        via["at"] = time(parked.at)
    if left:
        via["until"] = time(left.at)
        via["result"] = "retrieved" if left.kind == "retrieved" else "abandoned"
    seen = [fact for fact in (parked, left) if fact]
    if slot := next((fact.details["slot"] for fact in seen if "slot" in fact.details), ""):
        via["slot"] = slot
    return seen[0].at, 4, via


def _transfers(story: Story) -> Iterator[_Station]:
    for at, leg in transfers(story):
        via: Via = {"kind": "transfer", "at": time(at)}
        if leg and (number := story.person(leg).get("number")):
            via["number"] = number
        yield at, 5, via


def _mailboxes(story: Story) -> Iterator[_Station]:
    for fact in story.facts:
        if fact.kind == "voicemail":
            at = _mailbox_answered(story, fact)
            via: Via = {"kind": "voicemail", "at": time(at)}
            if mailbox := fact.details.get("mailbox"):
                via["mailbox"] = mailbox
            yield at, 6, via


def _mailbox_answered(story: Story, fact: Fact) -> int:
    """Return when the mailbox answered: when a machine did, unless people took the call in between."""
    at = story.machine_at
    return fact.at if at is None or any(leg.earliest > at for leg in story.people) else at
