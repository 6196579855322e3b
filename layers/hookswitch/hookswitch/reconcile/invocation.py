"""One invocation of reconcile: by the schedule, by hand, or because Dash has disabled a webhook."""

from collections.abc import Mapping
from typing import Any

from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.reconcile.ledger import Ledger
from hookswitch.reconcile.notification import DisabledWebhook, pause_after
from hookswitch.reconcile.report import Request
from hookswitch.reconcile.run import Run
from hookswitch.settings.webhooks import ReconcileSettings


def answer(event: Mapping[str, Any], seconds: float, stop_at: float) -> dict[str, Any]:
    """Do one run, if it is needed and none is at work.

    Args:
        event: The Lambda event.
        seconds: How long the function may still run.
        stop_at: When to start nothing new, in `time.monotonic` seconds.

    Returns:
        What `Report.to_json` returns; `{"busy": true}` if another run is at work, which looks at the webhooks again if
        Dash has disabled one; `{"needless": true}` if that one is none of ours.

    Raises:
        HookswitchError: Something could not be done; all else was.
    """
    request, disabled = Request.from_event(event), DisabledWebhook.from_event(event)
    settings = ReconcileSettings.from_environment()
    ledger = Ledger(settings.events_table)
    if request.dry_run:
        return Run(ledger, ledger.read(), request, stop_at, MetricsRecorder()).preview()
    if disabled and not disabled.asks(ledger, settings):
        return {"needless": True}
    acquired, state = ledger.acquire(seconds)
    if not acquired:
        logger.info("Another run is at work.")
        return {"busy": True}
    if disabled and state:
        pause_after(state.looked_at)
    with MetricsRecorder() as metrics:
        return Run(ledger, state, request, stop_at, metrics).carry_out()
