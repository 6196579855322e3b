"""Rotates the callback secret: Secrets Manager's four steps, or, called with `{}`, all of them at once.

The order loses no delivery. The hook functions accept the secret's current and previous version. So first the
webhooks that still bear an older token get the current one, or the rotation ends here. Then the new version
becomes the current one, and the webhooks' tokens are those of the previous. Only when every function is sure to
accept the new tokens (see `hookswitch.callback.verification.SenderCheck`) do the webhooks get them. If Dash can't
be reached by then they keep on working with the previous version, and the next try goes on where this one ended.
"""

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from hookswitch.aws import clients
from hookswitch.aws.clients import error_code
from hookswitch.callback.secret import CallbackSecret, read_callback_secret
from hookswitch.dash.client import DashClient
from hookswitch.errors import RotationError
from hookswitch.observability.log import logger
from hookswitch.webhooks.apply import apply_changes, connect
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Plan, outdated_tokens

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
RESERVE = 10  # seconds of the function's time that are left unused
LENGTH = 64


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Carry out one step (AWS Secrets Manager, "Lambda rotation functions"), or all for a call by hand.

    Returns:
        `{"webhooks": [...]}`, the names of those that got a new token.

    Raises:
        HookswitchError: The step failed; Secrets Manager repeats it.
    """
    secret_id = os.environ["CALLBACK_SECRET_ARN"]
    if event.get("SecretId", secret_id) != secret_id:
        raise RotationError("This function rotates the callback secret of its own stack only.")
    rotation = Rotation(secret_id, event.get("ClientRequestToken") or str(uuid4()), _deadline(context))
    changed: list[str] = []
    for step in (event["Step"],) if "Step" in event else STEPS:
        logger.info("Step %s.", step)
        changed += rotation.carry_out(step)
    return {"webhooks": sorted(set(changed))}


class Rotation:
    """One rotation, of which each step may be carried out again."""

    def __init__(self, secret_id: str, version: str, deadline: float) -> None:
        """Prepare to make a version of a secret, which is to be done until a deadline (`time.monotonic`)."""
        self._secret_id = secret_id
        self._version = version
        self._deadline = deadline
        self._desired = Desired.from_state(os.environ["DASH_WEBHOOKS"])
        self._ownership = Ownership.of(self._desired)

    def carry_out(self, step: str) -> list[str]:
        """Carry out a step, and return the names of the webhooks that got a new token.

        Raises:
            HookswitchError: It failed.
        """
        match step:
            case "createSecret":
                self._create()
            case "setSecret":
                return self._give_tokens()
            case "testSecret":
                self._test()
            case "finishSecret":
                self._promote()
                return self._give_tokens()
            case _:
                raise RotationError(f"Secrets Manager has no step {step}.")
        return []

    def _create(self) -> None:
        try:
            _client().get_secret_value(SecretId=self._secret_id, VersionId=self._version)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            password = _client().get_random_password(PasswordLength=LENGTH, ExcludePunctuation=True)["RandomPassword"]
            _client().put_secret_value(
                SecretId=self._secret_id,
                ClientRequestToken=self._version,
                SecretString=password,
                VersionStages=["AWSPENDING"],
            )

    def _give_tokens(self) -> list[str]:
        """Give every webhook the current version's token."""
        client = self._dash()
        secret = read_callback_secret(self._secret_id)
        plan = self._outdated(client, secret)
        if plan:
            secret.wait_until_settled(self._deadline)
            apply_changes(client, self._desired.account_id, plan)
        return [update.name for update in plan]

    def _test(self) -> None:
        pending = _client().get_secret_value(SecretId=self._secret_id, VersionId=self._version)["SecretString"]
        if len(pending) < LENGTH:
            raise RotationError("The new version of the callback secret is too short.")
        self._require_current_tokens()

    def _promote(self) -> None:
        current = _client().get_secret_value(SecretId=self._secret_id, VersionStage="AWSCURRENT")["VersionId"]
        if current == self._version:
            return
        self._require_current_tokens()
        # Fails if another rotation has come between.
        _client().update_secret_version_stage(
            SecretId=self._secret_id,
            VersionStage="AWSCURRENT",
            MoveToVersionId=self._version,
            RemoveFromVersionId=current,
        )

    def _require_current_tokens(self) -> None:
        if left := self._outdated(self._dash(), read_callback_secret(self._secret_id)):
            names = ", ".join(update.name for update in left)
            raise RotationError(
                f"These webhooks do not have the current token, and after another rotation theirs would be "
                f"refused: {names}. Rotate again, which gives it to them first."
            )

    def _outdated(self, client: DashClient, secret: CallbackSecret) -> Plan:
        owned = list_owned(client, self._desired.account_id, self._ownership)
        return outdated_tokens(owned, self._ownership, secret.current)

    def _dash(self) -> DashClient:
        return connect(self._desired, self._deadline)


def _client() -> "SecretsManagerClient":
    return clients.secrets_manager()


def _deadline(context: Any) -> float:
    return time.monotonic() + float(context.get_remaining_time_in_millis()) / 1000 - RESERVE
