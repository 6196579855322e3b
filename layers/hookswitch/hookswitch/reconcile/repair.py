"""The repair of the webhooks on Dash."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from hookswitch.callback.secret import CallbackSecret, read_callback_secret
from hookswitch.cloudformation.stack import StackPhase, read_phase
from hookswitch.dash.client import DashClient, Document
from hookswitch.errors import HookswitchError, StackError
from hookswitch.observability.log import logger
from hookswitch.reconcile.drift import Decision, DriftPolicy
from hookswitch.webhooks.apply import apply_changes, delete_owned
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership
from hookswitch.webhooks.plan import Change, Create, Delete, Plan, Update


@dataclass(frozen=True, slots=True)
class Comparison:
    """The actual webhooks, compared with the desired ones.

    Attributes:
        webhooks: Our webhooks as they are.
        differences: All differences.
        decision: What to do about them.
        secret: The callback secret that the desired tokens derive from.
    """

    webhooks: Sequence[Document]
    differences: Plan
    decision: Decision
    secret: CallbackSecret

    @property
    def disabled(self) -> int:
        """How many webhooks are disabled."""
        return sum(isinstance(it, Update) and "enabled" in it.fields for it in self.differences)

    @property
    def missing(self) -> int:
        """How many webhooks are missing."""
        return sum(isinstance(it, Create) for it in self.differences)


@dataclass(slots=True)
class Repairs:
    """What was repaired, and what could not be repaired."""

    made: list[Change] = field(default_factory=list)
    errors: list[HookswitchError] = field(default_factory=list)


class StackIsChangingError(Exception):
    """CloudFormation is changing the stack, and owns its webhooks meanwhile."""


class WebhookRepair:
    """Compares and repairs the webhooks of one stack."""

    def __init__(self, client: DashClient, desired: Desired, ownership: Ownership, *, put_back: bool) -> None:
        """Prepare.

        Args:
            client: A client of the account's Dash.
            desired: The webhooks that the stack wants.
            ownership: Tells which webhooks belong to this stack.
            put_back: Whether to revert manual changes.
        """
        self._client, self._desired, self._ownership, self._put_back = client, desired, ownership, put_back

    def compare(self, webhooks: Sequence[Document]) -> Comparison:
        """Compare our actual webhooks with the desired ones.

        Raises:
            SecretUnavailableError: The callback secret can't be read.
        """
        secret = read_callback_secret(self._desired.callback_secret_arn)
        differences = Plan.between(webhooks, self._desired.documents(secret.current), self._ownership)
        policy = DriftPolicy(self._ownership, put_back=self._put_back, rotating=secret.settled_at > time.time())
        return Comparison(webhooks, differences, policy.decide(differences, webhooks), secret)

    def carry_out(self, comparison: Comparison) -> Repairs:
        """Make the changes that were decided on; a failed change does not stop the others.

        Stop when CloudFormation begins to change the stack: the desired webhooks may be about to change, and this
        function does not have the new values yet.
        """
        repairs = Repairs()
        for change in comparison.decision.changes:
            try:
                if change.registers_token:
                    comparison.secret.wait_until_settled(self._client.deadline)
                repairs.made += self._apply(change, comparison.webhooks)
            except StackIsChangingError:
                logger.info("CloudFormation is changing the stack, so the webhooks are left to it.")
                break
            except HookswitchError as error:
                repairs.errors.append(error)
        return repairs

    def _apply(self, change: Change, webhooks: Sequence[Document]) -> tuple[Change, ...]:
        if read_phase(self._desired.stack_id) is not StackPhase.SETTLED:
            raise StackIsChangingError
        with self._undone_if_the_stack_ends(change, webhooks):
            return apply_changes(self._client, self._desired.account_id, [change])

    @contextmanager
    def _undone_if_the_stack_ends(self, change: Change, webhooks: Sequence[Document]) -> Iterator[None]:
        """Delete what was created while the stack is being deleted; nothing else would.

        Provision deletes what it finds on Dash once the deletion has begun. So either a webhook exists before that,
        and Provision finds it; or the deletion has begun by the time it exists, and the check afterwards sees that.
        """
        try:
            yield
        finally:
            # Updating a webhook that has been deleted creates it.
            if not isinstance(change, Delete) and self._stack_ends():
                known = frozenset(str(webhook["id"]) for webhook in webhooks)
                delete_owned(self._client, self._desired.account_id, self._ownership, spare=known)
                raise StackIsChangingError

    def _stack_ends(self) -> bool:
        try:
            return read_phase(self._desired.stack_id) is StackPhase.ENDING
        except StackError:
            return True  # the role may be gone already; should the stack stay, the next run recreates the webhook
