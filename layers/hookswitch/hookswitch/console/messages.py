"""Voicemails and faxes, with those that failed, newest first.

docs/engineering/console-api.md describes the answers.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from hookswitch.calls.items import call_id, leg_id
from hookswitch.calls.log import CallLog, Item, Period
from hookswitch.calls.record import Call
from hookswitch.console.feeds import Feeds, Place
from hookswitch.console.questions import SKEW, InvalidParameterError, account_in, choices_in, days_in
from hookswitch.console.signing import decoded, encoded
from hookswitch.console.users import User
from hookswitch.dash.hooks import NOTIFICATIONS
from hookswitch.payloads.text import one_line, part

PAGE = 50  # messages
FEED_PAGE = PAGE + 2  # entries of a feed that are read at once: the one after a page tells whether there is another
MOST_EXAMINED = 1_000  # events that one page is chosen from: the catch-all tells of much else
USUAL_DAYS = 7
MOST_TEXT = 4_000  # characters of a transcription
LONGEST = 86_400_000  # milliseconds; a larger number is not the length of a message
MOST_PAGES = 100_000  # of a fax; a larger number is not how many it has

KINDS: Mapping[str, str] = {
    "voicemail_new": "voicemail",
    "voicemail_full": "voicemail",
    "outbound_fax": "fax",
    "outbound_fax_error": "fax",
    "inbound_fax_error": "fax",
    NOTIFICATIONS: "fax",
}
"""Of what kind the events of each hook are. Of received faxes only the catch-all tells."""

FAILURES = frozenset({"voicemail_full", "outbound_fax_error", "inbound_fax_error"})
RECEIVED = "inbound_fax"  # the event of the catch-all
RECEIVED_SUMMARY = f"Notification {RECEIVED}"  # by which the index tells it from the catch-all's others

FIELDS = (
    *("event_name", "caller_id_number", "caller_id_name", "callee_id_number", "callee_id_name", "from_user", "to_user"),
    *("voicemail_box", "voicemail_length", "voicemail_transcription", "message_count", "max_message_count"),
    *("fax_info", "fax_error", "system_log_id"),
)
READ = ("hook", "account_id", "occurred_at", "summary", "call_id", *(f"payload.{name}" for name in FIELDS))

_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2}T[\d:.]{5,15}Z#\d\d#\d{4}-\d{2}-\d{2}T[\d:.]{5,15}Z)#([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages are asked for.

    Attributes:
        account: Whose: an account that the user may see.
        period: In which they came or failed.
        hooks: Of which hooks.
        before: Where the page before ended; None for the beginning.
        with_text: Whether transcriptions may be shown.
    """

    account: str
    period: Period
    hooks: tuple[str, ...]
    before: Place | None
    with_text: bool

    @classmethod
    def read(cls, query: Mapping[str, str], user: User, own_account: str, zone: ZoneInfo, now: datetime) -> Self:
        """Return what the parameters of a request ask for.

        Args:
            query: `account`, `day` and `until` (the first and the last day in the office's zone; the last seven
                without them), `kind` (several separated by commas), `failed` (1 for failures only), `cursor`.
            user: Who asks.
            own_account: The stack's own account.
            zone: The office's.
            now: The present.

        Raises:
            UnknownError: The user may not see this account.
            InvalidParameterError: A parameter is invalid.
        """
        account = account_in(query, user, own_account)
        day, until = query.get("day", ""), query.get("until", "")
        if not day and not until:
            day, until = usual_days(zone, now)
        start, end = days_in(day, until, zone, now)
        kinds = choices_in(query, "kind", tuple(dict.fromkeys(KINDS.values())))
        failed = bool(choices_in(query, "failed", ("1",)))
        hooks = tuple(
            hook for hook, kind in KINDS.items() if (not kinds or kind in kinds) and (not failed or hook in FAILURES)
        )
        period = start, min(end, now + SKEW)  # no query for a day that has not begun
        return cls(account, period, hooks, _place_in(query.get("cursor", "")), "payloads" in user.roles)


def usual_days(zone: ZoneInfo, now: datetime) -> tuple[str, str]:
    """Return the first and the last day that are shown unless others are asked for."""
    today = now.astimezone(zone).date()
    return (today - timedelta(days=USUAL_DAYS - 1)).isoformat(), today.isoformat()


def page(log: CallLog, feeds: Feeds, wanted: Wanted) -> dict[str, object]:
    """Return a page of messages, newest first.

    Args:
        log: The account's calls.
        feeds: The account's events.
        wanted: What is asked for.
    """
    chosen: list[Item] = []
    cursor = None
    for examined, entry in enumerate(feeds.newest(wanted.hooks, wanted.period, wanted.before), 1):
        if _may_be_message(entry):
            if len(chosen) == PAGE:
                cursor = cursor_after(chosen[-1])
                break
            chosen.append(entry)
        if examined == MOST_EXAMINED:
            cursor = cursor_after(entry)
            break
    keys = [str(entry["event_id"]) for entry in chosen]
    return {
        "account": wanted.account,
        "messages": _rows(log, log.items(keys, READ), with_text=wanted.with_text),
        "cursor": cursor,
    }


def of_call(log: CallLog, call: Call, *, with_text: bool) -> dict[str, object]:
    """Return the messages that belong to a call, newest first; all of them are on this page."""
    found = [item for item in reversed(log.events(call)) if item.get("hook") in KINDS]
    return {"account": log.account, "messages": _rows(log, found, with_text=with_text), "cursor": None}


