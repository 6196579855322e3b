"""Repairs the webhooks on Dash and recovers what Dash could not deliver; on a schedule, by hand, and when Dash asks.

By hand: `{"dry_run": true}` says what would be done, `{"since": "2026-11-23T14:00:00Z"}` reads Dash's attempts again
from there on, `{"skip_until": ...}` gives up what has not been recovered up to then. See docs/healing.md.
"""

import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from hookswitch.observability.log import logger
from hookswitch.reconcile import invocation
from hookswitch.reconcile.importing.answer import Import
from hookswitch.reconcile.importing.request import ImportRequest

RESERVE = 35.0  # seconds of the function's time in which nothing new is begun: a hook function may take 28
RESERVED_SHARE = 0.3  # of the time is the reserve of a function that has little


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do one run, or one part of an import.

    Returns:
        What `hookswitch.reconcile.invocation.answer` returns, or for an import
        `hookswitch.reconcile.importing.answer.Import.answer`.

    Raises:
        HookswitchError: Something could not be done; all else was.
    """
    seconds = context.get_remaining_time_in_millis() / 1000
    stop_at = time.monotonic() + seconds - min(RESERVE, seconds * RESERVED_SHARE)
    if "import" in event:
        return Import(ImportRequest.from_event(event), stop_at).answer()
    return invocation.answer(event, seconds, stop_at)
