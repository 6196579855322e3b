"""The callback secret, for those who register tokens or rotate it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.aws.protocol import SECRETS_MANAGER
from hookswitch.aws.via_botocore import SdkClient
from hookswitch.callback.verification import REFRESH_INTERVAL, secret_reader
from hookswitch.errors import DashError, InvalidTemplateError, SecretUnavailableError
from hookswitch.settings.waits import WaitSettings

MIN_LENGTH = 32  # characters of a secret from elsewhere: the template's CallbackSecretSourceArn
MARGIN = 5  # seconds by which clocks may differ


@dataclass(frozen=True, slots=True)
class CallbackSecret:
    """The callback secret, which all tokens derive from.

    Attributes:
        current: Its AWSCURRENT version.
        settled_at: Unix seconds from which on tokens of that version may be registered.
    """

    current: str
    settled_at: float

    def wait_until_settled(self, deadline: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait until every hook function accepts tokens of the current version; `SenderCheck` says why.

        Args:
            deadline: When to give up, as `time.monotonic` counts.
            sleep: What waits.

        Raises:
            DashError: There is not enough time left to wait.
        """
        wait = self.settled_at - time.time()
        if wait <= 0:
            return
        if time.monotonic() + wait > deadline:
            raise DashError(
                f"The callback secret was changed less than {REFRESH_INTERVAL} seconds ago, and there is not enough "
                "time left to wait until all functions know it. Try again in two minutes."
            )
        sleep(wait)


def read_callback_secret(secret_arn: str) -> CallbackSecret:
    """Return the callback secret.

    Raises:
        SecretUnavailableError: Secrets Manager does not return it.
        InvalidTemplateError: It is so short that its tokens could be guessed.
    """
    current = secret_reader(secret_arn, lambda: SdkClient(SECRETS_MANAGER))("AWSCURRENT")
    if len(current or "") < MIN_LENGTH:
        raise InvalidTemplateError(
            f"The callback secret has fewer than {MIN_LENGTH} characters. Name a secret with more of them in "
            "CallbackSecretSourceArn, or leave that empty to have one generated."
        )
    try:
        changed = clients.secrets_manager().describe_secret(SecretId=secret_arn).get("LastChangedDate")
    except CALL_ERRORS as error:
        reason = error_reason(error)
        raise SecretUnavailableError(
            f"The callback secret can't be described: Secrets Manager says {reason}."
        ) from error
    settle = WaitSettings.from_environment().callback_settle or REFRESH_INTERVAL + MARGIN
    # A changed tag counts too, which costs a minute's wait at most.
    return CallbackSecret(str(current), (changed or datetime.now(UTC)).timestamp() + settle)
