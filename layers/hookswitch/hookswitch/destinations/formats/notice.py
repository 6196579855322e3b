"""What people are told of an event: a title, what happened, and a few facts. Slack and Teams show the same.

Callers choose their name and number, and they are shown to people in our name. So no text from outside has more than
one line, nor a link.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hookswitch.calls.parties import UNKNOWN, named, ways_to_name
from hookswitch.destinations.formats.times import for_people
from hookswitch.events.envelope import TYPE_PREFIX
from hookswitch.events.kinds import CALL
from hookswitch.payloads.text import MAX_LINE, duration, one_line
from hookswitch.publishing.mail import unlinked

MAX_TITLE = 150  # characters of a header (Slack, "Header block")
MAX_TEXT = 1_500
MAX_QUOTE = 600  # characters of the transcription of a voicemail
MAX_FACTS = 12

_MARKS: Final[Mapping[str, str]] = {
    "answered": "\N{WHITE HEAVY CHECK MARK}",
    "voicemail": "\N{OPEN MAILBOX WITH RAISED FLAG}",
    "missed": "\N{NO MOBILE PHONES}",
    "abandoned": "\N{NO MOBILE PHONES}",
    "busy": "\N{NO ENTRY}",
    "failed": "\N{WARNING SIGN}",
}
_FAX, _CALL, _EVENT = "\N{FAX MACHINE}", "\N{TELEPHONE RECEIVER}", "\N{BELL}"
_OUTCOMES: Final[Mapping[str, str]] = {
    "answered": "answered",
    "voicemail": "left a voicemail",
    "missed": "not answered",
    "abandoned": "given up",
    "busy": "busy",
    "failed": "failed",
    "ringing": "ringing",
    "in_progress": "in progress",
}

# The facts of a raw event that are one field: its name, and what it is called.
_FIELDS: Final = (
    ("call_direction", "Direction"),
    ("parking_slot", "Parking slot"),
    ("hangup_cause", "Hang-up"),
    ("voicemail_box", "Mailbox"),
    ("message_count", "Messages"),
    ("max_message_count", "Most messages"),
    ("fax_error", "Error"),
    ("username", "Device"),
    ("user_agent", "Phone"),
    ("network_ip", "Address"),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told.

    Attributes:
        title: At most MAX_TITLE characters.
        text: What happened, in words; empty if the title says it all.
        line: All of it on one line, as a notification shows it.
        facts: What is known, as pairs of a label and a text; neither is empty.
        context: Which call or event it is, and whether it is a test or was sent again.
    """

    title: str
    text: str
    line: str
    facts: tuple[tuple[str, str], ...]
    context: str

    @classmethod
    def from_event(cls, event: Mapping[str, Any], zone: str) -> "Notice":
        """Return what people are told of a CloudEvent, with its time in an IANA time zone."""
        kind, data = event["type"].removeprefix(TYPE_PREFIX), event.get("data", {})
        is_call, is_test = kind == CALL and "call" in data, event["id"].startswith("test-")
        summary = event["summary"]
        title = _title_of_call(data) if is_call else f"{_EVENT} {summary}"
        text = _text_of_call(data, summary) if is_call else summary if len(title) > MAX_TITLE else ""
        facts = _facts_of_call(data, zone) if is_call else _facts(kind, event, data, zone)
        return cls(
            title=shown(f"Test: {title}" if is_test else title, MAX_TITLE),
            text=shown(text, MAX_TEXT),
            line=shown(summary),
            facts=tuple((label, text) for label, said in facts if (text := shown(said, MAX_QUOTE)))[:MAX_FACTS],
            context=" · ".join(shown(each) for each in _context(event, data, is_call=is_call, is_test=is_test)),
        )


def shown(text: str, limit: int = MAX_LINE) -> str:
    """Return text as one line that nothing makes a link of."""
    return one_line(unlinked(one_line(text, limit)), limit)


