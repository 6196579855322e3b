"""The registration on an account where the stack has nothing yet, which is undone if it fails."""

import time
from dataclasses import dataclass
from functools import partial

from hookswitch.callback.secret import read_callback_secret
from hookswitch.cloudformation.custom_resource import FailedError, Request, Success
from hookswitch.dash.client import DashClient
from hookswitch.errors import DeadlineError, HookswitchError, LostAnswerError
from hookswitch.webhooks.apply import apply_changes, apply_desired, connect, delete_owned
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Plan
from hookswitch.webhooks.requested import desired_state, physical_id, report_success

LATE_FACTOR = 6  # a creation without a response may still happen within this many response timeouts


@dataclass(frozen=True, slots=True)
class Undo:
    """Deletes what a failed registration may have created.

    Attributes:
        client: A client of the account's Dash.
        account_id: The account.
        ownership: Tells which webhooks belong to the stack.
        spare: Ids of webhooks that existed before and stay.
        deadline: When to give up, in `time.monotonic` seconds.
    """

    client: DashClient
    account_id: str
    ownership: Ownership
    spare: frozenset[str]
    deadline: float

    def run(self, cause: Exception) -> None:
        """Delete what may have been created.

        Raises:
            HookswitchError: Something is left.
        """
        self.client.deadline = self.deadline
        # A creation without a response may still be in progress.
        in_doubt = isinstance(cause, LostAnswerError | DeadlineError)
        settle = partial(_sleep, LATE_FACTOR * self.client.patience, self.deadline) if in_doubt else None
        delete_owned(self.client, self.account_id, self.ownership, spare=self.spare, settle=settle)


def register(request: Request, *, id_if_undone: str) -> Success:
    """Register on an account where this resource has nothing yet, and undo that on failure.

    Args:
        request: A Create, or an Update to another account.
        id_if_undone: The physical id to fail with if nothing is left on Dash.

    Raises:
        FailedError: The request failed; the physical id says whether something may be left on Dash.
    """
    undo: Undo | None = None
    try:
        desired = desired_state(request)
        ownership = Ownership.of(desired)
        client = connect(desired, request.work_until)
        before = client.webhooks(desired.account_id)
        is_create = request.kind == "Create"
        # When a rollback returns to the previous account, the stack depends on the webhooks that still exist there.
        spare = frozenset() if is_create else frozenset(str(it["id"]) for it in before if ownership.owns(it))
        undo = Undo(client, desired.account_id, ownership, spare, request.cleanup_until)
        if is_create:
            # No need to wait until the secret has settled: no function has run, so none has cached another version.
            secret = read_callback_secret(desired.callback_secret_arn).current
            owned = list_owned(client, desired.account_id, ownership)
            plan = Plan.between(owned, desired.documents(secret), ownership)
            applied = apply_changes(client, desired.account_id, plan)
        else:
            applied = apply_desired(client, desired, ownership)
    except Exception as error:
        if undo:
            try:
                undo.run(error)
            except HookswitchError as left:
                reason = f"{error} What was registered could not be deleted: {left}"
                raise FailedError(reason, physical_id(request.properties)) from error
        if not isinstance(error, HookswitchError):
            raise
        reason = f"{error} What had been registered is deleted again." if undo else str(error)
        raise FailedError(reason, id_if_undone) from error
    return report_success(desired, applied)


def _sleep(seconds: float, deadline: float) -> None:
    time.sleep(max(0.0, min(seconds, (deadline - time.monotonic()) / 2)))
