"""The replay of the quarantine: unusable deliveries go through their hook function again."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, field_validator

from hookswitch.dash.hooks import CATALOGUE
from hookswitch.errors import NotTakenError, RequestError
from hookswitch.events.items import delivery_from_item
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.receiving.hook_functions import HookFunctions
from hookswitch.receiving.redelivery import Outcome
from hookswitch.reconcile.quarantine import Quarantine

PATIENCE = 3  # consecutive deliveries that a hook function may fail to accept before the replay ends
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class ReplayRequest(BaseModel):
    """What to replay.

    Attributes:
        hook: The hook that received the deliveries.
        since: The earliest time of receipt; no limit by default.
        until: The latest time of receipt; by default now.
        dry_run: Only count.
    """

    model_config = ConfigDict(extra="forbid")

    hook: str
    since: AwareDatetime = BEGINNING
    until: AwareDatetime | None = None
    dry_run: bool = False

    @field_validator("hook")
    @classmethod
    def _known(cls, hook: str) -> str:
        if hook not in CATALOGUE:
            raise ValueError(f"is not a hook; the hooks are {', '.join(CATALOGUE)}")
        return hook

    @classmethod
    def parse(cls, request: object) -> "ReplayRequest":
        """Return the typed request.

        Raises:
            RequestError: The request is invalid; the text says why.
        """
        try:
            return cls.model_validate(request)
        except ValidationError as error:
            reasons = "; ".join(
                f"{'.'.join(map(str, detail['loc']))}: {detail['msg'].removeprefix('Value error, ')}"
                for detail in error.errors(include_url=False, include_context=False, include_input=False)
            )
            raise RequestError(
                f'This request can\'t be replayed: {reasons}. Example: {{"hook": "missed_call", "since": '
                '"2026-11-23T14:00:00Z", "until": "2026-11-23T15:00:00Z", "dry_run": true}.'
            ) from None


class Fate(StrEnum):
    """The fates of a quarantined delivery."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"  # its hook function neither accepted nor rejected it
    TRUNCATED = "truncated"  # its body was too large: only part of it is stored, so it can't be replayed


@dataclass(slots=True)
class ReplayReport:
    """The result of a replay.

    Attributes:
        request: What was requested.
        found: How many deliveries were found.
        fates: The number of deliveries by fate; a dry run counts only truncated ones.
        reasons: How many were rejected, by reason.
        next: The time of receipt to continue from, if not all were replayed.
    """

    request: ReplayRequest
    found: int = 0
    fates: Counter[Fate] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    next: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON types."""
        return {
            "dry_run": self.request.dry_run,
            "hook": self.request.hook,
            "found": self.found,
            **{str(fate): self.fates[fate] for fate in Fate},
            "reasons": dict(self.reasons),
            "next": self.next,
        }


class Replayer:
    """Replays quarantined deliveries."""

    def __init__(
        self, quarantine: Quarantine, functions: HookFunctions, stop_at: float, metrics: MetricsRecorder
    ) -> None:
        """Prepare to work until a deadline (`time.monotonic`), and to count what is accepted."""
        self._quarantine, self._functions, self._stop_at, self._metrics = quarantine, functions, stop_at, metrics

    def replay(self, request: ReplayRequest) -> dict[str, Any]:
        """Replay deliveries, oldest first, and return the report (`ReplayReport.to_json`).

        What its hook accepts leaves the quarantine. What it rejects again stays, with the new reasons.

        Raises:
            HookswitchError: The table or the stack can't be reached.
        """
        report = ReplayReport(request)
        refused_in_a_row = 0
        until = request.until or datetime.now(UTC)
        for key, received_at in self._quarantine.find(request.hook, request.since, until):
            if time.monotonic() >= self._stop_at or refused_in_a_row == PATIENCE:
                report.next = received_at
                break
            item = self._quarantine.read(key)
            if item is None:
                continue  # deleted since the index was read
            report.found += 1
            if item.get("truncated"):
                report.fates[Fate.TRUNCATED] += 1
            elif not request.dry_run:
                fate, reasons = self._redeliver(key, item)
                refused_in_a_row = refused_in_a_row + 1 if fate is Fate.DEFERRED else 0
                report.fates[fate] += 1
                report.reasons.update(reasons)
        logger.info("Quarantine replayed.", extra={"replay": report.to_json()})
        return report.to_json()

    def _redeliver(self, key: str, item: Mapping[str, Any]) -> tuple[Fate, tuple[str, ...]]:
        """Send one delivery; return its fate, and why it was rejected."""
        hook = str(item["hook"])
        try:
            result = self._functions.deliver(hook, delivery_from_item(item))
        except NotTakenError as error:
            logger.warning("A quarantined delivery was not processed. %s", error, extra=_log_keys(item))
            return Fate.DEFERRED, ()
        if result.outcome == Outcome.QUARANTINED and result.event_id == key:
            self._quarantine.update_reasons(key, hook, result.reasons)
            return Fate.REFUSED, result.reasons
        # Accepted; or rejected under another key, in which case the item with that key has the new reasons.
        self._quarantine.remove(key)
        if result.outcome == Outcome.QUARANTINED:
            return Fate.REFUSED, result.reasons
        logger.info("A quarantined delivery was accepted.", extra=_log_keys(item) | {"became": result.event_id})
        self._metrics.add("redriven")
        return Fate.ACCEPTED, ()


def _log_keys(item: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys that identify the log lines about an item."""
    return {name: str(item[name]) for name in ("event_id", "hook", "correlation_id") if item.get(name)}
