"""Calls with all their legs and events, in the order of time."""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from simulator.payloads import payload

SAME = ("caller_id_name", "caller_id_number", "callee_id_name", "callee_id_number", "from", "to")


class Happening(NamedTuple):
    """One event.

    Attributes:
        at: Seconds since midnight; may be those of the next day.
        account: The account that it happens in.
        hook: The hook that Dash fires.
        payload: What it sends.
    """

    at: float
    account: str
    hook: str
    payload: dict[str, Any]


class Story:
    """Events of one account from a moment on.

    Attributes:
        happenings: All that happened, in order.
    """

    def __init__(self, rng: random.Random, account: str, at: float, midnight: float) -> None:
        self.happenings: list[Happening] = []
        self.rng = rng
        self._account, self._at, self._midnight = account, at, midnight

    def later(self, least: float, most: float) -> int:
        """Let time pass, in whole seconds, and return how much."""
        seconds = round(self.rng.uniform(least, most))
        self._at += seconds
        return seconds

    def happens(self, hook: str, **fields: Any) -> dict[str, Any]:
        """Add an event that happens now."""
        event = payload(hook, rng=self.rng, now=self._midnight + self._at, account_id=self._account, **fields)
        self.happenings.append(Happening(self._at, self._account, hook, event))
        return event


def answered_call(story: Story) -> None:
    """Somebody calls, a desk phone rings and is picked up: two legs, seven events. Some are parked in between."""
    caller, desk = _ringing(story)
    ringing = story.later(2, 20)
    story.happens("channel_answer", **desk)
    story.happens("channel_answer", **caller)
    story.happens("channel_bridge", **caller)
    talking = story.later(20, 400)
    if story.rng.random() < PARKED:
        parked = story.happens("parking", event_name="PARK_PARKED", call_id=caller["call_id"])
        talking += story.later(5, 60)
        fields = {"event_name": "PARK_RETRIEVED", "call_id": caller["call_id"], "parking_slot": parked["parking_slot"]}
        story.happens("parking", **fields)
    _end(story, (desk, caller), ringing, talking)


def missed_call(story: Story) -> None:
    """Nobody picks up, and the caller hangs up."""
    caller, desk = _ringing(story)
    ringing = story.later(10, 30)
    _end(story, (desk, caller), ringing, 0)
    story.happens("missed_call", call_id=caller["call_id"], message_left=False)


def voicemail(story: Story) -> None:
    """Nobody picks up, and the caller leaves a message."""
    caller, desk = _ringing(story)
    ringing = story.later(15, 30)
    _end(story, (desk,), ringing, 0)
    story.happens("channel_answer", **caller)
    talking = story.later(10, 60)
    story.happens("voicemail_new", call_id=caller["call_id"], voicemail_length=talking * 1000)
    _end(story, (caller,), ringing, talking)
    story.happens("missed_call", call_id=caller["call_id"], message_left=True)


def registration(story: Story) -> None:
    """A phone registers, and some lose their registration later."""
    phone = story.happens("register")
    if story.rng.random() < LOST:
        story.later(360, 7200)
        same = ("username", "realm", "contact", "network_ip", "network_port", "user_agent", "authorizing_id")
        story.happens("deregister", **{name: phone[name] for name in same})


def fax(story: Story) -> None:
    """A fax is sent, or not."""
    story.happens("outbound_fax" if story.rng.random() < SENT_FAXES else "outbound_fax_error")


# Assumptions, no customer's figures: how often a call goes in each way, and the rest for each account and day.
PARKED = 0.03
LOST = 0.2
SENT_FAXES = 0.9
CALLS: dict[Callable[[Story], None], float] = {answered_call: 0.75, missed_call: 0.15, voicemail: 0.10}
OTHERS: dict[Callable[[Story], None], float] = {registration: 1.0, fax: 0.05}


def _ringing(story: Story) -> tuple[dict[str, Any], dict[str, Any]]:
    """Begin a call, and return what the events of each of its two legs have in common."""
    first = story.happens("channel_create", call_direction="inbound")
    parties = {name: first[name] for name in SAME}
    story.later(0, 2)
    outbound = {"call_direction": "outbound", "other_leg_call_id": first["call_id"]}
    second = story.happens("channel_create", **parties, **outbound)
    caller = {"call_id": first["call_id"], "call_direction": "inbound", "other_leg_call_id": second["call_id"]}
    return parties | caller, parties | outbound | {"call_id": second["call_id"]}


def _end(story: Story, legs: tuple[dict[str, Any], ...], ringing: int, talking: int) -> None:
    cause = ("NORMAL_CLEARING", "sip:200") if talking else ("NO_ANSWER", "sip:480")
    seconds = {"duration_seconds": ringing + talking, "ringing_seconds": ringing, "billing_seconds": talking}
    for leg in legs:
        story.happens("channel_destroy", **leg, hangup_cause=cause[0], hangup_code=cause[1], **seconds)
