"""`make demo`: a stack that is up, and an office of thirty phones whose calls go on while one looks at the page."""

import heapq
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from devtools.local import DASH_ACCOUNT_ID, STACK_FILE
from devtools.screen import say, step
from devtools.up import up
from hookswitch.dash.hooks import CATALOGUE
from simulator.calls.office import Office
from simulator.sender import Sender
from simulator.steps import Step
from simulator.webhooks import Webhook

EARLIER = 40  # calls that there were before one looks
EARLIER_HOURS = 6  # within which they were
AT_ONCE = 4  # calls whose events are delivered at the same time
HOUR = 3_600

type Deliver = Callable[[Step], None]


def demo(port: int, every: float) -> None:
    """Bring a stack up, and let calls happen until interrupted.

    Args:
        port: Port of the emulator.
        every: Seconds between two calls.

    Raises:
        LaptopError: A port is in use, or the build or the deployment failed.
    """
    up(port)
    office, deliver = Office(int(time.time())), _deliverer()
    with step(f"Calls of the last {EARLIER_HOURS} hours, messages and phones"):
        _play_earlier(office, deliver)
    say(f"A call begins every {every:g} seconds. Ctrl-C ends them; the stack stays until `make down`.")
    try:
        for event in in_real_time(office, every):
            deliver(event)
    except KeyboardInterrupt:
        say("No more calls.")


def in_real_time(
    office: Office, every: float, clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Step]:
    """Yield the events of an office's calls and phones, each when it happens, without end."""
    waiting: list[tuple[float, int, Step]] = []
    numbers = count()
    next_call = clock()
    while True:
        if clock() >= next_call:
            for event in office.happen(next_call):
                heapq.heappush(waiting, (event.at, next(numbers), event))
            next_call += every
        while waiting and waiting[0][0] <= clock():
            yield heapq.heappop(waiting)[2]
        sleep(max(0.0, min(next_call, waiting[0][0] if waiting else next_call) - clock()))


def _play_earlier(office: Office, deliver: Deliver) -> None:
    now = time.time()
    began = [now - EARLIER_HOURS * HOUR * (number + 1) / (EARLIER + 1) for number in range(EARLIER)]
    calls = [*map(office.call, began), *office.messages(now), office.registrations(now)]

    def play(steps: Sequence[Step]) -> None:
        for event in steps:
            if event.at < now:
                deliver(event)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(play, calls):
            pass


def _deliverer() -> Deliver:
    """Return what delivers an event to the stack that is up, as Dash does."""
    addresses = json.loads(STACK_FILE.read_text())["hooks"]
    sender = Sender()
    webhooks = {
        hook: Webhook.from_document(
            DASH_ACCOUNT_ID,
            {"name": hook, "uri": uri, "http_verb": "post", "format": "json", **CATALOGUE[hook].registration()},
        )
        for hook, uri in addresses.items()
    }

    def deliver(event: Step) -> None:
        sender.deliver(webhooks[event.hook], event.payload)

    return deliver
