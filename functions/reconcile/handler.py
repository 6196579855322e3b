"""Puts the webhooks on Dash right again, and brings in what Dash could not deliver; on a schedule, and by hand.

The same comparison and client as provisioning's look at the webhooks (`hookswitch.dash`); what is done about a
difference is `hookswitch.reconcile.drift`, how missed deliveries come in is `hookswitch.reconcile.backfill`. One run
is at work at a time. By hand: `{"dry_run": true}` tells what would be done, `{"since": "2026-11-23T14:00:00Z"}` reads
Dash's attempts again from there on. See docs/healing.md.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import AwareDatetime, BaseModel, ValidationError

from hookswitch.callback.secret import CallbackSecret, read_callback_secret
from hookswitch.dash.client import DashClient, Document
from hookswitch.errors import HookswitchError, NoAttemptsError, RequestError
from hookswitch.events.table import put_new
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.receiving.hook_functions import HookFunctions, stack_is_changing
from hookswitch.reconcile.announcement import item_of
from hookswitch.reconcile.attempt_log import AttemptLog, Recognition
from hookswitch.reconcile.backfill import IN, LEFT, LOST, Backfill
from hookswitch.reconcile.drift import Decision, decide, told
from hookswitch.reconcile.state import Gap, Ledger, State, iso, merged
from hookswitch.settings import settings
from hookswitch.webhooks.apply import apply_changes, connect
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Change, Create, Plan, Update

LOOK_BACK = 2_678_400  # seconds that the first run reads back: 31 days
SECONDS_OF_A_DAY = 86_400
FORGET = SECONDS_OF_A_DAY  # after which what is no longer so is forgotten, and reported when it is so again
RESERVE = 35.0  # seconds of the function's time in which nothing new is begun: a hook function may take 28
SHARE = 0.3  # of the time is the reserve of a function that has little
COUNTED = ("webhook_restored", "recovered", "reported", "not_recoverable", "not_yet")  # of each run, nothing included


class Request(BaseModel):
    """What may be asked for by hand; the schedule asks for nothing, and what else it sends is ignored."""

    dry_run: bool = False
    since: AwareDatetime | None = None


@dataclass(slots=True)
class Report:
    """What a run did, or would do."""

    dry_run: bool
    changes: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    events: dict[str, dict[str, int]] = field(default_factory=dict)
    complete: bool = False
    errors: list[HookswitchError] = field(default_factory=list)

    def answer(self, state: State) -> dict[str, Any]:
        """Return the report as JSON types."""
        return {
            "dry_run": self.dry_run,
            "changes": self.changes,
            "reported": self.reported,
            "events": self.events,
            "complete": self.complete,
            "watermark": iso(state.watermark),
        }


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Do one run.

    Returns:
        `changes` and `reported`, sentences; `events`, by hook how many missed deliveries had which outcome (in a dry
        run `failed`: what would be sent, some of which may be in the table already); `complete`, whether the attempts
        are read to their end; `watermark`, the time up to which everything is in. `{"busy": true}` if another run is
        at work.

    Raises:
        HookswitchError: Something could not be done; all else was.
    """
    request = _request(event)
    seconds = float(context.get_remaining_time_in_millis()) / 1000
    stop_at = time.monotonic() + seconds - min(RESERVE, seconds * SHARE)
    ledger = Ledger(settings().events_table)
    if request.dry_run:
        return Run(ledger, ledger.look(), request, stop_at, MetricsRecorder()).preview()
    free, state = ledger.take(seconds)
    if not free:
        logger.info("Another run is at work.")
        return {"busy": True}
    with MetricsRecorder() as measures:
        return Run(ledger, state, request, stop_at, measures).carry_out()


