"""A phone system's day in short, as the events that it fires."""

import random

from hookswitch.dash.hooks import SELECTABLE_HOOKS
from simulator.calls.scenarios import SCENARIOS
from simulator.calls.system import MAILBOX, PhoneSystem
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.steps import Step

CALLS = (
    "answered",
    "ring_group",
    "parked_retrieved",
    "voicemail",
    "abandoned",
    "attended_transfer",
    "internal_answered",
    "outbound_answered",
    "outbound_fax",
)
"""The calls of the day, in the order of time."""

BETWEEN_CALLS = 300  # seconds


def scenario(
    rng: random.Random | None = None, account_id: str = DEFAULT_ACCOUNT_ID, now: float = 1_795_000_000
) -> list[Step]:
    """Return the steps of the day, all hooks that a stack can be asked for among them, with times that never go back.

    Args:
        rng: A seeded generator, for a repeatable day.
        account_id: The account that it happens in.
        now: Unix seconds at which the day begins.
    """
    day = PhoneSystem(rng or random.Random(), account_id, now)
    for name in CALLS:
        SCENARIOS[name].play(day)
        day.wait(BETWEEN_CALLS)
    day.fire("voicemail_full", "A mailbox is full.", voicemail_box=MAILBOX)
    _failed_faxes(day)
    _phone(day)
    day.wait(60)
    day.fire("notifications", "An event that only the catch-all knows.", event_name="voicemail_saved")
    for hook in SELECTABLE_HOOKS:
        if hook not in {step.hook for step in day.steps}:
            day.wait(60)
            day.fire(hook, "Something that has no part in the story.")
    return day.steps


def _failed_faxes(day: PhoneSystem) -> None:
    day.wait(120)
    day.fire("outbound_fax_error", "A fax is not sent.")
    day.wait(90)
    day.fire("inbound_fax_error", "Another one could not be received.")


def _phone(day: PhoneSystem) -> None:
    day.wait(900)
    phone = day.fire("register", "A phone registers.")
    same = ("username", "realm", "contact", "network_ip", "network_port", "user_agent", "authorizing_id")
    day.wait(360)
    day.fire("deregister", "The phone is gone.", **{name: phone[name] for name in same})
