"""What people ask of a destination, in the words of the command line."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from devtools.errors import LaptopError
from hookswitch.destinations.filters import parse_filter
from hookswitch.destinations.record import TYPES, Filter, Options, Type

MESSAGES: Sequence[Type] = ("slack", "teams", "zapier")  # people read what these get
USUAL = "missed,voicemail"
NOTHING = "none"  # takes a condition away
YES, NO = {"1", "yes", "true", "on"}, {"0", "no", "false", "off"}

FILTER = ("when", "hooks", "types", "account", "numbers", "direction", "quiet")
OPTIONS = ("zone", "fields", "ordered", "rate")


@dataclass(frozen=True)
class Wishes:
    """The words, each empty if it was not written. `docs/destinations.md` explains them."""

    type: str = ""
    when: str = ""
    hooks: str = ""
    types: str = ""
    account: str = ""
    numbers: str = ""
    direction: str = ""
    quiet: str = ""
    zone: str = ""
    fields: str = ""
    ordered: str = ""
    rate: str = ""

    @property
    def written(self) -> list[str]:
        """The names of what was written, as they are on the command line."""
        return [field.name.upper() for field in fields(self) if getattr(self, field.name)]

    def kind(self) -> Type | None:
        """Return the type; None if it was not written.

        Raises:
            LaptopError: There is no such type.
        """
        word = self.type.strip().lower()
        if word and word not in TYPES:
            raise LaptopError(f"TYPE={self.type} is none. The types are {', '.join(TYPES)}.")
        return cast("Type", word) if word else None

    def filter(self, kind: Type, before: Filter | None = None) -> Filter:
        """Return which events are asked for.

        Args:
            kind: The destination's type. Messages for people are about missed calls and voicemail, unless hooks or
                types are asked for; other destinations get every final call.
            before: What the destination got before; what is not written stays.

        Raises:
            InvalidDestinationError: A word is not allowed.
        """
        words = {name: getattr(self, name) for name in FILTER}
        if before is None:
            if kind in MESSAGES and not (self.when or self.hooks or self.types):
                words["when"] = USUAL
        else:
            kept = dict(zip(FILTER, _words(before), strict=True))
            words = {name: words[name] or kept[name] for name in FILTER}
        return parse_filter(**{name: "" if word.strip().lower() == NOTHING else word for name, word in words.items()})

    def options(self, before: Options) -> Options:
        """Return how messages are to be written and paced; what is not written stays.

        Raises:
            LaptopError: A word is not allowed.
        """
        return Options(
            zone=_zone(self.zone) if self.zone else before.zone,
            fields=_template(self.fields) if self.fields else before.fields,
            ordered=_switch(self.ordered) if self.ordered else before.ordered,
            per_second=per_second(self.rate) if self.rate else before.per_second,
        )

    @property
    def changes_filter(self) -> bool:
        """Whether a condition was written."""
        return any(getattr(self, name) for name in FILTER)

    @property
    def changes_options(self) -> bool:
        """Whether an option was written."""
        return any(getattr(self, name) for name in OPTIONS)


def _words(which: Filter) -> list[str]:
    values = (
        *(which.when, which.hooks, which.types, which.accounts),
        *(which.numbers, which.directions, which.quiet),
    )
    return [",".join(value) for value in values]


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name.strip()).key
    except (KeyError, OSError, ValueError) as error:
        raise LaptopError(f"ZONE={name} is no time zone. Write one such as America/New_York.") from error


def _template(text: str) -> str:
    """Return the template of the payload: JSON, or the text of a file that has it."""
    if text.strip().lower() == NOTHING:
        return ""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise LaptopError(f"FIELDS can't be read: {reason}.") from error
    try:
        json.loads(text)
    except ValueError as error:
        raise LaptopError(
            f"""FIELDS is not valid JSON: {error}. Write FIELDS='{{"who": "{{data.from.name}}"}}'."""
        ) from error
    return text.strip()


def _switch(text: str) -> bool:
    word = text.strip().lower()
    if word not in YES | NO:
        raise LaptopError(f"ORDERED={text} is neither yes nor no. Write ORDERED=1 or ORDERED=0.")
    return word in YES


def per_second(text: str) -> float:
    """Return how many a second a RATE means; 0 for no limit.

    Raises:
        LaptopError: It is no number, or negative.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise LaptopError(
            f"RATE={text} is no number of messages a second. Write RATE=5, RATE=0.5, or RATE=0 for no limit."
        )
    return number
