"""What the route function does: notes which destinations are owed an event, and wakes their senders.

Everything it does can be repeated. If it fails anywhere, its batch comes again, and the same rows are written.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.destinations import clock
from hookswitch.destinations.filters import is_once, matches
from hookswitch.destinations.record import Destination
from hookswitch.destinations.rows import LIVE, Lane, Owed, key_of_event
from hookswitch.destinations.stored import read_image, to_event
from hookswitch.destinations.table import DestinationTable
from hookswitch.destinations.waking import wake
from hookswitch.errors import NotTakenError, UnavailableServiceError
from hookswitch.events.attributes import Image
from hookswitch.events.envelope import TYPE_PREFIX
from hookswitch.events.kinds import CALL
from hookswitch.observability.log import logger
from hookswitch.settings.destinations import RouteSettings

REMEMBERED_SECONDS = 300  # for which destinations are remembered whose version is the same

type Event = Mapping[str, Any]


@dataclass(slots=True)
class _Memory:
    """The destinations that an environment of the function remembers."""

    version: int = -1
    read_at: float = 0.0
    destinations: Sequence[Destination] = ()
    by_account: Mapping[str, Sequence[Destination]] = field(default_factory=dict)


class Router:
    """Matches events with destinations."""

    def __init__(self, settings: RouteSettings) -> None:
        """Prepare to route events."""
        self._settings = settings
        self._table = DestinationTable(settings.destinations_table)
        self._memory = _Memory()

    def route(self, bodies: Mapping[str, str]) -> set[str]:
        """Route the events in messages; return the ids of messages that are not events.

        Args:
            bodies: The messages' bodies, by their ids.

        Raises:
            NotTakenError: A service did not do its part; all of it can be done again.
        """
        events, unreadable = _read(bodies)
        try:
            self._route([*events.values()])
        except UnavailableServiceError as error:
            raise NotTakenError(f"Events could not be routed. {error}") from error
        except CALL_ERRORS as error:
            raise NotTakenError(f"Events could not be routed ({error_reason(error)}).") from error
        return unreadable

    def _route(self, events: Sequence[Event]) -> None:
        self._refresh()
        if not self._memory.destinations:
            return
        whole = self._with_data(events)
        matched = [(event, destination) for event in whole for destination in self._candidates(event)]
        matched = [(event, destination) for event, destination in matched if matches(destination.whole_filter, event)]
        if not matched:
            return
        ordered = {key_of_event(event["id"]) for event, destination in matched if destination.options.ordered}
        places = {key: str(image["timeline_key"]["S"]) for key, image in self._images(ordered).items()}
        owed: dict[str, list[Owed]] = defaultdict(list)
        for event, destination in matched:
            once = is_once(destination.filter, event)
            owed[destination.id].append(owed_delivery(event, place=places.get(event["id"], ""), once=once))
        self._table.owe(owed)
        woken = {destination.id: destination for _, destination in matched if destination.state == "on"}
        wake(woken.values(), clock.now(), self._settings.send_queue, self._settings.retry_queue)
        logger.info("Events are owed.", extra={"events": len(events), "destinations": len(owed)})

    def _refresh(self) -> None:
        """Read the destinations again if one was added, changed or removed, and now and then how they are doing."""
        version, memory = self._table.version(), self._memory
        if version == memory.version and time.monotonic() < memory.read_at + REMEMBERED_SECONDS:
            return
        found = [standing.destination for standing in self._table.standings()]
        wanted = [destination for destination in found if destination.state != "off"]
        by_account: dict[str, list[Destination]] = defaultdict(list)
        for destination in wanted:
            for account in destination.whole_filter.accounts or ("",):
                by_account[account].append(destination)
        self._memory = _Memory(version, time.monotonic(), wanted, by_account)

    def _candidates(self, event: Event) -> Iterable[Destination]:
        """Return the destinations whose filter may match an event: those of its account, and those of all accounts."""
        by_account = self._memory.by_account
        account = str(event["source"]).partition("/")[2]
        return [*by_account.get("", ()), *by_account.get(account, ())]

    def _with_data(self, events: Sequence[Event]) -> list[Event]:
        """Return events, with the data of those that were too large to be published with theirs."""
        keys = {key_of_event(event["id"]) for event in events if "data" not in event}
        images = self._images(keys)
        found: list[Event] = []
        for event in events:
            image = images.get(key_of_event(event["id"])) if "data" not in event else None
            found.append(event if image is None else to_event(image))
        return [event for event in found if "data" in event]

    def _images(self, keys: Iterable[str]) -> dict[str, Image]:
        return {key: image for key in keys if (image := read_image(self._settings.events_table, key))}


def owed_delivery(  # noqa: PLR0913 - what a delivery is made of
    event: Event, *, place: str = "", lane: Lane = LIVE, once: bool = False, again: bool = False, replay: bool = False
) -> Owed:
    """Return the delivery of an event.

    Args:
        event: A CloudEvent.
        place: What it is sorted by; empty for its time.
        lane: Whether it happens now, or is caught up with.
        once: See `Owed`.
        again: See `Owed`.
        replay: See `Owed`.
    """
    is_call = event["type"] == f"{TYPE_PREFIX}{CALL}"
    data: Mapping[str, Any] = event.get("data") or {}
    return Owed(
        key=key_of_event(event["id"]),
        lane=lane,
        moment=str(data["started_at"]) if is_call else place or f"{event['time']}#{event['receivedtime']}",
        subject=str(event.get("subject") or event["id"]),
        since=clock.now(),
        stamp=uuid4().hex,
        once=once,
        again=again,
        replay=replay,
    )


def _read(bodies: Mapping[str, str]) -> tuple[dict[str, Event], set[str]]:
    events: dict[str, Event] = {}
    unreadable: set[str] = set()
    for message, body in bodies.items():
        try:
            event = json.loads(body)
            _ = event["id"], event["type"], event["source"], event["time"], event["receivedtime"]
            events[message] = event
        except (LookupError, TypeError, ValueError) as error:
            logger.error("A message is not an event: %s", type(error).__name__, extra={"message_id": message})
            unreadable.add(message)
    return events, unreadable
