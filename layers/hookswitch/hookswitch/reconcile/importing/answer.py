"""What the reconcile function answers to a request to import."""

import time
from typing import Any

from hookswitch.dash.history import DashHistory
from hookswitch.dash.pace import Pace
from hookswitch.errors import NotOpenError, RequestError
from hookswitch.observability.log import logger
from hookswitch.receiving.hook_functions import HookFunctions
from hookswitch.reconcile.accounting.index import EventIndex
from hookswitch.reconcile.accounting.kinds import Legs
from hookswitch.reconcile.accounting.ledger import AccountingLedger
from hookswitch.reconcile.accounting.listing import served_accounts
from hookswitch.reconcile.accounting.run import DELAY
from hookswitch.reconcile.importing.job import Job
from hookswitch.reconcile.importing.outlet import Outlet
from hookswitch.reconcile.importing.request import ImportRequest
from hookswitch.reconcile.importing.run import Slice
from hookswitch.reconcile.importing.storage import JobStorage, OvertakenError
from hookswitch.reconcile.ledger import Ledger
from hookswitch.reconcile.retention import DAY
from hookswitch.reconcile.state import iso
from hookswitch.settings.webhooks import ReconcileSettings
from hookswitch.webhooks.apply import connect
from hookswitch.webhooks.desired import Desired

SLICE_SECONDS = 30.0  # so that a command can show progress, and be interrupted


class Import:
    """One request about an import."""

    def __init__(self, request: ImportRequest, stop_at: float) -> None:
        """Prepare.

        Args:
            request: What to do.
            stop_at: When the function has to end, in `time.monotonic` seconds.
        """
        self._request = request
        self._settings = ReconcileSettings.from_environment()
        self._desired = Desired.from_state(self._settings.webhooks_state)
        self._storage = JobStorage(self._settings.events_table)
        self._client = connect(self._desired, stop_at)
        self._stop_at = min(stop_at, time.monotonic() + SLICE_SECONDS)

    def answer(self) -> dict[str, Any]:
        """Do what is asked, and return the answer.

        Returns:
            `import`: what `Job.to_json` returns, or None if there is nothing to go on with; or `count`; or `busy` if
            another invocation is at work on the same import.

        Raises:
            RequestError: Nothing of that period can be imported.
            NotOpenError: Dash does not open its call detail records.
            HookswitchError: Dash, DynamoDB or a function failed. The next slice goes on where this one was.
        """
        try:
            return self._answer()
        except NotOpenError as error:
            raise NotOpenError(
                "Dash does not open its call detail records to these credentials, so there is nothing to import. "
                "Ask the provider of the phone system to open them."
            ) from error

    def _answer(self) -> dict[str, Any]:
        if self._request.do == "count":
            return {"count": self._count()}
        job = self._storage.read()
        begun = job if job and job.is_for(self._request) and not job.is_complete else None
        if self._request.do == "look":
            return {"import": begun.to_json() if begun else None}
        job = begun or self._new()
        try:
            self._slice(job).carry_out(self._storage, Outlet(HookFunctions(self._desired.stack_id), self._desired))
        except OvertakenError:
            return {"busy": True}
        report = job.to_json()
        logger.info("Imported.", extra={"import": report})
        return {"import": report}

    def _count(self) -> dict[str, Any]:
        job = self._new()
        if self._request.place:
            job.done_until = int(self._request.place.timestamp())
        on_dash, here = self._slice(job).count()
        return {
            "from": iso(job.since),
            "done_until": iso(job.done_until),
            "next": None if job.is_complete else iso(job.done_until),
            "legs": on_dash,
            "here": here,
            "retention_days": self._settings.retention_days if job.since > job.asked_since else 0,
        }

    def _new(self) -> Job:
        request, now = self._request, int(time.time())
        asked = int(request.since.timestamp())
        until = None if request.until is None else int(request.until.timestamp())
        kept = self._settings.retention_days
        since = max(asked, now - kept * DAY) if kept else asked
        last = self._last_second(now)
        job = Job(
            asked_since=asked,
            asked_until=until,
            publishes=request.publish,
            since=since,
            until=last if until is None else min(until, last),
            accounts=served_accounts(self._client, self._settings),
            legs=request.legs,
            done_until=since - 1,
        )
        if job.is_complete:
            raise RequestError(
                f"Nothing of that period can be imported: reconcile accounts for what ended after {iso(last)}, and "
                "what is older than RetentionDays would be deleted at once."
            )
        return job

    def _last_second(self, now: int) -> int:
        """Return the last second that can be imported: what is later has to be recovered and published.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        table = self._settings.events_table
        states = (Ledger(table).read(), AccountingLedger(table).read())
        return min([now - DELAY, *(state.watermark for state in states if state)])

    def _slice(self, job: Job) -> Slice:
        pace = Pace()
        pace.slow_down(0)  # one slice follows the other, so each begins with an empty bucket
        return Slice(
            job,
            Legs(includes_internal=self._desired.include_internal_legs),
            DashHistory(self._client, pace),
            EventIndex(self._settings.events_table),
            self._is_over,
        )

    def _is_over(self) -> bool:
        return time.monotonic() >= self._stop_at
