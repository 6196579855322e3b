"""What the reconcile function is invoked with to import."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from hookswitch.errors import RequestError


class ImportRequest(BaseModel):
    """A step of an import.

    Attributes:
        since: The beginning of the period, by the ends of legs.
        until: Its end; None for the last moment that can be imported.
        publish: Whether the events and their calls are published.
        do: `look` whether this import was begun before and is not complete, `count` legs without changing anything, or
            `run`: import some more.
        place: Where to go on counting.
        legs: How many legs were counted, to be remembered when the import begins.
    """

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime = Field(alias="from")
    until: AwareDatetime | None = None
    publish: bool = False
    do: Literal["look", "count", "run"] = "run"
    place: AwareDatetime | None = None
    legs: int = Field(default=0, ge=0)

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self:
        """Return the request in a Lambda event.

        Raises:
            RequestError: A value is invalid; the text has an example.
        """
        try:
            return cls.model_validate(event["import"])
        except ValidationError as error:
            names = ", ".join(".".join(map(str, detail["loc"])) or "import" for detail in error.errors())
            raise RequestError(
                f'This import is invalid: {names}. Example: {{"import": {{"from": "2026-09-01T00:00:00Z"}}}}.'
            ) from None
