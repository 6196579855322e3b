"""Rotates the callback secret: one of Secrets Manager's four steps, or, invoked with `{}`, all of them."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from hookswitch.errors import RotationError
from hookswitch.observability.log import logger
from hookswitch.settings.webhooks import RotateSettings
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.rotation import STEPS, Rotation

RESERVE = 10  # seconds of the function's time that stay unused


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Run one step (AWS Secrets Manager, "Lambda rotation functions"), or all of them when invoked by hand.

    Returns:
        `{"webhooks": [...]}`, the names of those that got a new token.

    Raises:
        HookswitchError: The step failed; Secrets Manager retries it.
    """
    settings = RotateSettings.from_environment()
    if event.get("SecretId", settings.callback_secret) != settings.callback_secret:
        raise RotationError("This function rotates only the callback secret of its own stack.")
    rotation = Rotation(
        settings.callback_secret,
        version=event.get("ClientRequestToken") or str(uuid4()),
        desired=Desired.from_state(settings.webhooks_state),
        deadline=time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVE,
    )
    updated: list[str] = []
    for step in (event["Step"],) if "Step" in event else STEPS:
        logger.info("Step %s.", step)
        updated += rotation.run(step)
    return {"webhooks": sorted(set(updated))}