def _title_of_call(call: Mapping[str, Any]) -> str:
    direction, status, faxes = call.get("direction"), call.get("status") or call.get("state", ""), call.get("faxes")
    caller, callee = _briefly(call.get("from")), _briefly(call.get("to"))
    mark = _FAX if faxes else _MARKS.get(status, _CALL)
    if direction == "inbound" and status in {"missed", "abandoned"} and not faxes:
        return f"{mark} Missed call from {caller}"
    if direction == "inbound" and status == "voicemail":
        return f"{mark} Voicemail from {caller}"
    sides = {"inbound": f"from {caller}", "outbound": f"to {callee}"}.get(str(direction), f"from {caller} to {callee}")
    outcome = faxes[0].get("result", "") if faxes else _OUTCOMES.get(status, "")
    return f"{mark} {'Fax' if faxes else 'Call'} {sides}{f', {outcome}' if outcome else ''}"


def _text_of_call(call: Mapping[str, Any], summary: str) -> str:
    said = [call.get("reason") or summary]
    if "merged_into" in call:
        said.append("This call turned out to be a part of another one.")
    elif call.get("complete") is False and call.get("final"):
        said.append("Not everything about it was seen.")
    return " ".join(said)


def _facts_of_call(call: Mapping[str, Any], zone: str) -> Iterator[tuple[str, str]]:
    yield "From", named(call.get("from"))
    yield "To", named(call.get("to")) if call.get("to") else ""
    yield "When", for_people(call["started_at"], zone)
    if "wait_seconds" in call:
        yield "Waited", duration(int(call["wait_seconds"]))
    if taker := call.get("answered_by"):
        yield "Answered by", named(taker)
    if (last := call.get("reached")) and named(last) != named(taker):
        yield "Last with", named(last)
    if "talk_seconds" in call:
        yield "Talked", duration(int(call["talk_seconds"]))
    if message := call.get("voicemail"):
        yield "Voicemail", duration(int(message["seconds"])) if "seconds" in message else "of unknown length"
    for fax in call.get("faxes", ())[:1]:
        yield "Fax", ": ".join(filter(None, (fax["result"], fax.get("error"))))


def _facts(kind: str, event: Mapping[str, Any], data: Mapping[str, Any], zone: str) -> Iterator[tuple[str, str]]:
    """Yield the facts of an event as Dash sent it, in which any field can be of any type."""
    yield "Event", kind.replace("_", " ")
    for label, side, user in (("From", "caller", "from_user"), ("To", "callee", "to_user")):
        number = _text(data.get(f"{side}_id_number")) or ("" if "username" in data else _text(data.get(user)))
        who = named({"name": _text(data.get(f"{side}_id_name")), "number": number})
        yield label, "" if who == UNKNOWN else who
    yield "When", for_people(event["time"], zone)
    if seconds := _seconds(data.get("voicemail_length"), 1_000):
        yield "Voicemail", duration(seconds)
    if seconds := _seconds(data.get("duration_seconds"), 1):
        yield "Duration", duration(seconds)
    transcription = data.get("voicemail_transcription")
    spoken = transcription.get("text") if isinstance(transcription, Mapping) else transcription
    yield "Transcription", _text(spoken)
    yield from ((label, _text(data.get(name))) for name, label in _FIELDS)


def _context(event: Mapping[str, Any], data: Mapping[str, Any], *, is_call: bool, is_test: bool) -> Iterator[str]:
    if is_test:
        yield "A test: nobody called"
    if event.get("replay"):
        yield "Sent again"
    yield f"Call {data['call']}" if is_call else f"Event {event['id']}"
    yield f"Account {event['source'].removeprefix('dash/')}"


def _briefly(party: Mapping[str, Any] | None) -> str:
    """Return a party in a few words: the name, or else the number."""
    ways = ways_to_name(party)
    return "an unknown number" if ways == [UNKNOWN] else ways[-1] if any(map(str.isalpha, ways[-1])) else ways[0]


def _text(value: Any) -> str:
    """Return the text of one value; empty for anything else."""
    return "" if value is None or isinstance(value, bool | Mapping | list | tuple) else str(value)


def _seconds(value: Any, per_second: int) -> int:
    """Return a time span in whole seconds; 0 if it is none of a call's."""
    try:
        seconds = round(value / per_second)
    except (ArithmeticError, TypeError, ValueError):
        return 0
    return int(seconds) if 0 < seconds < 30 * 86_400 else 0
