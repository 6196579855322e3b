"""One run of reconcile: first the webhooks, to re-enable them soon, then missed deliveries, then all calls."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.cloudformation.stack import StackPhase, read_phase
from hookswitch.dash.client import DashClient, Document
from hookswitch.destinations.descendants import refresh
from hookswitch.destinations.table import DestinationTable
from hookswitch.errors import HookswitchError, NoAttemptsError, StorageUnavailableError
from hookswitch.events.table import put_new
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.receiving.hook_functions import HookFunctions
from hookswitch.reconcile.accounting.run import AccountingRun
from hookswitch.reconcile.announcement import to_item
from hookswitch.reconcile.attempt_log import AttemptLog
from hookswitch.reconcile.back_off import WINDOW, BackOff
from hookswitch.reconcile.backfill import survey
from hookswitch.reconcile.drift import describe
from hookswitch.reconcile.ledger import Ledger
from hookswitch.reconcile.notices import Notices
from hookswitch.reconcile.notification import SPACING, pause_after
from hookswitch.reconcile.recognition import Recognition
from hookswitch.reconcile.recovery import Recovery
from hookswitch.reconcile.repair import WebhookRepair
from hookswitch.reconcile.report import Report, Request
from hookswitch.reconcile.retention import DAY, add_gap, drop_expired, give_up
from hookswitch.reconcile.source import Source
from hookswitch.reconcile.state import Gap, News, State, iso
from hookswitch.settings.webhooks import ReconcileSettings
from hookswitch.webhooks.apply import connect
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Change

FIRST_RANGE = 31 * DAY  # seconds that the first run reads back; deleted webhooks are remembered for as long
METRICS_OF_A_RUN = ("webhook_restored", "recovered", "reported", "not_recoverable", "deferred")


class Run:
    """One run of reconcile."""

    def __init__(
        self, ledger: Ledger, state: State | None, request: Request, stop_at: float, metrics: MetricsRecorder
    ) -> None:
        """Prepare.

        Args:
            ledger: Holds the state.
            state: The ledger's state; None before the first run.
            request: The options of the run.
            stop_at: When to start nothing new, in `time.monotonic` seconds.
            metrics: Counts what is found and done, except in a dry run.
        """
        self._ledger, self._stop_at, self._metrics = ledger, stop_at, metrics
        self._settings = ReconcileSettings.from_environment()
        self._now = int(time.time())
        self._state = state or State(read_until=self._now - FIRST_RANGE)
        self._notices = Notices(self._state, self._now)
        self._report = Report(request.dry_run, reported=self._notices.reported)
        self._desired = Desired.from_state(self._settings.webhooks_state)
        self._ownership = Ownership.of(self._desired)
        self._request = request
        self._client: DashClient | None = None
        self._looked = self._saved = 0.0  # when the last look at the webhooks began, and the last save; Unix seconds
        self._choose_range(request, is_first=state is None)

    def carry_out(self) -> dict[str, Any]:
        """Repair the webhooks, recover missed deliveries, and announce both; return the report.

        Raises:
            HookswitchError: A part failed; all other parts were done.
        """
        try:
            return self._carry_out()
        except HookswitchError:
            self._metrics.add("reconciled", 0)  # no value at all would mean that there was no run
            raise

    def _carry_out(self) -> dict[str, Any]:
        for name in METRICS_OF_A_RUN:
            self._metrics.add(name, 0)
        recovery = Recovery(self._state, self._save, self._notices, self._metrics)
        try:
            self._client = client = connect(self._desired, self._stop_at)
            functions, webhooks = HookFunctions(self._desired.stack_id), self._look(client)
            with self._collected():
                recovery.run(self._source(client, webhooks), functions, self._now)
            with self._collected():
                self._refresh_descendants(client)
            self._announce()
            with self._collected():
                self._account(client, functions, has_log=recovery.has_log)
            self._announce()
        finally:
            self._report.outcomes, self._report.complete = recovery.outcomes, recovery.complete
            self._metrics.add("reported", len(self._report.reported))
            if recovery.has_log:
                self._metrics.add("watermark_age", max(0, self._now - self._state.watermark))
            self._release()
        return self._conclude(recovery)

    def _account(self, client: DashClient, functions: HookFunctions, *, has_log: bool) -> None:
        """Compare what Dash keeps of calls with the table."""
        accounting = AccountingRun(self._desired, self._settings, self._notices, self._stop_at, self._now)
        accounting.meanwhile = self._save_now_and_then
        self._report.accounting = accounting.result
        try:
            accounting.carry_out(client, functions, self._request, self._state, has_log=has_log)
        finally:
            for name, value in accounting.result.measurements():
                self._metrics.add(name, value)

    def _look(self, client: DashClient) -> Sequence[Document] | None:
        """Compare and repair the webhooks; return them as they were, or None if Dash did not list them."""
        webhooks: Sequence[Document] | None = None
        self._looked = time.time()
        self._ledger.answer()
        with self._collected():
            webhooks = list_owned(client, self._desired.account_id, self._ownership)
            self._repair(client, webhooks)
        return webhooks

    def _release(self) -> None:
        """Let the next run begin; but if Dash has disabled a webhook since the last look, look again before that."""
        while not self._ledger.release(self._state, anyway=not self._has_time_to_look()):
            pause_after(self._looked)
            if self._client:
                self._look(self._client)
                self._announce()

    def _has_time_to_look(self) -> bool:
        return self._client is not None and time.monotonic() + self._client.patience < self._stop_at

    def _refresh_descendants(self, client: DashClient) -> None:
        """Look up which accounts the filters of destinations stand for."""
        if not self._settings.include_subaccounts:
            return
        table = DestinationTable(self._settings.destinations_table)
        try:
            changed = refresh(table, lambda: client.descendants(self._desired.account_id))
        except CALL_ERRORS as error:
            raise StorageUnavailableError(
                f"The descendants that destinations stand for could not be noted ({error_reason(error)})."
            ) from error
        if changed:
            logger.info("Accounts that destinations stand for have changed.", extra={"destinations": changed})

    def preview(self) -> dict[str, Any]:
        """Return the report of what would be done, without changing anything.

        Raises:
            HookswitchError: It can't be determined.
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
        accounting = AccountingRun(self._desired, self._settings, self._notices, self._stop_at, self._now)
        self._report.accounting, functions = accounting.result, HookFunctions(self._desired.stack_id)
        # Nothing is recovered from the attempt log, so it holds nothing up.
        accounting.carry_out(client, functions, self._request, self._state, has_log=False)
        return self._report.to_json(self._state)

    def _choose_range(self, request: Request, *, is_first: bool) -> None:
        if request.since:
            add_gap(self._state, int(request.since.timestamp()))
        if request.skip_until:
            given_up = give_up(self._state, int(request.skip_until.timestamp()))
            self._notices.update("given up/", {"given up/": given_up} if given_up else {})
        lost = drop_expired(self._state, self._now, self._settings.retention_days)
        # Before the first run, nothing could be lost.
        expired = {"expired/": lost} if lost and (request.since or not is_first) else {}
        self._notices.update("expired/", expired, forget_after=DAY)

    @contextmanager
    def _collected(self) -> Iterator[None]:
        """Record an error that ends one part of the run, and continue with the next part."""
        try:
            yield
        except HookswitchError as error:
            self._report.errors.append(error)

    def _save(self) -> None:
        """Save the state; look at the webhooks again if Dash has disabled one since the last look.

        A run that recovers much takes minutes, and a webhook that is disabled meanwhile has to be enabled in seconds.
        """
        self._ledger.save(self._state)
        self._saved = time.time()
        if self._client and self._ledger.is_asked and self._saved - self._looked >= SPACING:
            self._look(self._client)

    def _save_now_and_then(self) -> None:
        """Do the same, unless that was a moment ago: the accounting has thousands of steps."""
        if time.time() - self._saved >= SPACING:
            self._save()

    def _conclude(self, recovery: Recovery) -> dict[str, Any]:
        report = self._report.to_json(self._state)
        logger.info("Reconciled.", extra={"report": report})
        if self._report.errors:
            logger.error(" ".join(str(error) for error in self._report.errors))
            raise self._report.errors[0]
        if recovery.did_its_work:
            self._metrics.add("reconciled")
        return report

    def _webhook_repair(self, client: DashClient) -> WebhookRepair:
        return WebhookRepair(client, self._desired, self._ownership, put_back=self._settings.repairs_drift)

    def _repair(self, client: DashClient, webhooks: Sequence[Document]) -> None:
        self._remember(webhooks)
        repair = self._webhook_repair(client)
        comparison = repair.compare(webhooks)
        if read_phase(self._desired.stack_id) is not StackPhase.SETTLED:
            logger.info("CloudFormation is changing the stack, so the webhooks are left to it.")
            return
        self._metrics.add("webhook_disabled", comparison.disabled)
        self._metrics.add("webhook_missing", comparison.missing)
        now = int(self._looked)
        back_off = BackOff(self._state, now)
        again = back_off.hold(comparison.decision, at_once=self._request.at_once)
        repairs = repair.carry_out(comparison)
        self._report.errors += repairs.errors
        for change in repairs.made:
            back_off.note(change)
            self._restored(change)
        self._state.looked_at = now
        self._ledger.save(self._state)
        self._notices.update("again/", again, forget_after=WINDOW)
        reported = {f"webhooks/{key}": sentence for key, sentence in comparison.decision.reported.items()}
        self._notices.update("webhooks/", reported)

    def _remember(self, webhooks: Sequence[Document]) -> None:
        """Remember the ids of our webhooks: attempts of a deleted one may still have to be recognized."""
        seen = {str(webhook["id"]): self._now for webhook in webhooks}
        kept = {id_: at for id_, at in self._state.webhook_ids.items() if self._now - at < FIRST_RANGE}
        self._state.webhook_ids = kept | seen

    def _restored(self, change: Change) -> None:
        what = describe(change, iso(self._state.looked_at) if self._state.looked_at else "")
        hook = change.hook or "no hook"
        self._report.changes.append(str(change))
        self._state.news.restored.append((hook, what))
        action = type(change).__name__.lower()
        logger.warning("The webhook %s %s.", change.name, what, extra={"hook": hook, "action": action})
        self._metrics.add("webhook_restored")

    def _source(self, client: DashClient, webhooks: Sequence[Document] | None) -> Source:
        """Return where to read failed deliveries; `webhooks` is None if Dash did not list them."""
        ids = {*self._state.webhook_ids, *(str(webhook["id"]) for webhook in webhooks or ())}
        knows_all = webhooks is not None
        recognition = Recognition(
            self._desired.account_id, self._ownership, ids, knows_all=knows_all, clock_ahead=client.clock_ahead
        )
        return Source(AttemptLog(client, recognition), recognition, self._stop_at)

    def _announce(self) -> None:
        item = to_item(self._state.news, self._settings)
        if item:
            put_new(item, self._settings.events_table)
            self._state.news = News()
