"""The request and the report of a run."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ValidationError

from hookswitch.errors import HookswitchError, RequestError
from hookswitch.reconcile.accounting.totals import Accounting
from hookswitch.reconcile.state import State, iso


class Request(BaseModel):
    """The options of a manual run; the schedule sets none, and all other fields it sends are ignored.

    Attributes:
        dry_run: Report what would be done, without changing anything.
        at_once: Enable every webhook that Dash has disabled, even one that it disables again and again.
        since: Read the attempt log again from this time on.
        skip_until: Give up everything up to this time that has not been recovered.
    """

    dry_run: bool = False
    at_once: bool = False
    since: AwareDatetime | None = None
    skip_until: AwareDatetime | None = None

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self:
        """Return the request in a Lambda event.

        Raises:
            RequestError: A value is invalid; the text has an example.
        """
        try:
            return cls.model_validate({name: event[name] for name in cls.model_fields if name in event})
        except ValidationError as error:
            names = ", ".join(str(detail["loc"][0]) for detail in error.errors(include_input=False))
            raise RequestError(
                f'This request is invalid: {names}. Examples: {{"dry_run": true}}, {{"since": "2026-11-23T14:00:00Z"}}.'
            ) from None


@dataclass(slots=True)
class Report:
    """What a run did or would do.

    Attributes:
        dry_run: Whether this was a dry run, which changes nothing.
        changes: One sentence for each change of a webhook.
        reported: One sentence for each finding that needs an operator.
        outcomes: The number of missed deliveries, by hook and outcome.
        complete: Whether the attempt log was read to its end.
        errors: What could not be done.
        accounting: What was compared with Dash's records; None if the run did not get that far.
    """

    dry_run: bool = False
    changes: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    complete: bool = False
    errors: list[HookswitchError] = field(default_factory=list)
    accounting: Accounting | None = None

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
            "accounting": self.accounting.to_json() if self.accounting else None,
        }
