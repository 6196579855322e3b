"""What the destinations function does when people ask about destinations."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import singledispatchmethod
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from hookswitch.destinations import clock, signing
from hookswitch.destinations.checks import check, checked_address, usual_options
from hookswitch.destinations.filters import is_once, matches
from hookswitch.destinations.leases import Standing
from hookswitch.destinations.record import Destination, Filter
from hookswitch.destinations.requests import (
    Add,
    Added,
    Attempted,
    Attempts,
    AttemptView,
    Done,
    Edit,
    List,
    Listed,
    Owe,
    Pause,
    Remove,
    Request,
    Resend,
    Resume,
    Rotate,
    Sweep,
    View,
)
from hookswitch.destinations.route import owed_delivery
from hookswitch.destinations.rows import LIVE, PAST, Lane, key_of_event, options_attribute
from hookswitch.destinations.sealing import Sealed, SigningSecret, seal, unseal
from hookswitch.destinations.stored import read_image, to_event
from hookswitch.destinations.sweep import sweep
from hookswitch.destinations.table import DestinationTable
from hookswitch.destinations.waking import wake
from hookswitch.errors import InvalidDestinationError, RequestError, UnknownDestinationError
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import DestinationsSettings

MOST_COUNTED = 1_000  # of a backlog
AT_ONCE = 16  # destinations that are looked at at the same time


class Manager:
    """Answers requests about destinations.

    Every method raises ClientError or BotoCoreError if a service does not accept a call, and those that name a
    destination raise UnknownDestinationError if there is none of that name.
    """

    def __init__(self, settings: DestinationsSettings, metrics: MetricsRecorder) -> None:
        """Prepare to answer."""
        self._settings, self._metrics = settings, metrics
        self._table = DestinationTable(settings.destinations_table)

    @singledispatchmethod
    def carry_out(self, request: Request) -> BaseModel:
        """Do what is asked for, and return the answer.

        Raises:
            DestinationError, AddressError: What is asked for can't be done; the text says what can.
        """
        raise RequestError(f"{request.verb} can't be asked of this function.")

    @carry_out.register
    def _add(self, request: Add) -> Added:
        options = request.options or usual_options(request.type, self._settings.time_zone)
        check(request.type, request.filter, options)
        shown = checked_address(request.type, request.url, self._settings.test_hosts)
        identity, secret = uuid4().hex, signing.new_secret() if request.type == "https" else ""
        secrets = Sealed(request.url, (SigningSecret(secret),) if secret else ())
        now = clock.now()
        destination = Destination(
            name=request.name,
            id=identity,
            type=request.type,
            shown=shown,
            sealed=seal(secrets, identity, self._key()),
            filter=self._reach(request.filter),
            options=options,
            state_since=now,
            created_at=now,
        )
        self._table.add(destination)
        return Added(destination=_view(destination), secret=secret)

    @carry_out.register
    def _edit(self, request: Edit) -> Added:
        destination = self._find(request.name).destination
        changed = replace(
            destination,
            filter=self._reach(request.filter) if request.filter else destination.filter,
            options=request.options or destination.options,
            descendants=() if request.filter else destination.descendants,
        )
        check(changed.type, changed.filter, changed.options)
        if request.url:
            shown = checked_address(changed.type, request.url, self._settings.test_hosts)
            secrets = replace(unseal(destination.sealed, destination.id), url=request.url)
            changed = replace(changed, shown=shown, sealed=seal(secrets, destination.id, self._key()))
        self._change(
            changed,
            filter=changed.filter.to_attributes(),
            descendants=changed.descendants,
            options=options_attribute(changed.options),
            shown=changed.shown,
            sealed=changed.sealed,
        )
        return Added(destination=_view(changed))

    @carry_out.register
    def _list(self, request: List) -> Listed:
        standings = [self._find(request.name)] if request.name else [*self._table.standings()]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return Listed(destinations=[*pool.map(lambda standing: self._whole_view(standing.destination), standings)])

    @carry_out.register
    def _pause(self, request: Pause) -> Done:
        destination = self._find(request.name).destination
        if destination.state == "off":
            raise InvalidDestinationError(f"{request.name} is off. Its events are in the table of events until RESUME.")
        self._change(destination, state="paused", state_reason="Somebody paused it.", state_since=clock.now())
        return Done(owed=self._table.count_owed(destination.id, MOST_COUNTED))

    @carry_out.register
    def _resume(self, request: Resume) -> Done:
        destination = self._find(request.name).destination
        health, now = destination.health.without_failures(), clock.now()
        self._change(destination, state="on", state_reason="", state_since=now, changed_at=now, **asdict(health))
        self._wake(replace(destination, state="on", health=health))
        return Done(owed=self._table.count_owed(destination.id, MOST_COUNTED))

    @carry_out.register
    def _remove(self, request: Remove) -> Done:
        self._table.remove(request.name, self._find(request.name).destination.id)
        return Done()

    @carry_out.register
    def _rotate(self, request: Rotate) -> Added:
        destination = self._find(request.name).destination
        if destination.type != "https":
            raise InvalidDestinationError(f"What goes to {destination.type} is not signed: it has no secret.")
        secrets, until = unseal(destination.sealed, destination.id), int(time.time()) + request.hours * 3_600
        secret = signing.new_secret()
        before = tuple(replace(each, until=until) for each in secrets.signing[:1] if request.hours)
        sealed = seal(replace(secrets, signing=(SigningSecret(secret), *before)), destination.id, self._key())
        self._change(destination, sealed=sealed)
        return Added(destination=_view(destination), secret=secret)

    @carry_out.register
    def _attempts(self, request: Attempts) -> Attempted:
        destination = self._find(request.name).destination
        found = self._table.attempts(destination.id, request.limit)
        wanted = AttemptView.model_fields
        return Attempted(
            attempts=[AttemptView(**{name: getattr(attempt, name) for name in wanted}) for attempt in found]
        )

    @carry_out.register
    def _resend(self, request: Resend) -> Done:
        destination = self._find(request.name).destination
        if destination.state == "off":
            raise InvalidDestinationError(f"{request.name} is off. RESUME it first, which sends what it is owed, too.")
        self._change(destination, next_attempt=0, changed_at=clock.now())  # somebody wants it now
        if request.event_id:
            key = key_of_event(request.event_id)
            if not read_image(self._settings.events_table, key):
                raise InvalidDestinationError("The table of events has no event of this id, or no longer has it.")
            return Done(owed=self._owe_keys(destination, [key], lane=LIVE, again=True, replay=True, filtered=False))
        owed = 0
        while letters := self._table.dead(destination.id, 100):
            owed += self._owe_keys(
                destination, [key for _, key in letters], lane=LIVE, again=True, replay=False, filtered=False
            )
            self._table.delete_dead(destination.id, [place for place, _ in letters])
        return Done(owed=owed)

    @carry_out.register
    def _owe(self, request: Owe) -> Done:
        destination = self._find(request.name).destination
        return Done(
            owed=self._owe_keys(
                destination, request.keys, lane=PAST, again=request.replay, replay=request.replay, filtered=True
            )
        )

    def _owe_keys(  # noqa: PLR0913 - what each delivery is
        self,
        destination: Destination,
        keys: Iterable[str],
        *,
        lane: Lane,
        again: bool,
        replay: bool,
        filtered: bool,
    ) -> int:
        """Have a destination get stored events; return how many these are."""
        owed = []
        for key in dict.fromkeys(keys):
            image = read_image(self._settings.events_table, key)
            if not image:
                continue
            event = to_event(image)
            if filtered and not matches(destination.whole_filter, event):
                continue
            place = str(image["timeline_key"]["S"]) if "timeline_key" in image else ""
            once = is_once(destination.filter, event)
            owed.append(owed_delivery(event, place=place, lane=lane, once=once, again=again, replay=replay))
        self._table.owe({destination.id: owed})
        if owed and destination.state == "on":
            self._wake(destination)
        return len(owed)

    @carry_out.register
    def _sweep(self, request: Sweep) -> Done:  # noqa: ARG002 - which request it is says all
        sweep(self._table, self._settings, self._metrics)
        return Done()

    def _whole_view(self, destination: Destination) -> View:
        first = self._table.first_owed(destination.id)
        return _view(
            destination,
            backlog=self._table.count_owed(destination.id, MOST_COUNTED) if first else 0,
            oldest=first.since if first else 0,
            dead=self._table.count_dead(destination.id, MOST_COUNTED),
        )

    def _reach(self, which: Filter) -> Filter:
        """Return a filter without accounts if the stack's own is among them: it stands for all that are served."""
        return replace(which, accounts=()) if self._settings.account_id in which.accounts else which

    def _find(self, name: str) -> Standing:
        standing = self._table.find(name)
        if not standing:
            raise UnknownDestinationError(f"There is no destination named {name}. LIST shows those that there are.")
        return standing

    def _change(self, destination: Destination, **changes: object) -> None:
        if not self._table.change(destination.name, destination.id, changes):
            raise UnknownDestinationError(f"{destination.name} was removed in the meantime.")

    def _wake(self, destination: Destination) -> None:
        wake([destination], clock.now(), self._settings.send_queue, self._settings.retry_queue)

    def _key(self) -> str:
        if not self._settings.key:
            raise InvalidDestinationError("This stack has no destinations. Update it with SendToDestinations=on.")
        return self._settings.key


def _view(destination: Destination, **counts: int) -> View:
    hidden = {"id", "sealed"}
    values: dict[str, Any] = {name: getattr(destination, name) for name in destination.__slots__ if name not in hidden}
    return View(**values, **counts)
