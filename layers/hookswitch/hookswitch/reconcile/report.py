"""What a run is asked for, and what it answers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ValidationError

from hookswitch.errors import HookswitchError, RequestError
from hookswitch.reconcile.state import State, iso


class Request(BaseModel):
    """What may be asked for by hand; the schedule asks for nothing, and what else it sends is ignored.

    Attributes:
        dry_run: Say what would be done, and change nothing.
        since: Read the attempt log again from there on.
        skip_until: Give up what has not been recovered up to then.
    """

    dry_run: bool = False
    since: AwareDatetime | None = None
    skip_until: AwareDatetime | None = None

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self:
        """Return the request in a Lambda event.

        Raises:
            RequestError: A value can't be used; the text shows what can.
        """
        try:
            return cls.model_validate({name: event[name] for name in cls.model_fields if name in event})
        except ValidationError as error:
            names = ", ".join(str(detail["loc"][0]) for detail in error.errors(include_input=False))
            raise RequestError(
                f'This can\'t be used: {names}. It is like {{"dry_run": true}} or {{"since": "2026-11-23T14:00:00Z"}}.'
            ) from None


@dataclass(slots=True)
class Report:
    """What a run did, or would do.

    Attributes:
        dry_run: Whether nothing was changed.
        changes: A sentence for each change of a webhook.
        reported: A sentence for each thing that is left to people.
        outcomes: How many missed deliveries had which outcome, by hook and outcome.
        complete: Whether the attempt log was read to its end.
        errors: What could not be done.
    """

    dry_run: bool = False
    changes: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    complete: bool = False
    errors: list[HookswitchError] = field(default_factory=list)

    def to_json(self, state: State) -> dict[str, Any]:
        """Return the report as JSON types."""
        events: dict[str, dict[str, int]] = {}
        for (hook, outcome), number in sorted(self.outcomes.items()):
            events.setdefault(hook, {})[outcome] = number
        return {
            "dry_run": self.dry_run,
            "changes": self.changes,
            "reported": self.reported,
            "events": events,
            "complete": self.complete,
            "watermark": iso(state.watermark),
        }
