"""What the functions behind destinations are asked, and what they answer.

Each request is one model. On the wire it is `{"<verb>": {...}}`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hookswitch.destinations.record import Filter, Health, Options, State, Type
from hookswitch.errors import RequestError

MOST_KEYS = 100  # in one request to owe events: their items fit into one answer of DynamoDB
Name = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Lowercase letters, digits and hyphens, at most 40.")


class Request(BaseModel):
    """A request; its verb names it on the wire."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    verb: ClassVar[str]

    def to_message(self) -> dict[str, Any]:
        """Return the event that a function is invoked with."""
        return {self.verb: self.model_dump(mode="json", exclude_none=True)}


class Add(Request):
    """Add a destination. The answer is `Added`."""

    verb = "add"
    name: str = Name
    type: Type
    url: str = Field(min_length=1, max_length=2048, description="A URL, or the ARN of a queue or bus.", repr=False)
    filter: Filter = Filter()
    options: Options | None = None  # None: the stack's time zone, and what suits the type


class Edit(Request):
    """Change a destination: what is given replaces what there was. The answer is `Added`, without a secret."""

    verb = "edit"
    name: str = Name
    url: str | None = Field(None, min_length=1, max_length=2048, repr=False)
    filter: Filter | None = None
    options: Options | None = None


class List(Request):
    """Show all destinations, or one. The answer is `Listed`."""

    verb = "list"
    name: str = ""


class Pause(Request):
    """Keep a destination's events for it instead of sending them. The answer is `Done`."""

    verb = "pause"
    name: str = Name


class Resume(Request):
    """Send to a destination again that is paused, off or failing, at once. The answer is `Done`."""

    verb = "resume"
    name: str = Name


class Remove(Request):
    """Remove a destination and everything that it is owed. The answer is `Done`."""

    verb = "remove"
    name: str = Name


class Rotate(Request):
    """Make a new signing secret; the one before signs as well for some hours. The answer is `Added`."""

    verb = "rotate"
    name: str = Name
    hours: int = Field(24, ge=0, le=168)


class Attempts(Request):
    """Show the last attempts. The answer is `Attempted`."""

    verb = "attempts"
    name: str = Name
    limit: int = Field(20, ge=1, le=1000)


class Resend(Request):
    """Send an event again, or all dead letters. The answer is `Done`."""

    verb = "resend"
    name: str = Name
    event_id: str = Field("", description="Id of an event or a call; empty for all dead letters.", max_length=64)


class Owe(Request):
    """Have a destination get events that are stored already, those that its filter matches. The answer is `Done`."""

    verb = "owe"
    name: str = Name
    keys: tuple[str, ...] = Field(max_length=MOST_KEYS, description="Keys of items in the table of events.")
    replay: bool = False  # sent also if it was sent before, and marked


class Sweep(Request):
    """Measure what all destinations are owed, wake those that nobody wakes, delete rows of removed ones."""

    verb = "sweep"


class Test(Request):
    """Ask the function that sends to send a sample to a destination. The answer is `Tested`."""

    verb = "test"
    __test__: ClassVar = False  # not one of pytest's
    name: str = Name


class View(BaseModel):
    """A destination as people may see it. Times are Unix milliseconds.

    `backlog` and `dead` count up to 1,000; `oldest` is since when its first one is owed, 0 if there is none.
    """

    name: str
    type: Type
    shown: str
    filter: Filter
    options: Options
    state: State
    state_reason: str
    state_since: int
    created_at: int
    health: Health
    descendants: tuple[str, ...] = ()
    backlog: int = 0
    oldest: int = 0
    dead: int = 0


class Added(BaseModel):
    """The answer to a request that makes a destination or its secret; the secret is shown this once."""

    destination: View
    secret: str = Field("", repr=False)


class Listed(BaseModel):
    """The answer to `List`."""

    destinations: list[View]


class Done(BaseModel):
    """The answer to a request that changes something: how many deliveries are owed because of it."""

    owed: int = 0


class AttemptView(BaseModel):
    """What an attempt met; see `rows.Attempt`."""

    at: int
    event_id: str
    number: int
    outcome: str
    status: int
    answer: str
    milliseconds: int
    is_test: bool


class Attempted(BaseModel):
    """The answer to `Attempts`, newest first."""

    attempts: list[AttemptView]


class Tested(BaseModel):
    """The answer to `Test`: what the sample met."""

    __test__: ClassVar = False  # not one of pytest's
    outcome: Literal["taken", "retry", "refused", "gone"]
    status: int
    answer: str
    milliseconds: int


REQUESTS: Mapping[str, type[Request]] = {
    each.verb: each for each in (Add, Edit, List, Pause, Resume, Remove, Rotate, Attempts, Resend, Owe, Sweep)
}


def read_request(event: Mapping[str, Any]) -> Request:
    """Return the typed request to the destinations function.

    Raises:
        RequestError: The event is none.
    """
    if event.get("sweep") is True:
        return Sweep()
    match [*event.items()]:
        case [(str(verb), dict(values))] if verb in REQUESTS:
            return parse(REQUESTS[verb], values)
    known = ", ".join(REQUESTS)
    raise RequestError(f'Ask one of {known}, with what it needs, such as {{"list": {{}}}}.')


def parse[Some: Request](kind: type[Some], values: Mapping[str, Any]) -> Some:
    """Return a request of a kind.

    Raises:
        RequestError: Values are missing or can't be used; the text names them, without saying what they are.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False)]
        raise RequestError(f"This can't be asked of {kind.verb}. {'; '.join(wrong)}.") from None
