"""What locust runs: Dash's senders, as many as the hour of the day has, each with the next event that is due.

`python -m locust -f tests/load/locustfile.py --headless --stop-timeout 120`, with LOAD_PLAN naming a file that `run`
wrote. A sender that the shape removes finishes its delivery first.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gevent
from locust import LoadTestShape, User, events, task

from simulator.attempts import Attempt, AttemptLog, FailureWindow
from simulator.sender import Sender
from simulator.transport import emulator_resolver
from simulator.webhooks import Webhook
from tests.load.breaking import BreakingTransport
from tests.load.day import Break, Delivery, Size, day
from tests.load.shape import DAY, HOUR, senders
from tests.load.totals import Answer

PLAN: dict[str, Any] = json.loads(Path(os.environ["LOAD_PLAN"]).read_text())
SIZE = Size(**PLAN["size"])
RESELLER: str = PLAN["reseller"]
WEBHOOKS = {
    hook: Webhook(
        id=f"{number:032x}",
        account_id=RESELLER,
        name=hook,
        hook=hook,
        uri=uri,
        format="json",
        retries=3,
        include_subaccounts=True,
    )
    for number, (hook, uri) in enumerate(PLAN["uris"].items())
}
LAST_HOUR = 23
PACE = SIZE.seconds / DAY  # seconds of ours for one of the day
RETRY_INTERVAL = 0.2  # seconds; Dash waits two, which are eight minutes of a day in fast motion
NEVER = 10**9  # tries: connections break here oftener than Dash would stand without switching a webhook off
POLL = 0.05

_day: Iterator[tuple[int, Delivery]] = enumerate(day(SIZE).deliveries)
_began = time.monotonic()
_under_way = 0
_hour = 0
_done = False
_answers: list[Answer] = []


class DashSender(User):  # type: ignore[misc] # locust is not installed where types are checked
    """One delivery of Dash at a time."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._breaks: list[Break] = []
        self._sender = Sender(
            transport=BreakingTransport(emulator_resolver(PLAN["endpoint"]), breaks=self._breaks),
            retry_interval=RETRY_INTERVAL,
            failures=FailureWindow(limit=NEVER),
            log=AttemptLog(),
        )

    @task  # type: ignore[untyped-decorator] # the same
    def deliver(self) -> None:
        """Wait until the next event of the day happens, and deliver it."""
        global _under_way, _hour, _done  # noqa: PLW0603 - all senders take from one day
        number, delivery = next(_day, (0, None))
        if delivery is None:
            _done = True
            gevent.sleep(POLL)
            return
        _under_way += 1
        _hour = min(int(delivery.happening.at / HOUR), LAST_HOUR)
        try:
            due = _began + delivery.happening.at * PACE
            gevent.sleep(max(0.0, due - time.monotonic()))
            late = time.monotonic() - due
            self._breaks[:] = [delivery.breaks]
            self._deliver(number, delivery, late)
            if delivery.twice:
                self._deliver(number, delivery, late)
        finally:
            _under_way -= 1

    def _deliver(self, number: int, delivery: Delivery, late: float) -> None:
        attempts = self._sender.deliver(WEBHOOKS[delivery.happening.hook], delivery.happening.payload)
        answer = _answer(number, late, attempts)
        _answers.append(answer)
        self.environment.events.request.fire(
            request_type="POST",
            name=delivery.happening.hook,
            response_time=answer.milliseconds,
            response_length=len(attempts[-1].resp_body),
            exception=None if attempts[-1].delivered else RuntimeError(attempts[-1].client_error or answer.status),
        )


class Day(LoadTestShape):  # type: ignore[misc] # the same
    """As many senders as the hour has, until the day is over and all is delivered."""

    def tick(self) -> tuple[int, float] | None:
        """Return how many senders there are now, and how fast they may come."""
        if _done and not _under_way:
            return None
        return senders(_hour, SIZE.senders), float(SIZE.senders)


def _answer(number: int, late: float, attempts: list[Attempt]) -> Answer:
    last = attempts[-1]
    try:
        said = json.loads(last.resp_body)
    except ValueError:
        said = {}
    return Answer(
        number,
        late,
        len(attempts),
        last.status,
        str(said.get("status", "")),
        str(said.get("event_id", "")),
        last.duration_ms,
        time.time() - last.duration_ms / 1000,
    )


@events.quitting.add_listener  # type: ignore[untyped-decorator] # the same
def write(**_: Any) -> None:
    """Leave the answers for whoever started this."""
    Path(PLAN["answers"]).write_text(json.dumps([asdict(answer) for answer in _answers]))
