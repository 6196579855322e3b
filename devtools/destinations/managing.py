"""Asks a stack's functions about its destinations, with typed requests and answers."""

from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ValidationError

from devtools.errors import LaptopError
from devtools.functions import Function, FunctionError
from devtools.target import Target
from hookswitch.destinations.requests import Done, List, Listed, Owe, Request, Test, Tested, View

MANAGE, SEND = "Destinations", "Send"  # logical ids
UNKNOWN = "UnknownDestinationError"
FINAL = {UNKNOWN, "RequestError", "InvalidDestinationError"}  # errors that no second try can help


@dataclass(frozen=True)
class Manager:
    """The functions of one stack.

    Attributes:
        manages: The function that manages destinations.
        sends: The one that sends to them.
    """

    manages: Function
    sends: Function

    @classmethod
    def of(cls, target: Target) -> Self:
        """Return those of a stack.

        Raises:
            LaptopError: It has none, or sends to no destinations.
        """
        if not has_destinations(target):
            raise LaptopError(
                f"The stack {target.stack} is of a version without destinations. Deploy this one first: "
                f"`make deploy{target.argument}`."
            )
        client, names = target.client("lambda"), target.resources
        return cls(Function(client, names[MANAGE], "destinations"), Function(client, names[SEND], "send"))

    def ask[Answer: BaseModel](self, request: Request, kind: type[Answer]) -> Answer:
        """Return the answer to a request.

        Raises:
            FunctionError: It was refused; the text says why.
            ClientError, BotoCoreError: The function can't be invoked.
        """
        return _read(kind, self.manages.ask(request.to_message()))

    def list(self, name: str = "") -> list[View]:
        """Return all destinations by name, or the one that is named."""
        return self.ask(List(name=name), Listed).destinations

    def find(self, name: str) -> View:
        """Return a destination.

        Raises:
            LaptopError: There is none of that name.
        """
        try:
            return self.list(name)[0]
        except FunctionError as error:
            if error.kind != UNKNOWN:
                raise
        names = ", ".join(view.name for view in self.list())
        known = f"There are: {names}." if names else "There are none; `make destination ADD=<name>` adds one."
        raise LaptopError(f"There is no destination {name}. {known}")

    def test(self, name: str) -> Tested:
        """Send a sample to a destination, and return what it met."""
        return _read(Tested, self.sends.ask(Test(name=name).to_message()))

    def owe(self, request: Owe) -> int:
        """Have a destination get stored events, trying again where that fails; return how many it is owed now."""
        return _read(Done, self.manages.ask_until_answered(request.to_message(), FINAL)).owed

    def stop(self) -> None:
        """Have nothing that failed asked again."""
        self.manages.stop()


def has_destinations(target: Target) -> bool:
    """Tell whether a stack is of a version that has destinations."""
    return {MANAGE, SEND} <= target.resources.keys()


def _read[Answer: BaseModel](kind: type[Answer], said: object) -> Answer:
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        raise LaptopError(
            f"The stack is of another version than this command ({kind.__name__}). Deploy this one: `make deploy`."
        ) from error
