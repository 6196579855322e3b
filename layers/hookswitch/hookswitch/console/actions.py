"""What operators can do in the console: whom it takes, which function does it, and how people are told what came of it.

`console/acting.py` carries it out and keeps a record. This module is imported when it is needed: the models of requests
take a tenth of the time in which the function starts. docs/engineering/console-api.md has the requests and answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hookswitch.console.action_log import Outcome
from hookswitch.console.functions import Asked
from hookswitch.console.questions import InvalidParameterError, UnknownError
from hookswitch.console.refusals import RefusedError, WholeStackError
from hookswitch.console.scope import Scope
from hookswitch.dash.hooks import CATALOGUE
from hookswitch.destinations.record import Destination
from hookswitch.destinations.requests import Done, Pause, Resend, Resume, Test, Tested, parse
from hookswitch.destinations.rows import key_of_event
from hookswitch.destinations.stored import read_image
from hookswitch.destinations.table import DestinationTable
from hookswitch.errors import RequestError
from hookswitch.events.kinds import CALL, EVENT, IMPORTED
from hookswitch.receiving.requests import ReplayRequest
from hookswitch.settings.console import ConsoleSettings

type Body = Mapping[str, Any]
type Told = tuple[Outcome, str]

NO_EVENT = "The table of events has no event of this id for this destination, or no longer has it."


@dataclass(frozen=True, slots=True)
class Action:
    """Something to be done.

    Attributes:
        verb: What, such as `destination.pause`.
        target: Of what: a destination's name, or a hook; empty for the stack.
        summary: What is done, in a few words.
        asked: The function that does it, and what it is asked.
        tell: Returns what came of it, from the function's answer.
        accounts: Whose that is; empty for the whole stack.
        arguments: What else was said, for the record.
        is_recorded: Whether it has a record: a dry run changes nothing, and has none.
    """

    verb: str
    target: str
    summary: str
    asked: Asked
    tell: Callable[[Mapping[str, Any]], Told]
    accounts: tuple[str, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=dict)
    is_recorded: bool = True


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions that an operator may take in a stack.

    Every method raises InvalidParameterError if the body of the request is none for it. Those that name a destination
    raise UnknownError if there is none of that name, or none that the user may see; the others WholeStackError if the
    user does not see the whole stack.
    """

    scope: Scope
    settings: ConsoleSettings

    def destination(self, name: str) -> Destination:
        """Return a destination.

        Raises:
            UnknownError: There is none of that name, or none that the user may see.
        """
        standing = DestinationTable(self.settings.destinations_table).find(name)
        if standing is None or not self.scope.has_destination(standing.destination):
            raise UnknownError("There is no such destination.")
        return standing.destination

    def test(self, name: str, body: Body) -> Action:
        """Send a sample to a destination."""
        _only(body)
        destination = self.destination(name)

        def tell(said: Mapping[str, Any]) -> Told:
            tested = Tested.model_validate(said)
            if tested.outcome == "taken":
                return "done", f"{name} took the sample."
            return "failed", f"{name} did not take the sample: {tested.answer}"

        asked = Asked(self.settings.send_function, Test(name=name).to_message())
        return Action("destination.test", name, f"sent a sample to {name}", asked, tell, _whose(destination))

    def pause(self, name: str, body: Body) -> Action:
        """Keep a destination's events for it instead of sending them."""
        _only(body)
        destination = self.destination(name)

        def tell(said: Mapping[str, Any]) -> Told:
            return "done", f"{name} is paused. {_counted(said, 'waits', 'wait')} for it."

        asked = Asked(self.settings.destinations_function, Pause(name=name).to_message())
        return Action("destination.pause", name, f"paused {name}", asked, tell, _whose(destination))

    def resume(self, name: str, body: Body) -> Action:
        """Send to a destination again."""
        _only(body)
        destination = self.destination(name)

        def tell(said: Mapping[str, Any]) -> Told:
            return "done", f"{name} is on. {_counted(said, 'is', 'are')} on the way to it."

        asked = Asked(self.settings.destinations_function, Resume(name=name).to_message())
        return Action("destination.resume", name, f"resumed {name}", asked, tell, _whose(destination))

    def resend(self, name: str, body: Body) -> Action:
        """Send what a destination refused to the end, or one event, again.

        Raises:
            RefusedError: There is no such event, or none of an account that the user and the destination may see.
        """
        _only(body, "event_id")
        destination, event_id = self.destination(name), body.get("event_id", "")
        request = _checked(lambda: parse(Resend, {"name": name, "event_id": event_id}))
        if "event_id" in body and not self._is_for(destination, event_id):
            raise RefusedError(NO_EVENT)

        def tell(said: Mapping[str, Any]) -> Told:
            return "done", f"{_counted(said, 'is', 'are')} on the way to {name}."

        what = f"event {event_id}" if event_id else "all that was not delivered"
        arguments = {"event_id": event_id} if event_id else {}
        asked = Asked(self.settings.destinations_function, request.to_message())
        summary = f"sent {what} to {name} again"
        return Action("destination.resend", name, summary, asked, tell, _whose(destination), arguments)

    def replay(self, body: Body) -> Action:
        """Have deliveries of the quarantine go through their hook again, or count them."""
        self._require_whole()
        dry = _dry_run(body)
        request = _checked(lambda: ReplayRequest.from_message({"quarantine": body}))
        if request.hook not in CATALOGUE:
            raise InvalidParameterError(f"hook must be one of {', '.join(CATALOGUE)}.")
        arguments = {name: body[name] for name in ("since", "until") if body.get(name)}
        asked = Asked(self.settings.redrive_function, request.to_message())
        summary = f"replayed the quarantine of {request.hook}"
        tell = _tell_replay
        return Action("quarantine.replay", request.hook, summary, asked, tell, (), arguments, is_recorded=not dry)

    def reconcile(self, body: Body) -> Action:
        """Repair the webhooks on Dash and recover what Dash could not deliver, or say what would be done."""
        self._require_whole()
        _only(body, "dry_run")
        dry = _dry_run(body)
        asked = Asked(self.settings.reconcile_function, {"dry_run": dry, "at_once": True})
        return Action("webhooks.reconcile", "", "compared the webhooks", asked, _tell_reconcile, is_recorded=not dry)

    def _require_whole(self) -> None:
        if not self.scope.is_whole:
            raise WholeStackError("This is about the whole stack. It takes an operator who sees all of its accounts.")

    def _is_for(self, destination: Destination, event_id: str) -> bool:
        """Tell whether an event may be sent to a destination: the function itself sends whatever it is told."""
        image = read_image(self.settings.events_table, key_of_event(event_id)) if event_id else None
        if not image or image.get("kind", {}).get("S") not in {EVENT, CALL, IMPORTED}:
            return False
        account, served = image.get("account_id", {}).get("S"), destination.whole_filter.accounts
        return not served or account in served  # so the user sees the account, who sees the destination


