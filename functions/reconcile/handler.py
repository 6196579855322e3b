"""Repairs the webhooks on Dash and recovers what Dash could not deliver; on a schedule, and by hand.

By hand: `{"dry_run": true}` says what would be done, `{"since": "2026-11-23T14:00:00Z"}` reads Dash's attempts again
from there on, `{"skip_until": ...}` gives up what has not been recovered up to then. See docs/healing.md.
"""

import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.reconcile.importing.answer import Import
from hookswitch.reconcile.importing.request import ImportRequest
from hookswitch.reconcile.ledger import Ledger
from hookswitch.reconcile.report import Request
from hookswitch.reconcile.run import Run
from hookswitch.settings.functions import ReconcileSettings

RESERVE = 35.0  # seconds of the function's time in which nothing new is begun: a hook function may take 28
RESERVED_SHARE = 0.3  # of the time is the reserve of a function that has little


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do one run.

    Returns:
        What `hookswitch.reconcile.report.Report.to_json` returns; `{"busy": true}` if another run is at work.

    Raises:
        HookswitchError: Something could not be done; all else was.
    """
    seconds = context.get_remaining_time_in_millis() / 1000
    stop_at = time.monotonic() + seconds - min(RESERVE, seconds * RESERVED_SHARE)
    if "import" in event:
        return Import(ImportRequest.from_event(event), stop_at).answer()
    request = Request.from_event(event)
    ledger = Ledger(ReconcileSettings.from_environment().events_table)
    if request.dry_run:
        return Run(ledger, ledger.read(), request, stop_at, MetricsRecorder()).preview()
    acquired, state = ledger.acquire(seconds)
    if not acquired:
        logger.info("Another run is at work.")
        return {"busy": True}
    with MetricsRecorder() as metrics:
        return Run(ledger, state, request, stop_at, metrics).carry_out()
