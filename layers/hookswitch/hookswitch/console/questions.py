"""What a request asks of calls, read from its parameters and checked against what its user may see.

No parameter names a partition: each is made of the account, which is checked, and of the other parameters. So a cursor,
which only says after which call to go on, can't lead to anybody else's calls, and needs no signature.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Self, cast, get_args
from zoneinfo import ZoneInfo

from hookswitch.calls.items import PartyKind, party_key
from hookswitch.calls.log import Period, is_listed, position
from hookswitch.calls.record import Call, Direction, Status
from hookswitch.console.signing import decoded, encoded
from hookswitch.console.users import User
from hookswitch.errors import HookswitchError

MOST_DAYS = 92  # that one request may be about; each is a query
MOST_TEXT = 64  # characters of a number
EVER = datetime(1970, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=10)  # Dash's clock may be ahead

type Choice = Literal["answered", "voicemail", "missed", "abandoned", "busy", "failed", "nobody", "open"]
STATUSES: tuple[str, ...] = (*get_args(Status.__value__), "nobody", "open")
"""What `status` may be. `nobody` is every call from outside that nobody took; `open`, in progress."""

DIRECTIONS: tuple[str, ...] = get_args(Direction.__value__)
NOBODY = ("missed", "abandoned", "busy", "failed", "voicemail")

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_POSITION = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]{5,15}Z#[0-9a-f]{32}", re.ASCII)
PARTY = re.compile(r"(owner|device)/([0-9a-zA-Z_-]{1,64})", re.ASCII)


class InvalidParameterError(HookswitchError):
    """A parameter is not what it can be; the text says what it can."""


class UnknownError(HookswitchError):
    """There is no such account or call, or none that the user may see: answers don't tell which."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which calls are asked for.

    Attributes:
        account: Whose calls: an account that the user may see.
        period: In which they began.
        subject: Only those in which this number, owner or device took part: a key of the index; empty for all.
        statuses: Only those of these statuses; empty for all.
        directions: Only those of these directions; empty for all.
        before: The position after which to go on; empty for the beginning.
        is_dated: Whether a day was asked for.
        now: The present.
    """

    account: str
    period: Period
    subject: str
    statuses: frozenset[str]
    directions: frozenset[str]
    before: str
    is_dated: bool
    now: datetime

    @classmethod
    def read(cls, query: Mapping[str, str], user: User, own_account: str, zone: ZoneInfo, now: datetime) -> Self:
        """Return the question in the parameters of a request.

        Args:
            query: `account`, `day` and `until` (the first and the last day in the office's zone), `status` and
                `direction` (several separated by commas), `number` (in any way of writing it) or `party` (such as
                `owner/<id>`), `cursor`.
            user: Who asks.
            own_account: The stack's own account.
            zone: The office's.
            now: The present.

        Raises:
            UnknownError: The user may not see this account.
            InvalidParameterError: A parameter is invalid.
        """
        account = account_in(query, user, own_account)
        number, party = query.get("number", "").strip(), query.get("party", "")
        day, until = query.get("day", ""), query.get("until", "")
        is_dated = bool(day or until)
        start, end = (EVER, now + SKEW) if (number or party) and not is_dated else days_in(day, until, zone, now)
        period = start, min(end, now + SKEW)  # no query for a day that has not begun
        return cls(
            account,
            period,
            _subject(account, number, party),
            choices_in(query, "status", STATUSES),
            choices_in(query, "direction", DIRECTIONS),
            position_in(query.get("cursor", "")),
            is_dated,
            now,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether calls of the account and the subject are left out by what they are."""
        return bool(self.statuses or self.directions)

    @property
    def shows_open(self) -> bool:
        """Whether calls in progress belong to the answer: on its first page, if it reaches into the present."""
        return not self.before and self.period[0] <= self.now < self.period[1]

    def takes(self, call: Call) -> bool:
        """Tell whether a call of the account and the subject is asked for."""
        if not is_listed(call) or (self.directions and call["direction"] not in self.directions):
            return False
        return not self.statuses or bool(self.statuses & _words(call))


def account_in(query: Mapping[str, str], user: User, own_account: str) -> str:
    """Return the account that a request is about.

    Raises:
        UnknownError: The user may not see it.
    """
    account = query.get("account", "").lower() or user.usual_account(own_account)
    if not user.sees_account(account):
        raise UnknownError("There is no such account.")
    return account


def day_in(query: Mapping[str, str], zone: ZoneInfo, now: datetime) -> date:
    """Return the day that a request is about: today in the office, unless it says so.

    Raises:
        InvalidParameterError: It is no day.
    """
    text = query.get("day", "")
    return _day(text) if text else now.astimezone(zone).date()


def days_in(first: str, last: str, zone: ZoneInfo, now: datetime) -> Period:
    """Return when days of the office begin and end.

    Raises:
        InvalidParameterError: They are no days, too many, or in the wrong order.
    """
    today = now.astimezone(zone).date()
    end = _day(last) if last else _day(first) if first else today
    start = _day(first) if first else end
    if not 0 <= (end - start).days < MOST_DAYS:
        raise InvalidParameterError(f"until must be day or later, and {MOST_DAYS} days are shown at most.")
    return midnight(start, zone), midnight(end + timedelta(days=1), zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day of the office begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def cursor_after(call: Call) -> str:
    """Return the cursor with which the next page begins after a call."""
    return encoded(position(call))


def position_in(cursor: str) -> str:
    """Return the position that a cursor stands for.

    Raises:
        InvalidParameterError: It is not one of ours.
    """
    if not cursor:
        return ""
    text = decoded(cursor)
    try:
        datetime.fromisoformat(text.partition("#")[0])
    except ValueError:
        text = ""
    if not _POSITION.fullmatch(text):
        raise InvalidParameterError("This cursor is invalid. Begin with the first page.")
    return text


def _words(call: Call) -> set[str]:
    """Return which choices of `status` a call meets."""
    if call["state"] != "ended":
        return {"open", *([call["status"]] if "status" in call else [])}
    status = call.get("status", "")
    return {status, *(["nobody"] if call["direction"] == "inbound" and status in NOBODY else [])}


def _subject(account: str, number: str, party: str) -> str:
    if number and party:
        raise InvalidParameterError("Ask for a number or for a party, not for both.")
    if len(number) > MOST_TEXT:
        raise InvalidParameterError(f"A number has {MOST_TEXT} characters at most.")
    if not party:
        return party_key(account, "number", number) if number else ""
    if not (found := PARTY.fullmatch(party)):
        raise InvalidParameterError("party must be owner/<id> or device/<id>.")
    return party_key(account, cast("PartyKind", found[1]), found[2])


def choices_in(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> frozenset[str]:
    """Return which of several values a parameter has, separated by commas; empty if it has none.

    Raises:
        InvalidParameterError: It has another value.
    """
    found = frozenset(filter(None, query.get(name, "").split(",")))
    if not found <= {*allowed}:
        raise InvalidParameterError(f"{name} must be one or several of {', '.join(allowed)}.")
    return found


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            found = date.fromisoformat(text)
            if EVER.year < found.year < 9_000:  # noqa: PLR2004 - any zone can tell the days around it
                return found
    except ValueError:
        pass
    raise InvalidParameterError("A day is written as 2026-11-23.")
