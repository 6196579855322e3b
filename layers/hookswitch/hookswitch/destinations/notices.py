"""What operators are told about a destination that fails for long, before it is switched off.

A destination is switched off after SWITCH_OFF of nothing but failures, and not before both warnings were published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from hookswitch.aws import clients
from hookswitch.aws.clients import QUICK
from hookswitch.destinations.record import Destination, Health
from hookswitch.payloads.text import one_line

SWITCH_OFF = timedelta(days=5)
WARNINGS = (50, 75)  # percent of that time
SWITCHED_OFF = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell operators.

    Attributes:
        percent: How much of the time is over; `SWITCHED_OFF` says that the destination is off now.
        subject: The subject of an e-mail.
        text: Its text.
    """

    percent: int
    subject: str
    text: str


def due(destination: Destination, health: Health, now: int, stack: str) -> Notice | None:
    """Return what operators have to be told now about a destination that fails; None if nothing.

    Args:
        destination: The destination.
        health: How it is doing, after the last attempt.
        now: Unix milliseconds.
        stack: The stack's name.
    """
    if not health.failing_since:
        return None
    share = 100 * (now - health.failing_since) / (SWITCH_OFF.total_seconds() * 1000)
    steps = [percent for percent in (*WARNINGS, SWITCHED_OFF) if percent > health.told]
    if not steps or share < steps[0]:
        return None
    return _warning(destination, health, steps[0], stack)


def gone(destination: Destination, stack: str) -> Notice:
    """Return what operators are told about a destination that wants no more events."""
    text = f"It answered 410, which says that it wants no more events. {_how_to_go_on(destination)}"
    return Notice(SWITCHED_OFF, _subject(destination, "is switched off", stack), text)


def publish(notice: Notice, topic_arn: str) -> None:
    """Tell operators.

    Raises:
        ClientError, BotoCoreError: SNS does not accept the message.
    """
    clients.sns(QUICK).publish(TopicArn=topic_arn, Subject=notice.subject, Message=notice.text)


def off(reason: str, now: int) -> Mapping[str, object]:
    """Return the attributes of a destination that is switched off."""
    return {"state": "off", "state_reason": reason, "state_since": now}


def _warning(destination: Destination, health: Health, percent: int, stack: str) -> Notice:
    met = f"The last attempt met: {health.last_answer}."
    days = SWITCH_OFF.days
    if percent < SWITCHED_OFF:
        text = (
            f"It has taken nothing for {percent} % of {days} days, after which it is switched off. Its events are kept "
            f"for it. {met} `make destination TEST={destination.name}` tries it now."
        )
        return Notice(percent, _subject(destination, "does not take its events", stack), text)
    text = f"It has taken nothing for {days} days. {met} {_how_to_go_on(destination)}"
    return Notice(percent, _subject(destination, "is switched off", stack), text)


def _how_to_go_on(destination: Destination) -> str:
    return (
        "Its events stay in the table of events. When it can take them again, "
        f"`make destination RESUME={destination.name}` sends what it missed."
    )


def _subject(destination: Destination, what: str, stack: str) -> str:
    return one_line(f"{stack}: destination {destination.name} {what}", 99)  # SNS, Publish: less than 100 characters
