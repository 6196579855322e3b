"""The second half of a run: recovers missed deliveries, counts them, and notes them for the announcement."""

from collections import Counter
from collections.abc import Callable

from hookswitch.errors import NoAttemptsError
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.receiving.hook_functions import HookFunctions
from hookswitch.receiving.redelivery import Outcome
from hookswitch.reconcile.backfill import Backfill
from hookswitch.reconcile.notices import Notices
from hookswitch.reconcile.progress import Progress
from hookswitch.reconcile.recognition import FailedDelivery
from hookswitch.reconcile.redeliverer import Fate, Redeliverer
from hookswitch.reconcile.retention import DAY
from hookswitch.reconcile.source import Source
from hookswitch.reconcile.state import State, iso

NEW = frozenset({Outcome.STORED, Outcome.QUEUED})  # outcomes that add an event to the table


class Recovery:
    """Recovers missed deliveries.

    Attributes:
        outcomes: The number of failed deliveries, by hook and outcome.
        complete: Whether the attempt log was read to its end.
        has_log: Whether this Dash has an attempt log.
    """

    def __init__(self, state: State, save: Callable[[], None], notices: Notices, metrics: MetricsRecorder) -> None:
        """Prepare to update a state, save it, report and count."""
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.complete, self.has_log = False, True
        self._state, self._save, self._notices, self._metrics = state, save, notices, metrics

    def run(self, source: Source, functions: HookFunctions, until: int) -> None:
        """Recover what failed up to a time, in Unix seconds.

        Raises:
            HookswitchError: The log, the stack's functions or the table can't be reached.
        """
        redeliverer = Redeliverer(functions)
        backfill = Backfill(source, redeliverer, Progress(self._state, self._save), self._recovered)
        try:
            self.complete = backfill.run(until)
            self._notices.update("attempts/", {})
        except NoAttemptsError as error:
            self.has_log = False
            self._notices.update("attempts/", {"attempts/none": str(error)})
        finally:
            self._count(redeliverer.outcomes)
            self._count_unread(backfill)
        self._notices.update("lost/", self._losses(), forget_after=DAY)

    @property
    def did_its_work(self) -> bool:
        """Whether the log was read to its end, and not every delivery in it was rejected."""
        taken = any(outcome not in set(Fate) for _, outcome in self.outcomes)
        deferred = any(outcome == Fate.DEFERRED for _, outcome in self.outcomes)
        return not self.has_log or (self.complete and (taken or not deferred))

    def _recovered(self, failure: FailedDelivery, outcome: str) -> None:
        if outcome in NEW:
            self._state.news.add_recovered(failure.hook, failure.at, failure.reason)

    def _count(self, outcomes: Counter[tuple[str, str]]) -> None:
        self.outcomes.update(outcomes)
        for (hook, outcome), number in sorted(outcomes.items()):
            logger.info("Missed deliveries: %s.", outcome, extra={"hook": hook, "outcome": outcome, "number": number})
            if outcome in NEW:
                self._metrics.add("recovered", number)
            elif outcome in {Fate.NOT_RECOVERABLE, Fate.DEFERRED}:
                self._metrics.add(outcome, number)

    def _count_unread(self, backfill: Backfill) -> None:
        self._metrics.add("malformed_attempts", backfill.malformed)
        self._metrics.add("overflowed_seconds", len(backfill.overflowed))
        malformed = {"malformed/": "Dash's attempt log has malformed entries, which were skipped."}
        self._notices.update("malformed/", malformed if backfill.malformed else {}, forget_after=DAY)
        overflowed = {
            f"overflow/{second}": f"More deliveries failed at {iso(second)} than Dash's attempt log shows. What it "
            "shows is recovered; every run tries the rest again. See docs/runbook.md#overflowed-attempt-log"
            for second in sorted(backfill.overflowed)
        }
        self._notices.update("overflow/", overflowed, forget_after=DAY)

    def _losses(self) -> dict[str, str]:
        return {
            f"lost/{hook}": f"Dash has no body of failed deliveries of {hook}, so they can't be recovered. "
            "Dash logs no body of deliveries with GET: register POST."
            for hook, outcome in self.outcomes
            if outcome == Fate.NOT_RECOVERABLE
        }
