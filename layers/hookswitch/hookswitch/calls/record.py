"""The record of a call: the one definition that the fold, docs/schemas/call.json and the commands follow.

Times are RFC 3339 in UTC. Dash tells them in whole seconds. Nothing here imports pydantic, as in events/envelope.py.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from hookswitch.events.envelope import Field

type State = Literal["ringing", "in_progress", "ended"]
type Status = Literal["answered", "voicemail", "missed", "abandoned", "busy", "failed"]
type Direction = Literal["inbound", "outbound", "internal"]
type Role = Literal["caller", "phone", "outside", "forwarded", "internal", "unknown"]
type LegResult = Literal[
    "open", "answered", "answered_elsewhere", "no_answer", "busy", "declined", "cancelled", "failed", "ended", "unknown"
]
type Step = Literal[
    "attendant", "queue", "ring_group", "parking", "voicemail", "transfer", "forwarded", "conference", "click_to_dial"
]

Time = Annotated[str, Field(format="date-time")]


class Party(TypedDict):
    """Somebody or something that takes part in a call, with what is known of it."""

    number: NotRequired[Annotated[str, Field("As Dash says it: E.164, an extension, or a SIP user.")]]
    name: NotRequired[str]
    extension: NotRequired[Annotated[str, Field("The number, if it is one of the account's: 2 to 6 digits.")]]
    device: NotRequired[Annotated[str, Field("Id of the device on Dash.")]]
    owner: NotRequired[Annotated[str, Field("Id of the user on Dash that the device belongs to.")]]


class Via(TypedDict):
    """A station of the call on its way, in the order of time."""

    kind: Step
    at: NotRequired[Time]
    until: NotRequired[Annotated[Time, Field("When the call left it, where that is known.")]]
    number: NotRequired[Annotated[str, Field("The number that the call was forwarded or transferred to.")]]
    slot: NotRequired[Annotated[str, Field("The parking slot.")]]
    result: NotRequired[Annotated[Literal["retrieved", "abandoned"], Field("How the parking ended.")]]
    mailbox: NotRequired[Annotated[str, Field("Id of the voicemail box.")]]
    id: NotRequired[Annotated[str, Field("Id of the queue or conference, where Dash says it.")]]
    phones: NotRequired[Annotated[int, Field("How many phones the ring group had.")]]


class Voicemail(TypedDict):
    """The message that the caller left; the first one, if there are several."""

    id: str
    at: NotRequired[Time]
    mailbox: NotRequired[str]
    seconds: NotRequired[int]
    transcribed: bool


class Notification(TypedDict):
    """A missed-call alert that Dash sent for the call."""

    at: Time
    recipients: Annotated[int, Field("How many e-mail addresses it went to.")]


class Fax(TypedDict):
    """A fax that one of the legs carried."""

    id: NotRequired[str]
    at: NotRequired[Time]
    result: Literal["sent", "received", "failed"]
    error: NotRequired[str]


class Leg(TypedDict):
    """One leg of the call, in the order of their beginnings."""

    leg: Annotated[str, Field("The call_id of the leg's events.")]
    role: Role
    result: LegResult
    direction: NotRequired[Annotated[str, Field("inbound or outbound, as seen from Dash.")]]
    started_at: NotRequired[Time]
    answered_at: NotRequired[Time]
    ended_at: NotRequired[Time]
    rang_seconds: NotRequired[int]
    talk_seconds: NotRequired[int]
    party: NotRequired[Party]
    bridged: NotRequired[Annotated[list[str], Field("The legs that it was connected to.")]]
    hangup_cause: NotRequired[str]
    hangup_code: NotRequired[str]


_From = TypedDict("_From", {"from": NotRequired[Annotated[Party, Field("Who called.")]]})


class Call(_From):
    """A call, as far as it is known.

    An event with it is published whenever it changes; keep the one with the highest `revision` for each `call`. The
    meaning of each status, and how it is decided: docs/calls.md.
    """

    call: Annotated[str, Field("The call's key.", pattern="^[0-9a-f]{32}$")]
    account_id: str
    revision: Annotated[int, Field("Counts up from 1 with each change.")]
    state: State
    final: Annotated[bool, Field("True once nothing more is expected. A late event can still add a revision.")]
    complete: Annotated[bool, Field("Whether the beginning and the end of every leg was seen.")]
    missing: NotRequired[Annotated[list[str], Field("What was not seen, a sentence each.")]]
    status: NotRequired[Annotated[Status, Field("Absent until the call is answered or has ended.")]]
    reason: NotRequired[Annotated[str, Field("Why it has that status, in words.")]]
    summary: Annotated[str, Field("One line for people.")]
    direction: Direction
    started_at: Time
    answered_at: NotRequired[Annotated[Time, Field("When a person answered.")]]
    ended_at: NotRequired[Time]
    wait_seconds: NotRequired[Annotated[int, Field("From the beginning until a person answered, or until the end.")]]
    talk_seconds: NotRequired[Annotated[int, Field("From a person's answer until the end; absent if nobody answered.")]]
    duration_seconds: NotRequired[int]
    to: NotRequired[Annotated[Party, Field("Who was called.")]]
    requested: NotRequired[Annotated[Party, Field("Whom the caller asked for first.")]]
    reached: NotRequired[Annotated[Party, Field("Who took the call last.")]]
    answered_by: NotRequired[Annotated[Party, Field("The first person who answered.")]]
    via: list[Via]
    hangup_cause: NotRequired[Annotated[str, Field("Of the caller's leg.")]]
    hangup_code: NotRequired[str]
    voicemail: NotRequired[Voicemail]
    missed_call: list[Notification]
    faxes: list[Fax]
    leg_count: int
    legs: Annotated[list[Leg], Field("The first 32 of them.")]
    events: Annotated[list[str], Field("Ids of the events that the record was made from; the first 200.")]
    merged_into: NotRequired[Annotated[str, Field("The call that this one turned out to be a part of.")]]
