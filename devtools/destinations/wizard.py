"""Asks the person at the terminal what a new destination is to be."""

from collections.abc import Collection
from dataclasses import replace

from devtools.deploying.answers import Ask
from devtools.destinations.wishes import MESSAGES, USUAL, Wishes
from devtools.errors import LaptopError
from devtools.screen import say
from hookswitch.destinations.record import TYPES, WHENS, Type
from hookswitch.errors import InvalidDestinationError

KINDS = {
    "slack": "a message in a channel of Slack for each missed call",
    "teams": "the same in a channel of Microsoft Teams",
    "zapier": "flat JSON for Zapier, Make, n8n, and what they connect",
    "https": "signed JSON for a service of your own",
    "sqs": "a queue on AWS, also of another account",
    "eventbridge": "an event bus on AWS, and from there a hundred services",
}


def ask_for_type(ask: Ask) -> Type:
    """Return what is to be sent to."""
    say("Where should events go?")
    for name, meaning in KINDS.items():
        say(f"  {name}: {meaning}")
    while True:
        answer = ask("Type").lower()
        try:
            if kind := Wishes(type=answer).kind():
                return kind
            say(f"Write one of {', '.join(TYPES)}.", style="red")
        except LaptopError as error:
            say(str(error), style="red")


def ask_for_name(ask: Ask, kind: Type, taken: Collection[str]) -> str:
    """Return the name of a new destination; by default its type, with a number if there is one."""
    usual = next(
        name for number in range(1, len(taken) + 2) if (name := f"{kind}{number if number > 1 else ''}") not in taken
    )
    while (name := ask(f"Name (empty for {usual})") or usual) in taken:
        say(f"There is a destination {name} already.", style="red")
    return name


def ask_for_events(ask: Ask, kind: Type, wishes: Wishes) -> Wishes:
    """Return what was asked for, with the calls that are wanted."""
    usual = USUAL if kind in MESSAGES else "any"
    question = f"Which calls: {', '.join(WHENS)} (empty for {usual})"
    while True:
        asked = replace(wishes, when=ask(question) or usual)
        try:
            asked.filter(kind)
        except InvalidDestinationError as error:
            say(str(error), style="red")
        else:
            return asked
