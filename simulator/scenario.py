"""A phone system's day in short, as the events that it fires."""

import random
from typing import Any, NamedTuple

from hookswitch.dash.hooks import HOOKS
from simulator.attempts import gregorian
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload


class Step(NamedTuple):
    """One event, the hook it belongs to, and what happens in words."""

    hook: str
    payload: dict[str, Any]
    note: str


class _Day:
    """Makes events of one account in the order of time."""

    def __init__(self, rng: random.Random, account_id: str, now: float) -> None:
        self.steps: list[Step] = []
        self._rng = rng
        self._account_id = account_id
        self._now = now

    @property
    def timestamp(self) -> int:
        """The present, in gregorian seconds."""
        return gregorian(self._now)

    def later(self, seconds: int) -> None:
        """Let time pass."""
        self._now += seconds

    def happens(self, hook: str, note: str, **fields: Any) -> dict[str, Any]:
        """Add an event that happens at present."""
        event = payload(hook, rng=self._rng, now=self._now, account_id=self._account_id, **fields)
        self.steps.append(Step(hook, event, note))
        return event


def scenario(
    rng: random.Random | None = None, account_id: str = DEFAULT_ACCOUNT_ID, now: float = 1_795_000_000
) -> list[Step]:
    """Return the steps of the day, all hooks among them, with times that never go back.

    Args:
        rng: A seeded generator, for a repeatable day.
        account_id: The account that it happens in.
        now: Unix seconds at which the day begins.
    """
    day = _Day(rng or random.Random(), account_id, now)
    _answered_call(day)
    _parked_call(day)
    _missed_call(day)
    _faxes(day)
    _phone(day)
    day.later(60)
    day.happens("notifications", "An event that only the catch-all knows.", event_name="voicemail_saved")
    for hook in HOOKS:
        if hook not in {step.hook for step in day.steps}:
            day.later(60)
            day.happens(hook, "Something that has no part in the story.")
    return day.steps


def _answered_call(day: _Day) -> None:
    first = day.happens("channel_create", "A call comes in.", call_direction="inbound")
    same = ("caller_id_name", "caller_id_number", "callee_id_name", "callee_id_number", "from", "to")
    parties = {name: first[name] for name in same}
    inbound = parties | {"call_id": first["call_id"], "custom_channel_vars": first["custom_channel_vars"]}
    day.later(1)
    second = day.happens(
        "channel_create",
        "A desk phone rings.",
        **parties,
        call_direction="outbound",
        other_leg_call_id=first["call_id"],
    )
    outbound = parties | {"call_id": second["call_id"], "custom_channel_vars": second["custom_channel_vars"]}
    to_desk = inbound | {"call_direction": "inbound", "other_leg_call_id": second["call_id"]}
    to_caller = outbound | {"call_direction": "outbound", "other_leg_call_id": first["call_id"]}
    day.later(5)
    day.happens("channel_answer", "The desk phone is picked up.", **to_caller)
    day.happens("channel_answer", "The caller is connected.", **to_desk)
    day.happens("channel_bridge", "They talk.", **to_desk)
    day.later(32)
    end = {"hangup_cause": "NORMAL_CLEARING", "hangup_code": "sip:200", "billing_seconds": 32}
    desk = {"duration_seconds": 37, "ringing_seconds": 5}
    day.happens("channel_destroy", "The desk phone hangs up.", **to_caller, **end, **desk)
    caller = {"duration_seconds": 38, "ringing_seconds": 6}
    day.happens("channel_destroy", "The caller's leg ends too.", **to_desk, **end, **caller)


def _parked_call(day: _Day) -> None:
    day.later(300)
    parked = day.happens("parking", "A call is parked.", event_name="PARK_PARKED")
    day.later(20)
    same = {name: value for name, value in parked.items() if name not in {"account_id", "event_name"}}
    day.happens("parking", "Somebody else picks it up.", event_name="PARK_RETRIEVED", **same)


def _missed_call(day: _Day) -> None:
    day.later(600)
    created = day.happens("channel_create", "A call that nobody takes.", call_direction="inbound")
    caller = {name: created[name] for name in ("call_id", "caller_id_name", "caller_id_number")}
    day.later(25)
    message = day.happens(
        "voicemail_new",
        "The caller leaves a message.",
        **caller,
        voicemail_length=21_480,
        voicemail_transcription={"result": "success", "text": "Please call back — it's urgent."},
    )
    day.happens("voicemail_full", "That was the last one that fits.", voicemail_box=message["voicemail_box"])
    day.later(1)
    numbers = {"duration_seconds": 26, "ringing_seconds": 26, "billing_seconds": 0}
    cause = {"hangup_cause": "NO_ANSWER", "hangup_code": "sip:480"}
    same = ("caller_id_name", "caller_id_number", "callee_id_name", "callee_id_number", "from", "to")
    parties = {name: created[name] for name in same}
    ended = {"call_id": created["call_id"], "other_leg_call_id": None}
    day.happens("channel_destroy", "The caller hangs up.", **parties, **ended, **cause, **numbers)
    day.happens("missed_call", "And it counts as missed.", **caller, message_left=True)


def _faxes(day: _Day) -> None:
    day.later(3600)
    day.happens("outbound_fax", "A fax is sent.")
    day.later(120)
    day.happens("outbound_fax_error", "Another one is not.")
    day.later(90)
    day.happens("inbound_fax_error", "One could not be received.")


def _phone(day: _Day) -> None:
    day.later(900)
    phone = day.happens("register", "A phone registers.")
    same = ("username", "realm", "contact", "network_ip", "network_port", "user_agent", "authorizing_id")
    day.later(360)
    day.happens("deregister", "The phone is gone.", **{name: phone[name] for name in same})