class Run:
    """One run: first the webhooks, so that they are on as soon as can be, then what was missed."""

    def __init__(
        self, ledger: Ledger, state: State | None, request: Request, stop_at: float, measures: MetricsRecorder
    ) -> None:
        """Prepare.

        Args:
            ledger: Holds the state, which is None before the first run.
            state: As the ledger has it.
            request: What is asked for.
            stop_at: When to begin nothing new, as `time.monotonic` counts.
            measures: Counts what is found and done; not what a dry run would do.
        """
        self._ledger, self._request, self._stop_at, self._measures = ledger, request, stop_at, measures
        self._now = int(time.time())
        self._state = self._usable(state or State(self._now - LOOK_BACK))
        self._report = Report(request.dry_run)
        self._desired = Desired.from_state(os.environ["DASH_WEBHOOKS"])
        self._ownership = Ownership.of(self._desired)
        self._webhooks: list[Document] = []
        self._differences = Plan()
        self._read_all = False

    def carry_out(self) -> dict[str, Any]:
        """Repair what is to be repaired, and tell people.

        Raises:
            HookswitchError: Something could not be done; all else was.
        """
        for name in COUNTED:
            self._measures.add(name, 0)
        try:
            client = connect(self._desired, self._stop_at)
            for part in (self._repair, self._backfill):
                try:
                    part(client)
                except HookswitchError as error:
                    self._report.errors.append(error)
            self._tell()
        finally:
            self._ledger.save(self._state, release=True)
        logger.info("Reconciled.", extra={"report": self._report.answer(self._state)})
        if self._report.errors:
            logger.error(" ".join(str(error) for error in self._report.errors))
            raise self._report.errors[0]
        if self._read_all:
            self._measures.add("reconciled")
        return self._report.answer(self._state)

    def preview(self) -> dict[str, Any]:
        """Tell what would be done, and change nothing.

        Raises:
            HookswitchError: It can't be found out.
        """
        client = connect(self._desired, self._stop_at)
        decision = self._decide(client, read_callback_secret(self._desired.callback_secret_arn))
        self._report.changes = [str(change) for change in decision.changes]
        self._report.reported = list(decision.left.values())
        backfill = self._backfill_of(client)
        try:
            self._report.complete = backfill.survey(self._now)
        except NoAttemptsError as error:
            self._report.reported.append(str(error))
        self._count(backfill)
        return self._report.answer(self._state)

    def _decide(self, client: DashClient, secret: CallbackSecret) -> Decision:
        self._webhooks = list_owned(client, self._desired.account_id, self._ownership)
        self._differences = Plan.between(self._webhooks, self._desired.documents(secret.current), self._ownership)
        return decide(
            self._differences,
            self._webhooks,
            self._ownership,
            put_back=os.environ["ON_DRIFT"] == "repair",
            rotating=secret.settled_at > time.time(),
        )

    def _repair(self, client: DashClient) -> None:
        secret = read_callback_secret(self._desired.callback_secret_arn)
        decision = self._decide(client, secret)
        if stack_is_changing(self._desired.stack_id):
            # What is wanted may be about to change; this function would learn of it last.
            logger.info("CloudFormation is at work on the stack, so the webhooks are left to it.")
            return
        off = [it for it in self._differences if isinstance(it, Update) and "enabled" in it.fields]
        self._measures.add("webhook_disabled", len(off))
        self._measures.add("webhook_missing", sum(isinstance(it, Create) for it in self._differences))
        for change in decision.changes:
            try:
                if change.registers_token:
                    secret.wait_until_settled(client.deadline)
                apply_changes(client, self._desired.account_id, [change])
            except HookswitchError as error:
                self._report.errors.append(error)  # and no reason to leave the others as they are
            else:
                self._restored(change)
        self._state.looked_at = self._now
        self._ledger.save(self._state)
        self._notice("webhooks/", {f"webhooks/{key}": sentence for key, sentence in decision.left.items()})

    def _restored(self, change: Change) -> None:
        what = told(change, iso(self._state.looked_at) if self._state.looked_at else "")
        hook = change.hook or "no hook"
        self._report.changes.append(str(change))
        self._state.news.restored.append((hook, what))
        logger.warning(
            "The webhook %s %s.", change.name, what, extra={"hook": hook, "action": type(change).__name__.lower()}
        )
        self._measures.add("webhook_restored")

    def _backfill(self, client: DashClient) -> None:
        backfill = self._backfill_of(client)
        try:
            self._report.complete = self._read_all = backfill.run(self._now)
            self._notice("attempts/", {})
        except NoAttemptsError as error:
            self._read_all = True  # there is nothing to read
            self._notice("attempts/", {"attempts/none": str(error)})
        finally:
            self._count(backfill)
        lost = {
            f"lost/{hook}": f"Dash has no body of failed deliveries of {hook}, so they can't be brought in. "
            "It keeps none of a get: register post."
            for hook, outcomes in self._report.events.items()
            if LOST in outcomes
        }
        self._notice("lost/", lost, forget=FORGET)

    def _backfill_of(self, client: DashClient) -> Backfill:
        ids = {str(webhook["id"]) for webhook in self._webhooks}
        account = self._desired.account_id
        return Backfill(
            log=AttemptLog(client, account, sorted(ids)),
            recognition=Recognition(self._ownership, ids, account),
            functions=HookFunctions(self._desired.stack_id),
            state=self._state,
            save=lambda: self._ledger.save(self._state),
            stop_at=self._stop_at,
        )

    def _count(self, backfill: Backfill) -> None:
        for (hook, outcome), number in sorted(backfill.outcomes.items()):
            self._report.events.setdefault(hook, {})[outcome] = number
            if self._request.dry_run:
                continue
            logger.info("Missed deliveries: %s.", outcome, extra={"hook": hook, "outcome": outcome, "number": number})
            if outcome in {*IN, LOST, LEFT}:
                self._measures.add("recovered" if outcome in IN else outcome, number)

    def _notice(self, kind: str, current: Mapping[str, str], forget: int = 0) -> None:
        """Report what is left to people, each thing once for as long as it is so."""
        for key, sentence in current.items():
            if key not in self._state.reported:
                logger.warning(sentence)
                self._measures.add("reported")
                self._report.reported.append(sentence)
                self._state.news.noticed.append(sentence)
            self._state.reported[key] = self._now
        self._state.reported = {
            key: seen
            for key, seen in self._state.reported.items()
            if not key.startswith(kind) or key in current or self._now - seen < forget
        }

    def _tell(self) -> None:
        item = item_of(self._state.news, settings())
        if item:
            put_new(item, settings().events_table)
            self._state.news = type(self._state.news)()

    def _usable(self, state: State) -> State:
        """Return the state with what is asked for, and without times of which items can have expired.

        An event of such a time would be stored and published anew.
        """
        days = settings().retention_days
        oldest = self._now - days * SECONDS_OF_A_DAY if days else 0
        gaps = list(state.gaps)
        if self._request.since:
            gaps.append(Gap(int(self._request.since.timestamp()), state.read_until))
        state.read_until = max(state.read_until, oldest)
        state.gaps = merged(replace(gap, start=max(gap.start, oldest)) for gap in gaps if gap.end >= oldest)
        state.gaps = [gap for gap in state.gaps if gap.start <= gap.end]
        return state


def _request(event: Mapping[str, Any]) -> Request:
    try:
        return Request.model_validate({name: event[name] for name in Request.model_fields if name in event})
    except ValidationError as error:
        names = ", ".join(str(detail["loc"][0]) for detail in error.errors(include_input=False))
        raise RequestError(
            f'This can\'t be used: {names}. It is like {{"dry_run": true}} or {{"since": "2026-11-23T14:00:00Z"}}.'
        ) from None
