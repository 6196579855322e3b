"""The repair of the webhooks on Dash."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from hookswitch.callback.secret import CallbackSecret, read_callback_secret
from hookswitch.dash.client import DashClient, Document
from hookswitch.errors import HookswitchError
from hookswitch.reconcile.drift import Decision, DriftPolicy
from hookswitch.webhooks.apply import apply_changes
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership
from hookswitch.webhooks.plan import Change, Create, Plan, Update


@dataclass(frozen=True, slots=True)
class Comparison:
    """The webhooks on Dash, compared with those that are wanted.

    Attributes:
        differences: All of them.
        decision: What to do about them.
        secret: The callback secret that the wanted tokens derive from.
    """

    differences: Plan
    decision: Decision
    secret: CallbackSecret

    @property
    def disabled(self) -> int:
        """How many webhooks are switched off."""
        return sum(isinstance(it, Update) and "enabled" in it.fields for it in self.differences)

    @property
    def missing(self) -> int:
        """How many webhooks are not there."""
        return sum(isinstance(it, Create) for it in self.differences)


@dataclass(slots=True)
class Repairs:
    """What was repaired, and what could not be."""

    made: list[Change] = field(default_factory=list)
    errors: list[HookswitchError] = field(default_factory=list)


class WebhookRepair:
    """Compares and repairs the webhooks of one stack."""

    def __init__(self, client: DashClient, desired: Desired, ownership: Ownership, *, put_back: bool) -> None:
        """Prepare.

        Args:
            client: Of the account's Dash.
            desired: What the stack wants.
            ownership: Of this stack.
            put_back: Whether a change that somebody made by hand is undone.
        """
        self._client, self._desired, self._ownership, self._put_back = client, desired, ownership, put_back

    def compare(self, webhooks: Sequence[Document]) -> Comparison:
        """Compare our webhooks as they are with those that are wanted.

        Raises:
            SecretUnavailableError: The callback secret can't be read.
        """
        secret = read_callback_secret(self._desired.callback_secret_arn)
        differences = Plan.between(webhooks, self._desired.documents(secret.current), self._ownership)
        policy = DriftPolicy(self._ownership, put_back=self._put_back, rotating=secret.settled_at > time.time())
        return Comparison(differences, policy.decide(differences, webhooks), secret)

    def carry_out(self, comparison: Comparison) -> Repairs:
        """Make the changes that were decided on; one that fails does not hold up the others."""
        repairs = Repairs()
        for change in comparison.decision.changes:
            try:
                if change.registers_token:
                    comparison.secret.wait_until_settled(self._client.deadline)
                repairs.made += apply_changes(self._client, self._desired.account_id, [change])
            except HookswitchError as error:
                repairs.errors.append(error)
        return repairs
