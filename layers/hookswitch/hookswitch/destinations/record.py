"""A destination: where its events go, which ones they are, how they are written, and how it is doing.

docs/destinations.md tells users what each setting means.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, get_args

type Type = Literal["https", "slack", "teams", "zapier", "sqs", "eventbridge"]
type State = Literal["on", "paused", "off"]

TYPES: tuple[str, ...] = get_args(Type.__value__)
HTTP_TYPES = frozenset({"https", "slack", "teams", "zapier"})
"""Those whose address is a URL, which is a secret."""

WHENS = ("missed", "voicemail", "answered", "abandoned", "busy", "failed", "any")
"""What a destination can ask for of calls. Each call is sent once, when it is final.

`missed` has what people mean by it: nobody took a call from outside, whoever gave up first.
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a destination gets: those that meet every condition that is set.

    Attributes:
        when: Words of WHENS: final calls, each once. If set, raw events come only if `hooks` or `types` name them.
        hooks: Raw events of these hooks.
        types: Types of CloudEvents, with or without their prefix; `call` has every change of every call.
        accounts: Ids of accounts on Dash, which stand for their descendants, too; empty for all that the stack serves.
        directions: inbound, outbound or internal.
        numbers: Beginnings of a number that takes part, as digits with or without +.
        quiet: When nothing is sent: such as `20:00-07:00`, `SAT-SUN` or `MON-FRI 18:00-08:00`, in the destination's
            zone. What happens then is sent afterwards.
    """

    when: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Return the filter in an item's attribute, as plain values."""
        return cls(**{name: tuple(str(value) for value in values) for name, values in attributes.items()})

    def to_attributes(self) -> dict[str, list[str]]:
        """Return the conditions that are set."""
        return {name: list(values) for name in self.__slots__ if (values := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Options:
    """How a destination's messages are written and paced.

    Attributes:
        zone: The IANA time zone of times in messages for people, and of the quiet hours.
        fields: A template of the payload: JSON text whose strings may name fields in braces; empty for the whole event.
        ordered: Whether the events of a call, device or mailbox are sent strictly one after the other.
        per_second: The most messages a second; 0 for no limit.
    """

    zone: str = "UTC"
    fields: str = ""
    ordered: bool = False
    per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
    """How a destination is doing. Times are Unix milliseconds, 0 for never.

    Attributes:
        last_success: When a message was last taken.
        failing_since: When the first of the failures since then was.
        failures: How many attempts have failed since then.
        next_attempt: While it fails, when the next attempt is due.
        last_answer: What the last attempt met, in words, without any secret.
        told: The last share of the time until it is switched off, in percent, at which people were told.
        is_slow: Whether its answers take so long that it is served apart.
    """

    last_success: int = 0
    failing_since: int = 0
    failures: int = 0
    next_attempt: int = 0
    last_answer: str = ""
    told: int = 0
    is_slow: bool = False

    def without_failures(self) -> "Health":
        """Return how it is doing if what failed so far counts no longer, so that it is tried at once."""
        return replace(self, failing_since=0, failures=0, next_attempt=0, told=0)


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination, without its address.

    Attributes:
        name: Its name, unique in the stack.
        id: Of this one alone: a name that is removed and added again is another destination.
        type: What is at the address.
        shown: The address as people may see it, such as `https://hooks.slack.com/…`.
        sealed: Address and signing secrets, encrypted.
        filter: Which events it gets.
        options: How they are written.
        state: on; paused, when its events are kept for it; off, when they are not.
        state_reason: Why it is paused or off, in words.
        state_since: Since when, in Unix milliseconds.
        created_at: Unix milliseconds.
        health: How it is doing.
        descendants: The descendants of the filter's accounts, which reconcile looks up on Dash.
    """

    name: str
    id: str
    type: Type
    shown: str
    sealed: bytes
    filter: Filter = field(default_factory=Filter)
    options: Options = field(default_factory=Options)
    state: State = "on"
    state_reason: str = ""
    state_since: int = 0
    created_at: int = 0
    health: Health = field(default_factory=Health)
    descendants: tuple[str, ...] = ()

    @property
    def whole_filter(self) -> Filter:
        """The filter with the descendants of its accounts."""
        return replace(self.filter, accounts=(*self.filter.accounts, *self.descendants))
