"""The fold: the records of calls as a pure function of the set of facts, and of the present.

Any order of the same facts, any number of times, gives the same records. docs/engineering/decisions/0084-call-fold.md
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hookswitch.calls.facts import Fact
from hookswitch.calls.graph import Group, groups
from hookswitch.calls.legs import Leg as LegFacts
from hookswitch.calls.record import Call, Fax, Leg, Notification, State, Voicemail
from hookswitch.calls.story import SETTLE_SECONDS, Story
from hookswitch.calls.verdict import judge
from hookswitch.calls.via import stations
from hookswitch.calls.words import summary
from hookswitch.events.items import timestamp_of_seconds as time

MAX_LEGS = 32  # in a record; all are counted
MAX_EVENTS = 200  # in a record
MAX_MISSING = 10  # sentences in a record


class Folded(NamedTuple):
    """A call as its facts tell it.

    Attributes:
        record: The record, without a revision of its own (0).
        group: The legs and the key.
        check_at: When the record may change without a new event, in Unix seconds; None if it can't.
    """

    record: Call
    group: Group
    check_at: int | None


def fold(facts: Iterable[Fact], now: int, settle_seconds: int = SETTLE_SECONDS) -> list[Folded]:
    """Return the calls that the facts of one account tell of, in the order of their beginnings.

    Args:
        facts: All facts about legs that belong together, in any order, also more than once.
        now: The present, in Unix seconds.
        settle_seconds: How long to wait for more after the last event of a call that has ended.
    """
    return [_fold(group, now, settle_seconds) for group in groups(facts)]


def _fold(group: Group, now: int, settle_seconds: int) -> Folded:
    story = Story(group, now)
    settles_at = story.last_received + settle_seconds
    verdict = judge(story)
    missing = list(_missing(story))
    final = story.is_over and (_is_settled(story, complete=not missing) or now >= settles_at)
    call: Call = {
        "call": group.key,
        "account_id": story.facts[0].account_id,
        "revision": 0,
        "state": _state(story),
        "final": final,
        "complete": not missing,
        "summary": "",
        "direction": story.direction,
        "started_at": time(story.started_at),
        "via": stations(story),
        "missed_call": [_notification(fact) for fact in story.facts if fact.kind == "missed"],
        "faxes": [_fax(fact) for fact in story.facts if fact.kind == "fax"],
        "leg_count": len(group.legs),
        "legs": [_leg(story, leg) for leg in group.legs[:MAX_LEGS]],
        "events": [fact.event_id for fact in story.facts[:MAX_EVENTS]],
    }
    if missing:
        call["missing"] = missing[:MAX_MISSING]
    if verdict.status:
        call["status"], call["reason"] = verdict.status, verdict.reason
    _add_times(call, story)
    _add_parties(call, story)
    if cause := story.root.cause:
        call["hangup_cause"] = cause
    if code := story.root.code:
        call["hangup_code"] = code
    if voicemail := next((fact for fact in story.facts if fact.kind == "voicemail"), None):
        call["voicemail"] = _voicemail(voicemail)
    call["summary"] = summary(call)
    return Folded(call, group, None if final else settles_at if story.is_over else story.closes_at)


def _state(story: Story) -> State:
    if story.is_over:
        return "ended"
    return "ringing" if story.answered_at is None and story.machine_at is None else "in_progress"


def _is_settled(story: Story, *, complete: bool) -> bool:
    """Tell whether nothing more can come, so that there is nothing to wait for.

    Of a call that somebody took, Dash sends no missed-call alert. No message is left where the caller's talk with a
    person ended the call, nor after a message. A call that Dash itself makes may be a fax, which is reported later.
    """
    is_made_by_dash = story.roles[story.root.id] == "outside"
    if not complete or story.ended_at is None or (is_made_by_dash and "fax" not in story.notes):
        return False
    if story.notes.get("voicemail"):
        return story.answered_at is None
    ends = [leg.ended_at for _, leg in story.takers if leg.ended_at is not None]
    return bool(ends) and max(ends) >= story.ended_at - 1


def _missing(story: Story) -> Iterator[str]:
    """Yield what was not seen, a sentence each."""
    for leg in story.group.legs:
        if not leg.channel:
            yield f"No event of leg {leg.id} was seen."
            continue
        if not leg.has_beginning:
            yield f"The beginning of leg {leg.id} was not seen."
        if leg.end is None and story.is_over:
            yield f"The end of leg {leg.id} was not seen."
        if leg.talk_seconds and not leg.first("answer"):
            yield f"The answer of leg {leg.id} was not seen."
        if _lacks_bridge(story, leg):
            yield f"What leg {leg.id} was connected to was not seen."
    parked = sum(fact.kind == "parked" for fact in story.facts)
    left = sum(fact.kind in {"retrieved", "left_parking"} for fact in story.facts)
    if parked > left and story.is_over:
        yield "How the parking ended was not seen."
    if left > parked:
        yield "How the parking began was not seen."


def _lacks_bridge(story: Story, leg: LegFacts) -> bool:
    """Tell whether somebody answered a leg and was connected to nobody, as far as was seen."""
    is_person = story.roles[leg.id] in {"phone", "forwarded", "outside"}
    if leg is story.root or not is_person or leg.direction != "outbound":
        return False
    return leg.result() == "answered" and not story.bridged[leg.id] and not leg.detail("conference")


def _add_times(call: Call, story: Story) -> None:
    if story.answered_at is not None:
        call["answered_at"] = time(story.answered_at)
        call["wait_seconds"] = max(0, story.answered_at - story.started_at)
    if story.ended_at is None:
        return
    call["ended_at"] = time(story.ended_at)
    call["duration_seconds"] = max(0, story.ended_at - story.started_at)
    if story.answered_at is not None:
        call["talk_seconds"] = max(0, story.ended_at - story.answered_at)
    else:
        call["wait_seconds"] = max(0, story.gave_up_at - story.started_at)


def _add_parties(call: Call, story: Story) -> None:
    if story.caller:
        call["from"] = story.caller
    if story.requested:
        call["requested"] = story.requested
        owners = {(leg.device, leg.detail("owner")) for leg in story.people if leg.direction == "outbound"}
        ((device, owner),) = owners if len(owners) == 1 and story.direction == "internal" else {("", "")}
        call["to"] = {**story.requested}
        if device:
            call["to"]["device"] = device
        if owner:
            call["to"]["owner"] = owner
    if story.takers:
        call["answered_by"] = story.person(story.takers[0][1])
        call["reached"] = story.person(story.takers[-1][1])


def _leg(story: Story, leg: LegFacts) -> Leg:
    told: Leg = {"leg": leg.id, "role": story.roles[leg.id], "result": leg.result()}
    _add_leg_times(told, leg)
    if leg.direction:
        told["direction"] = leg.direction
    if leg.talk_seconds is not None:
        told["talk_seconds"] = leg.talk_seconds
    if who := story.caller if leg.id == story.root.id else story.person(leg):
        told["party"] = who
    if bridged := sorted(story.bridged.get(leg.id, {})):
        told["bridged"] = bridged[:MAX_LEGS]
    if leg.cause:
        told["hangup_cause"] = leg.cause
    if leg.code:
        told["hangup_code"] = leg.code
    return told


def _add_leg_times(told: Leg, leg: LegFacts) -> None:
    answered = leg.answered_at if leg.result() in {"answered", "open", "unknown"} else None
    until = answered if answered is not None else leg.ended_at
    if leg.started_at is not None:
        told["started_at"] = time(leg.started_at)
        if until is not None:
            told["rang_seconds"] = max(0, until - leg.started_at)
    if answered is not None:
        told["answered_at"] = time(answered)
    if leg.ended_at is not None:
        told["ended_at"] = time(leg.ended_at)


def _voicemail(fact: Fact) -> Voicemail:
    details = fact.details
    told: Voicemail = {
        "id": details.get("id", ""),
        "at": time(fact.at),
        "transcribed": details.get("transcribed", False),
    }
    if mailbox := details.get("mailbox"):
        told["mailbox"] = mailbox
    if "seconds" in details:
        told["seconds"] = details["seconds"]
    return told


def _notification(fact: Fact) -> Notification:
    return {"at": time(fact.at), "recipients": fact.details.get("recipients", 0)}


def _fax(fact: Fact) -> Fax:
    details = fact.details
    told: Fax = {"at": time(fact.at), "result": details.get("result", "failed")}
    if fax_id := details.get("id"):
        told["id"] = fax_id
    if error := details.get("error"):
        told["error"] = error
    return told
