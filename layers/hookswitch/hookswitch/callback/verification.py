"""The check of a delivery's sender: whether the token in its path is one that the stack registered."""

import hmac
import time
from collections.abc import Callable
from typing import Literal

from hookswitch.aws import hook_clients
from hookswitch.aws.protocol import Client
from hookswitch.callback.token import token_for
from hookswitch.errors import NoAnswerError, SecretUnavailableError, ServiceError

Stage = Literal["AWSCURRENT", "AWSPREVIOUS"]
ReadSecret = Callable[[Stage], str | None]

REFRESH_INTERVAL = 60  # seconds between two refreshes that wrong tokens can cause
MAX_AGE = 300  # seconds after which the secret is read again, so that a revoked one stops working


class SenderCheck:
    """Compares tokens for one hook with those of the current and the previous version of the secret.

    A token that fits neither causes at most one fresh look at the secret a minute. Whoever rotates the secret
    therefore waits longer than a minute before giving the webhooks their new tokens: by then a function either
    has looked since, or is free to look, so that not even a flood of wrong tokens can make it refuse the
    first right one.
    """

    def __init__(self, hook: str, read_secret: ReadSecret, clock: Callable[[], float] = time.time) -> None:
        """Check `hook` with the secret that `read_secret` returns for a stage (None: no such version)."""
        self._hook = hook
        self._read_secret = read_secret
        self._clock = clock
        self._tokens: dict[Stage, bytes] = {}
        self._read_at = float("-inf")
        self._refused_look_at = float("-inf")

    def accepts(self, token: str) -> bool:
        """Tell whether the token is this hook's own, compared in constant time.

        Raises:
            SecretUnavailableError: The secret was never read, or a fresh look was due, and it can't be read.
        """
        given, now = token.encode("utf-8", "replace"), self._clock()
        if now - self._read_at > MAX_AGE:
            self._refresh(now)
        if self._fits(given):
            return True
        if now - self._refused_look_at < REFRESH_INTERVAL:
            return False
        self._refused_look_at = now
        self._look("AWSCURRENT", "AWSPREVIOUS")
        if not self._fits(given):
            return False
        # Only a look that ends in a refusal counts: a valid token is no stranger's doing.
        self._refused_look_at = float("-inf")
        return True

    def _refresh(self, now: float) -> None:
        """Read the secret; keep what is cached while Secrets Manager can't be reached."""
        try:
            # A cold start reads one version, since hardly any delivery needs the other. Later both are read:
            # what was the current version a moment ago may be the previous one now.
            if self._tokens:
                self._look("AWSCURRENT", "AWSPREVIOUS")
            else:
                self._look("AWSCURRENT")
        except SecretUnavailableError:
            if not self._tokens:
                raise
        self._read_at = now

    def _look(self, *stages: Stage) -> None:
        secrets = {stage: self._read_secret(stage) for stage in stages}
        self._tokens = {
            stage: token_for(secret, self._hook).encode() for stage, secret in secrets.items() if secret is not None
        }

    def _fits(self, given: bytes) -> bool:
        # All tokens are compared, whichever fits.
        return sum(hmac.compare_digest(given, token) for token in self._tokens.values()) > 0


def secret_reader(secret_id: str, client: Callable[[], Client] = hook_clients.secrets_manager) -> ReadSecret:
    """Return a function that reads one stage of a secret from Secrets Manager, as `client` reaches it.

    It returns None for a stage that the secret does not have (AWSPREVIOUS before the first rotation), and
    raises SecretUnavailableError when Secrets Manager does not answer.
    """

    def read(stage: Stage) -> str | None:
        try:
            secret = client().call("GetSecretValue", SecretId=secret_id, VersionStage=stage)
        except ServiceError as error:
            if error.code == "ResourceNotFoundException" and stage == "AWSPREVIOUS":
                return None
            raise SecretUnavailableError(
                f"The callback secret can't be read: Secrets Manager says {error.code}."
            ) from error
        except NoAnswerError as error:
            raise SecretUnavailableError(
                f"The callback secret can't be read: Secrets Manager does not answer ({error})."
            ) from error
        return str(secret["SecretString"])

    return read
