"""One run of reconcile: first the webhooks, so that they are on as soon as possible, then what was missed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from hookswitch.dash.client import DashClient, Document
from hookswitch.errors import HookswitchError, NoAttemptsError
from hookswitch.events.table import put_new
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.receiving.hook_functions import HookFunctions, stack_is_changing
from hookswitch.receiving.redelivery import Outcome
from hookswitch.reconcile.announcement import item_of
from hookswitch.reconcile.attempt_log import AttemptLog
from hookswitch.reconcile.backfill import Backfill, Source, survey
from hookswitch.reconcile.drift import describe
from hookswitch.reconcile.ledger import Ledger
from hookswitch.reconcile.notices import Notices
from hookswitch.reconcile.progress import Progress
from hookswitch.reconcile.recognition import FailedDelivery, Recognition
from hookswitch.reconcile.redeliverer import Fate, Redeliverer
from hookswitch.reconcile.repair import WebhookRepair
from hookswitch.reconcile.report import Report, Request
from hookswitch.reconcile.state import Gap, News, Recovered, State, iso, merge_gaps
from hookswitch.settings import ReconcileSettings
from hookswitch.webhooks.apply import connect
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Change

DAY = 86_400  # seconds
FIRST_RANGE = 31 * DAY  # seconds that the first run reads back
FORGET_AFTER = DAY  # seconds after which a loss that has ended is reported again, should it occur again
NEW = frozenset({Outcome.STORED, Outcome.QUEUED})  # outcomes by which an event gets into the table that was not there
METRICS_OF_A_RUN = ("webhook_restored", "recovered", "reported", "not_recoverable", "not_yet")


class Run:
    """One run of reconcile."""

    def __init__(
        self, ledger: Ledger, state: State | None, request: Request, stop_at: float, metrics: MetricsRecorder
    ) -> None:
        """Prepare.

        Args:
            ledger: Holds the state, which is None before the first run.
            state: As the ledger has it.
            request: What is asked for.
            stop_at: When to begin nothing new, as `time.monotonic` counts.
            metrics: Counts what is found and done; not what a dry run would do.
        """
        self._ledger, self._stop_at, self._metrics = ledger, stop_at, metrics
        self._settings = ReconcileSettings.from_environment()
        self._now = int(time.time())
        self._state = _readable(
            state or State(read_until=self._now - FIRST_RANGE), request, self._now, self._settings.retention_days
        )
        self._notices = Notices(self._state, self._now)
        self._report = Report(request.dry_run, reported=self._notices.reported)
        self._desired = Desired.from_state(self._settings.webhooks_state)
        self._ownership = Ownership.of(self._desired)

    def carry_out(self) -> dict[str, Any]:
        """Repair the webhooks, recover what was missed, and announce it; return the report.

        Raises:
            HookswitchError: Something could not be done; all else was.
        """
        for name in METRICS_OF_A_RUN:
            self._metrics.add(name, 0)
        read_all = False
        try:
            client = connect(self._desired, self._stop_at)
            webhooks: Sequence[Document] = ()
            with self._collected():
                webhooks = list_owned(client, self._desired.account_id, self._ownership)
                self._repair(client, webhooks)
            with self._collected():
                read_all = self._backfill(client, webhooks)
            self._announce()
        finally:
            self._metrics.add("reported", len(self._report.reported))
            self._ledger.save(self._state, release=True)
        return self._conclude(read_all=read_all)

    def preview(self) -> dict[str, Any]:
        """Return the report of what would be done, and change nothing.

        Raises:
            HookswitchError: It can't be found out.
        """
        client = connect(self._desired, self._stop_at)
        webhooks = list_owned(client, self._desired.account_id, self._ownership)
        decision = self._webhook_repair(client).compare(webhooks).decision
        self._report.changes = [str(change) for change in decision.changes]
        self._report.reported += decision.reported.values()
        gaps = [*self._state.gaps, Gap(self._state.read_until + 1, self._now)]
        try:
            self._report.complete, self._report.outcomes = survey(self._source(client, webhooks), gaps)
        except NoAttemptsError as error:
            self._report.reported.append(str(error))
        return self._report.to_json(self._state)

    @contextmanager
    def _collected(self) -> Iterator[None]:
        """Note an error that ends one part of the run, and go on with the next."""
        try:
            yield
        except HookswitchError as error:
            self._report.errors.append(error)

    def _conclude(self, *, read_all: bool) -> dict[str, Any]:
        report = self._report.to_json(self._state)
        logger.info("Reconciled.", extra={"report": report})
        if self._report.errors:
            logger.error(" ".join(str(error) for error in self._report.errors))
            raise self._report.errors[0]
        if read_all:
            self._metrics.add("reconciled")
        return report

    def _webhook_repair(self, client: DashClient) -> WebhookRepair:
        return WebhookRepair(client, self._desired, self._ownership, put_back=self._settings.repairs_drift)

    def _repair(self, client: DashClient, webhooks: Sequence[Document]) -> None:
        repair = self._webhook_repair(client)
        comparison = repair.compare(webhooks)
        if stack_is_changing(self._desired.stack_id):
            # What is wanted may be about to change; this function would be the last to know.
            logger.info("CloudFormation is updating the stack, so the webhooks are left to it.")
            return
        self._metrics.add("webhook_disabled", comparison.disabled)
        self._metrics.add("webhook_missing", comparison.missing)
        repairs = repair.carry_out(comparison)
        self._report.errors += repairs.errors
        for change in repairs.made:
            self._restored(change)
        self._state.looked_at = self._now
        self._ledger.save(self._state)
        reported = {f"webhooks/{key}": sentence for key, sentence in comparison.decision.reported.items()}
        self._notices.update("webhooks/", reported)

    def _restored(self, change: Change) -> None:
        what = describe(change, iso(self._state.looked_at) if self._state.looked_at else "")
        hook = change.hook or "no hook"
        self._report.changes.append(str(change))
        self._state.news.restored.append((hook, what))
        action = type(change).__name__.lower()
        logger.warning("The webhook %s %s.", change.name, what, extra={"hook": hook, "action": action})
        self._metrics.add("webhook_restored")

    def _source(self, client: DashClient, webhooks: Sequence[Document]) -> Source:
        ids = {str(webhook["id"]) for webhook in webhooks}
        account = self._desired.account_id
        log = AttemptLog(client, account, sorted(ids))
        return Source(log, Recognition(self._ownership, ids, account), self._stop_at)

    def _backfill(self, client: DashClient, webhooks: Sequence[Document]) -> bool:
        """Recover what was missed; tell whether the attempt log has been read to its end."""
        redeliverer = Redeliverer(HookFunctions(self._desired.stack_id))
        progress = Progress(self._state, lambda: self._ledger.save(self._state))
        backfill = Backfill(self._source(client, webhooks), redeliverer, progress, self._recovered)
        try:
            read_all = self._report.complete = backfill.run(self._now)
            self._notices.update("attempts/", {})
        except NoAttemptsError as error:
            read_all = True  # there is nothing to read
            self._notices.update("attempts/", {"attempts/none": str(error)})
        finally:
            self._count(redeliverer.outcomes)
        self._notices.update("lost/", self._losses(), FORGET_AFTER)
        return read_all

    def _recovered(self, failure: FailedDelivery, outcome: str) -> None:
        if outcome not in NEW:
            return
        first = Recovered(events=0, first=failure.at, reasons=[])
        recovered = self._state.news.recovered.setdefault(failure.hook, first)
        recovered.events += 1
        recovered.first = min(recovered.first, failure.at)
        if failure.reason not in recovered.reasons:
            recovered.reasons.append(failure.reason)

    def _count(self, outcomes: Mapping[tuple[str, str], int]) -> None:
        self._report.outcomes.update(outcomes)
        for (hook, outcome), number in sorted(outcomes.items()):
            logger.info("Missed deliveries: %s.", outcome, extra={"hook": hook, "outcome": outcome, "number": number})
            if outcome in NEW:
                self._metrics.add("recovered", number)
            elif outcome in {Fate.NOT_RECOVERABLE, Fate.DEFERRED}:
                self._metrics.add(outcome, number)

    def _losses(self) -> dict[str, str]:
        return {
            f"lost/{hook}": f"Dash has no body of failed deliveries of {hook}, so they can't be recovered. "
            "It keeps none of a delivery with GET: register POST."
            for hook, outcome in self._report.outcomes
            if outcome == Fate.NOT_RECOVERABLE
        }

    def _announce(self) -> None:
        item = item_of(self._state.news, self._settings)
        if item:
            put_new(item, self._settings.events_table)
            self._state.news = News()


def _readable(state: State, request: Request, now: int, days: int) -> State:
    """Return the state with what is asked for, and without times whose items can have expired.

    An event of such a time would be stored and published again.
    """
    oldest = now - days * DAY if days else 0
    gaps = list(state.gaps)
    if request.since:
        gaps.append(Gap(int(request.since.timestamp()), state.read_until))
    state.read_until = max(state.read_until, oldest)
    gaps = merge_gaps(replace(gap, start=max(gap.start, oldest)) for gap in gaps if gap.end >= oldest)
    state.gaps = [gap for gap in gaps if gap.start <= gap.end]
    return state
