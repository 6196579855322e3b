"""Dash's notification that it has disabled a webhook, which starts a run.

See docs/engineering/decisions/0095-told-by-dash.md.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from hookswitch.observability.log import logger
from hookswitch.reconcile.ledger import Ledger
from hookswitch.reconcile.state import State
from hookswitch.settings.webhooks import ReconcileSettings
from hookswitch.webhooks.desired import Desired

SPACING = 5.0  # seconds at least between two looks at the webhooks, however many notifications come
UNKNOWN_FOR = 60  # seconds after a look for which a webhook that it did not see is none of ours


@dataclass(frozen=True, slots=True)
class DisabledWebhook:
    """What the notification says, as the hook function stored it and publish published it.

    Attributes:
        event_id: The key of the event.
        webhook_id: The id of the webhook on Dash; empty if Dash does not say.
    """

    event_id: str
    webhook_id: str

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self | None:
        """Return what an event of SNS says; None for any other event (AWS Lambda, "Using AWS Lambda with SNS")."""
        for record in event.get("Records", ()):
            message = json.loads(record["Sns"]["Message"])
            return cls(str(message["id"]), str(message.get("data", {}).get("hook_id") or ""))
        return None

    def asks(self, ledger: Ledger, settings: ReconcileSettings) -> bool:
        """Ask for a run, unless there is no need for one; tell whether there is.

        The request is in the ledger before anybody tries to take the lease. So either the caller gets the lease, or the
        run that has it finds the request, at the latest when it gives the lease back.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        if not Desired.from_state(settings.webhooks_state).reconcile_at_once:
            logger.info("Dash has disabled a webhook. ReconcileAtOnce is off, so the next run enables it.")
            return False
        if not self._may_be_ours(ledger.read()):
            logger.info("Dash has disabled a webhook that is none of this stack's.")
            return False
        ledger.ask(self.event_id)
        return True

    def _may_be_ours(self, state: State | None) -> bool:
        """Tell whether the webhook is ours, or may be: it can be younger than the last look at them."""
        if state is None or self.webhook_id in state.webhook_ids:
            return True
        return time.time() - state.looked_at >= UNKNOWN_FOR


def pause_after(look: float) -> None:
    """Wait until enough time has passed since a look at the webhooks, in Unix seconds."""
    time.sleep(min(SPACING, max(0.0, look + SPACING - time.time())))
