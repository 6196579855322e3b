"""The rotation of the callback secret, in an order that loses no delivery.

The hook functions accept the secret's current and previous version. So first, webhooks with an older token get the
current one; if that fails, the rotation ends. Then the new version becomes the current one, so the webhooks have tokens
of the previous version. They get their new tokens only once every function is certain to accept them
(`hookswitch.callback.verification.SenderCheck`). If Dash is unavailable by then, they keep working with the previous
version, and the next attempt continues where this one ended.
"""

from botocore.exceptions import ClientError

from hookswitch.aws import clients
from hookswitch.aws.clients import error_code
from hookswitch.callback.secret import MIN_LENGTH, CallbackSecret, read_callback_secret
from hookswitch.dash.client import DashClient
from hookswitch.errors import RotationError
from hookswitch.observability.log import logger
from hookswitch.webhooks.apply import apply_changes, connect
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Plan, outdated_tokens

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
LENGTH = 64  # characters of a new secret


class Rotation:
    """One rotation; each step can be run again."""

    def __init__(self, secret_id: str, version: str, desired: Desired, deadline: float) -> None:
        """Prepare.

        Args:
            secret_id: The callback secret.
            version: The id of the version to create.
            desired: What the stack has registered on Dash.
            deadline: When to give up, in `time.monotonic` seconds.
        """
        self._secret_id = secret_id
        self._version = version
        self._deadline = deadline
        self._desired = desired
        self._ownership = Ownership.of(desired)

    def run(self, step: str) -> list[str]:
        """Run a step, and return the names of the webhooks that got a new token.

        Raises:
            HookswitchError: It failed.
        """
        match step:
            case "createSecret":
                self._create()
            case "setSecret":
                return self._update_tokens()
            case "testSecret":
                self._test()
            case "finishSecret":
                self._promote()
                return self._update_tokens()
            case _:
                raise RotationError(f"Secrets Manager has no rotation step {step}.")
        return []

    def _create(self) -> None:
        if self._read_new_version() is not None:
            return
        secrets = clients.secrets_manager()
        password = secrets.get_random_password(PasswordLength=LENGTH, ExcludePunctuation=True)["RandomPassword"]
        secrets.put_secret_value(
            SecretId=self._secret_id,
            ClientRequestToken=self._version,
            SecretString=password,
            VersionStages=["AWSPENDING"],
        )

    def _read_new_version(self) -> str | None:
        """Return the new version of the secret; None if it has no value yet."""
        secrets = clients.secrets_manager()
        try:
            return secrets.get_secret_value(SecretId=self._secret_id, VersionId=self._version)["SecretString"]
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
        return None

    def _update_tokens(self) -> list[str]:
        """Give every webhook the current version's token."""
        client = self._connect()
        secret = read_callback_secret(self._secret_id)
        plan = self._outdated_tokens(client, secret)
        if plan:
            secret.wait_until_settled(self._deadline)
        # A webhook may be missing because the stack is being deleted; otherwise reconcile recreates it.
        updated = apply_changes(client, self._desired.account_id, plan, recreate=False)
        return [change.name for change in updated]

    def _test(self) -> None:
        """Check the new version, and that all webhooks keep working after its promotion.

        Secrets Manager also runs this step alone to test a new schedule. The version that it creates for the test,
        and removes afterwards, has the current secret's value or none.
        """
        pending = self._read_new_version()
        if pending is None:
            logger.info("The new version has no value: this is only a test of the schedule.")
        elif len(pending) < MIN_LENGTH:
            raise RotationError(f"The new version of the callback secret has fewer than {MIN_LENGTH} characters.")
        self._require_current_tokens()

    def _promote(self) -> None:
        secrets = clients.secrets_manager()
        current = secrets.get_secret_value(SecretId=self._secret_id, VersionStage="AWSCURRENT")["VersionId"]
        if current == self._version:
            return
        if self._read_new_version() is None:
            raise RotationError("The new version of the callback secret has no value. Rotate again.")
        self._require_current_tokens()
        # Fails if another rotation has promoted its version in the meantime.
        secrets.update_secret_version_stage(
            SecretId=self._secret_id,
            VersionStage="AWSCURRENT",
            MoveToVersionId=self._version,
            RemoveFromVersionId=current,
        )

    def _require_current_tokens(self) -> None:
        if outdated := self._outdated_tokens(self._connect(), read_callback_secret(self._secret_id)):
            names = ", ".join(update.name for update in outdated)
            raise RotationError(
                f"These webhooks do not have the current token, and another rotation would make hookswitch reject "
                f"the one they have: {names}. Rotate again, which updates them first."
            )

    def _outdated_tokens(self, client: DashClient, secret: CallbackSecret) -> Plan:
        owned = list_owned(client, self._desired.account_id, self._ownership)
        return outdated_tokens(owned, self._ownership, secret.current)

    def _connect(self) -> DashClient:
        return connect(self._desired, self._deadline)