def cursor_after(entry: Item) -> str:
    """Return the cursor with which the next page begins after an event."""
    place = Place.of(entry)
    return encoded(f"{place.timeline_key}#{place.event_id}")


def _place_in(cursor: str) -> Place | None:
    """Return the place that a cursor stands for; it names no account, so it leads into none.

    Raises:
        InvalidParameterError: It is not one of ours.
    """
    if not cursor:
        return None
    if found := _CURSOR.fullmatch(decoded(cursor)):
        place = Place(found[1], found[2])
        try:
            return place if place.at else None
        except ValueError:
            pass
    raise InvalidParameterError("This cursor is invalid. Begin with the first page.")


def _may_be_message(entry: Item) -> bool:
    return entry.get("hook") != NOTIFICATIONS or entry.get("summary") == RECEIVED_SUMMARY


def _rows(log: CallLog, found: Iterable[Item], *, with_text: bool) -> list[dict[str, object]]:
    items = [item for item in found if item.get("account_id") == log.account and _is_message(item)]
    calls = _calls(log, items)
    return [_row(item, calls.get(_leg(log.account, item), {}), with_text=with_text) for item in items]


def _is_message(item: Item) -> bool:
    return item["hook"] != NOTIFICATIONS or _payload(item).get("event_name") == RECEIVED


def _calls(log: CallLog, items: Sequence[Item]) -> dict[str, Mapping[str, Any]]:
    """Return the calls that messages belong to, by the items of the legs that carried them."""
    legs = [*dict.fromkeys(filter(None, (_leg(log.account, item) for item in items)))]
    calls = {str(leg["event_id"]): str(leg["call"]) for leg in log.items(legs, ("call",)) if leg.get("call")}
    keys = [*dict.fromkeys(map(call_id, calls.values()))]
    fields = ("account_id", "payload.call", "payload.merged_into", "payload.to")
    records = {
        str(item["event_id"]): _payload(item)
        for item in log.items(keys, fields)
        if item.get("account_id") == log.account
    }
    return {leg: records[call_id(call)] for leg, call in calls.items() if call_id(call) in records}


def _leg(account: str, item: Item) -> str:
    """Return the key of the leg that carried a message. A full mailbox names its caller's leg as the log's id only."""
    leg = item.get("call_id") or (_payload(item).get("system_log_id") if item["hook"] == "voicemail_full" else None)
    return leg_id(account, leg) if isinstance(leg, str) else ""


def _row(item: Item, call: Mapping[str, Any], *, with_text: bool) -> dict[str, object]:
    hook, payload = str(item["hook"]), _payload(item)
    transcription = payload.get("voicemail_transcription")
    shown = {
        "event_id": item["event_id"],
        "hook": hook,
        "kind": KINDS[hook],
        "failed": hook in FAILURES,
        "occurred_at": item["occurred_at"],
        "from": _party(payload, "caller_id_number", "from_user", "caller_id_name"),
        "to": call.get("to") or _party(payload, "callee_id_number", "to_user", "callee_id_name"),
        "mailbox": part(_text(payload, "voicemail_box")) or None,
        "seconds": _seconds(payload),
        "pages": _pages(payload) if KINDS[hook] == "fax" else None,
        "transcribed": bool(transcription),
        "reason": _reason(hook, payload),
        "summary": item["summary"],
        "call": call.get("merged_into") or call.get("call"),
    }
    return shown | ({"transcription": _transcription(transcription)} if with_text else {})


def _party(payload: Mapping[str, Any], number: str, user: str, name: str) -> dict[str, str] | None:
    found = {"number": part(_text(payload, number) or _text(payload, user)), "name": part(_text(payload, name))}
    return {key: value for key, value in found.items() if value} or None


def _seconds(payload: Mapping[str, Any]) -> int | None:
    milliseconds = _number(payload.get("voicemail_length"), LONGEST)
    return None if milliseconds is None else (milliseconds + 500) // 1000


def _pages(payload: Mapping[str, Any]) -> int | None:
    """Return how many pages were sent or received; the type of the number is another one in other releases."""
    said = payload.get("fax_info")
    return _number(said.get("fax_transferred_pages"), MOST_PAGES) if isinstance(said, Mapping) else None


def _reason(hook: str, payload: Mapping[str, Any]) -> str | None:
    """Return why a message failed, as far as Dash says it."""
    if hook == "voicemail_full":
        count, most = (_number(payload.get(name), LONGEST) for name in ("message_count", "max_message_count"))
        return None if count is None or most is None else f"{count} of {most} messages"
    return part(_text(payload, "fax_error")) or None if hook in FAILURES else None


def _transcription(said: object) -> str | None:
    """Return what was said in a message: Dash sends it as text, or as an object with its text."""
    text = said.get("text") if isinstance(said, Mapping) else said
    return one_line(text, MOST_TEXT) or None if isinstance(text, str) else None


def _payload(item: Item) -> Mapping[str, Any]:
    payload = item.get("payload")
    return payload if isinstance(payload, Mapping) else {}


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def _number(value: object, most: int) -> int | None:
    try:
        number = int(str(value))
    except ValueError:
        return None
    return number if 0 <= number <= most else None