def _whose(destination: Destination) -> tuple[str, ...]:
    return tuple(dict.fromkeys(destination.whole_filter.accounts))


def _only(body: Body, *allowed: str) -> None:
    if unknown := sorted(body.keys() - {*allowed}):
        raise InvalidParameterError(f"This takes no {', '.join(unknown)}.")


def _dry_run(body: Body) -> bool:
    dry = body.get("dry_run")
    if not isinstance(dry, bool):
        raise InvalidParameterError("dry_run must be true or false.")
    return dry


def _checked[Request](read: Callable[[], Request]) -> Request:
    try:
        return read()
    except RequestError as error:
        raise InvalidParameterError(str(error)) from None


def _counted(said: Mapping[str, Any], one: str, several: str) -> str:
    """Return how many messages a destination is owed, with a verb."""
    owed = Done.model_validate(said).owed
    return f"{owed:,} {f'message {one}' if owed == 1 else f'messages {several}'}"


def _tell_replay(said: Mapping[str, Any]) -> Told:
    found = f"{said['found']:,} quarantined {'delivery' if said['found'] == 1 else 'deliveries'} of {said['hook']}"
    partly = f", {said['truncated']:,} of which are stored only in part and can't be replayed" * bool(said["truncated"])
    more = " There are more: repeat this." * bool(said["next"])
    if said["dry_run"]:
        return "done", f"{found}{partly}.{more}"
    came = f"{found}{partly}: {said['accepted']:,} were accepted, {said['refused']:,} were refused again."
    if said["deferred"]:
        return "failed", f"{came} The hook's function did not take the others; its log says why. Try again later."
    return "done", came + more


def _tell_reconcile(said: Mapping[str, Any]) -> Told:
    if said.get("busy"):
        return "failed", "Another run is at work. Try again in a few minutes."
    number = len(said["changes"])
    changes = f"{number:,} {'change' if number == 1 else 'changes'} of webhooks"
    recovered = sum(sum(outcomes.values()) for outcomes in said["events"].values())
    parts = [changes] * bool(number) + [f"{recovered:,} missed deliveries looked at"] * bool(recovered)
    whole = "" if said["complete"] else " One run could not do everything; the next one continues."
    if not parts:
        return "done", f"The webhooks are as they should be.{whole}"
    return "done", f"{'Would be done' if said['dry_run'] else 'Done'}: {', '.join(parts)}.{whole}"
