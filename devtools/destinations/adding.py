"""Adds a destination or changes one, and sends it a test."""

from typing import Annotated

from pydantic import TypeAdapter, ValidationError

from devtools.destinations import addresses, wizard
from devtools.destinations.addresses import Address
from devtools.destinations.asked import Asked, Means
from devtools.destinations.managing import Manager
from devtools.destinations.owing import catch_up
from devtools.destinations.screens import advice, test_line, wanted
from devtools.errors import LaptopError
from devtools.screen import say, step
from devtools.target import Target
from hookswitch.destinations.checks import usual_options
from hookswitch.destinations.record import HTTP_TYPES, Type
from hookswitch.destinations.requests import Add, Added, Edit, Name, View

SWITCH = "SendToDestinations"


def add(means: Means, asked: Asked) -> bool:
    """Add a destination, asking for what was not said; return whether it took the test.

    Raises:
        LaptopError: It can't be added as it is described.
    """
    _require_switched_on(means.target)
    request, address = _described(means, asked)
    with step(f"Adding {request.name}"):
        added = means.manager.ask(request, Added)
    _say_what(added.destination)
    say_secret(added)
    _say_history(address, request.type)
    went_well = test(means.manager, added.destination)
    if asked.since:
        catch_up(means.target, means.manager, added.destination, asked)
    return went_well


def edit(means: Means, asked: Asked) -> bool:
    """Change what was written of a destination, or else its address; return whether a new address took the test.

    Raises:
        LaptopError: It can't be what it is to be.
    """
    view, wishes = means.manager.find(asked.edit), asked.wishes
    if wishes.kind() not in {None, view.type}:
        raise LaptopError(f"{view.name} is of type {view.type}, which stays. Add another destination instead.")
    changes_address = bool(asked.url) or not (wishes.changes_filter or wishes.changes_options)
    address = addresses.read(asked.url, means.ask, view.type) if changes_address else None
    request = Edit(
        name=view.name,
        url=_checked(address.text, view.type, means.target) if address else None,
        filter=wishes.filter(view.type, view.filter) if wishes.changes_filter else None,
        options=wishes.options(view.options) if wishes.changes_options else None,
    )
    with step(f"Changing {view.name}"):
        changed = means.manager.ask(request, Added).destination
    _say_what(changed)
    if not address:
        return True
    _say_history(address, view.type)
    return test(means.manager, changed)


def test(manager: Manager, view: View) -> bool:
    """Send a sample to a destination, show the answer, and return whether it was taken."""
    with step(f"Sending a test to {view.name}"):
        tested = manager.test(view.name)
    went_well = tested.outcome == "taken"
    say(test_line(tested), style="green" if went_well else "red")
    if not went_well:
        say(advice(view, tested))
    return went_well


def say_secret(added: Added) -> None:
    """Show the signing secret, if there is a new one."""
    if added.secret:
        say(f"Signing secret, which is shown only now:\n  {added.secret}", style="bold")
        say("Your service verifies each message with it: docs/destinations.md says how.", style="dim")


def _described(means: Means, asked: Asked) -> tuple[Add, Address]:
    """Return the request to add what was described, on the command line or by answers, and its address."""
    wishes, kind, name, ask = asked.wishes, asked.wishes.kind(), asked.add, means.ask
    if ask and kind is None and not asked.url:
        kind = wizard.ask_for_type(ask)
    address = addresses.read(asked.url, ask, kind)
    kind = kind or addresses.guessed_type(address.text)
    url = _checked(address.text, kind, means.target)
    if ask and not name:
        wishes = wizard.ask_for_events(ask, kind, wishes)
        name = wizard.ask_for_name(ask, kind, [view.name for view in means.manager.list()])
    usual = usual_options(kind, means.target.parameters.get("BusinessTimeZone") or "UTC")
    request = Add(
        name=_name(name),
        type=kind,
        url=url,
        filter=wishes.filter(kind),
        options=wishes.options(usual) if wishes.changes_options else None,
    )
    return request, address


def _require_switched_on(target: Target) -> None:
    if target.parameters.get(SWITCH) == "off":
        raise LaptopError(
            f"The stack {target.stack} sends to no destinations: {SWITCH} is off. Switch it on: "
            f'make deploy{target.argument} SET="{SWITCH}=on"'
        )


def _checked(address: str, kind: Type, target: Target) -> str:
    """Return an address as the stack takes it; for a queue or bus, where the stack may send to it."""
    if kind in HTTP_TYPES:
        return address
    arn = addresses.as_arn(address, target)
    addresses.require_permission(arn, target)
    return arn


def _name(text: str) -> str:
    """Return the name of a destination.

    Raises:
        LaptopError: It can't have that name.
    """
    try:
        return TypeAdapter(Annotated[str, Name]).validate_python(text)
    except ValidationError:
        raise LaptopError(f"ADD={text} can't be a name. {Name.description}") from None


def _say_what(view: View) -> None:
    say(f"{view.name} gets {wanted(view.filter)} at {view.shown} ({view.type}).")


def _say_history(address: Address, kind: Type) -> None:
    if address.was_typed and kind in HTTP_TYPES:
        say(addresses.HISTORY, style="dim")
