"""What a run of the accounting found, as its report shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hookswitch.reconcile.state import iso

MAX_LISTED = 20  # missing records that a report names


@dataclass(slots=True)
class Tally:
    """How many records of one kind Dash has, and how many of them are in the table.

    Attributes:
        on_dash: Records that Dash listed.
        here: Those of them that are in the table, recovered ones included.
        recovered: Those of them that this run stored.
    """

    on_dash: int = 0
    here: int = 0
    recovered: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the counts as JSON types."""
        return {"on_dash": self.on_dash, "here": self.here, "recovered": self.recovered}


@dataclass(slots=True)
class Accounting:
    """What a run compared.

    Attributes:
        available: Whether legs were compared: the stack registers `channel_destroy`, and Dash's API lists CDRs.
        reason: Why not, as a sentence; empty if they were.
        complete: Whether the run compared everything up to `until`; if not, the next run continues.
        since: The first second that was compared, in Unix seconds; 0 if there was none.
        until: The last one.
        legs: The legs of calls.
        voicemails: Messages in mailboxes; None if they are not compared.
        faxes: Sent faxes, and received ones if the catch-all is registered; None if they are not compared.
        missing: Ids of what Dash has and the table can't take, oldest first, also from earlier runs.
    """

    available: bool = False
    reason: str = ""
    complete: bool = False
    since: int = 0
    until: int = 0
    legs: Tally = field(default_factory=Tally)
    voicemails: Tally | None = None
    faxes: Tally | None = None
    missing: Sequence[str] = ()

    def __str__(self) -> str:
        """Say it in a sentence: 1,204 legs on Dash, 1,204 here."""
        legs = self.legs
        recovered = f" ({legs.recovered:,} of them recovered)" if legs.recovered else ""
        return f"{legs.on_dash:,} leg{'' if legs.on_dash == 1 else 's'} on Dash, {legs.here:,} here{recovered}."

    def measurements(self) -> Iterator[tuple[str, int]]:
        """Yield the names and values of its metrics; none if nothing could be compared."""
        if self.available:
            yield "legs_on_dash", self.legs.on_dash
            yield "legs_here", self.legs.here
            yield "legs_missing", len(self.missing)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {
            "available": self.available,
            "reason": self.reason or None,
            "complete": self.complete,
            "from": iso(self.since) if self.since else None,
            "until": iso(self.until) if self.until else None,
            "legs_on_dash": self.legs.on_dash,
            "legs_here": self.legs.here,
            "recovered": self.legs.recovered,
            "missing": len(self.missing),
            "missing_legs": list(self.missing[:MAX_LISTED]),
            "voicemails": self.voicemails.to_json() if self.voicemails else None,
            "faxes": self.faxes.to_json() if self.faxes else None,
        }
