"""Sends the scenario to a stack in every encoding that Dash supports, each event twice."""

import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devtools.local import DASH_ACCOUNT_ID
from devtools.screen import Detail
from devtools.stack import Stack
from simulator.attempts import Attempt
from simulator.dash import Dash, Firing
from simulator.encoding import UnsendableError, get_url
from simulator.scenario import scenario

ENCODINGS: Mapping[str, Mapping[str, str]] = {  # with the template's parameters that ask Dash for them
    "post json": {"HttpVerb": "post", "PayloadFormat": "json"},
    "post form": {"HttpVerb": "post", "PayloadFormat": "form-data"},
    "get": {"HttpVerb": "get"},
}
DAY = 3 * 3600  # the scenario begins that many seconds ago, so that all of it has happened


@dataclass(frozen=True)
class Answer:
    """A hook's answer to one delivery.

    Attributes:
        code: The HTTP status; None if there was no answer.
        status: What became of the delivery, as the hook names it.
        event_id: Empty if the hook named none.
        ms: Milliseconds until the answer arrived.
        text: The whole answer, or why there is none.
    """

    code: int | None
    status: str
    event_id: str
    ms: float
    text: str

    @classmethod
    def of(cls, attempt: Attempt) -> "Answer":
        """Return the answer to the last try of an attempt."""
        if attempt.status is None:
            return cls(None, "", "", attempt.duration_ms, attempt.client_error or "no answer")
        text = attempt.resp_body.decode(errors="replace")
        try:
            document = json.loads(text)
        except ValueError:
            document = {}
        said: Mapping[str, Any] = document if isinstance(document, dict) else {}
        status, event_id = str(said.get("status", "")), str(said.get("event_id", ""))
        return cls(attempt.status, status, event_id, attempt.duration_ms, text)


@dataclass(frozen=True)
class Sent:
    """One event of the scenario in one encoding.

    Attributes:
        hook: Its hook.
        encoding: One of `ENCODINGS`.
        answers: To the first delivery and to the second; none if Dash can't send the event in this encoding.
        elsewhere: The answers of the catch-all, to which Dash delivers notifications as well.
    """

    hook: str
    encoding: str
    answers: tuple[Answer, ...]
    elsewhere: tuple[Answer, ...] = ()

    @property
    def event_id(self) -> str:
        """The event id in the first answer."""
        return self.answers[0].event_id if self.answers else ""


def send_scenario(dash: Dash, stack: Stack, encoding: str, detail: Detail) -> list[Sent]:
    """Play the scenario once on a Dash, which calls the registered webhooks, and return what was sent."""
    return list(_send(dash, stack, encoding, detail))


def _send(dash: Dash, stack: Stack, encoding: str, detail: Detail) -> Iterator[Sent]:
    rng = random.Random(encoding)  # noqa: S311 - no cryptography: the same day in every run, another one for each encoding
    steps = scenario(rng, DASH_ACCOUNT_ID, time.time() - DAY)
    for step in steps:
        detail(step.note)
        if encoding == "get" and not _fits_a_url(stack.public_url(step.hook), step.payload):
            yield Sent(step.hook, encoding, ())
            continue
        firings = [firing for _ in range(2) for firing in dash.fire(DASH_ACCOUNT_ID, step.hook, step.payload, step.leg)]
        yield Sent(
            step.hook,
            encoding,
            tuple(_answer(firing) for firing in firings if _hook_of(firing) == step.hook),
            tuple(_answer(firing) for firing in firings if _hook_of(firing) != step.hook),
        )


def _fits_a_url(uri: str, payload: Mapping[str, Any]) -> bool:
    try:
        get_url(uri, payload)
    except UnsendableError:
        return False
    return True


def _hook_of(firing: Firing) -> str:
    return firing.webhook.uri.split("/")[-2]


def _answer(firing: Firing) -> Answer:
    return Answer.of(firing.attempts[-1])
