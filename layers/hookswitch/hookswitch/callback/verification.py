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
RETRY_INTERVAL = 30  # seconds between two refreshes while they fail: one may hold up a function for six
MAX_AGE = 300  # seconds after which the secret is read again, so that a revoked one stops working


class SenderCheck:
    """Compares tokens for one hook with those of the current and the previous version of the secret.

    An unknown token is refused only if it can't be ours: if a refresh of the last minute did not find it. Whoever
    rotates the secret waits longer than that before giving the webhooks their new tokens, so not even a flood of wrong
    tokens makes a function refuse the first right one. While refreshes fail, nobody can tell whether an unknown token
    is new or wrong, and the check says so instead of refusing it. A stranger gets such an answer only while Secrets
    Manager fails, which wrong tokens can't bring about: they cause at most one refresh a minute.
    """

    def __init__(self, hook: str, read_secret: ReadSecret, clock: Callable[[], float] = time.time) -> None:
        """Prepare.

        Args:
            hook: The hook whose tokens are accepted.
            read_secret: Returns the secret for a stage, or None if it has no such version.
            clock: Returns the time in seconds.
        """
        self._hook = hook
        self._read_secret = read_secret
        self._clock = clock
        self._tokens: dict[Stage, bytes] = {}
        self._read_at = float("-inf")  # the last time the secret was due by age, whether or not it could be read
        self._refused_at = float("-inf")  # the last refresh that did not know a token
        self._failed_at = float("-inf")  # the last refresh, if it failed

    def accepts(self, token: str) -> bool:
        """Tell whether the token is this hook's own, compared in constant time.

        Raises:
            SecretUnavailableError: The secret can't be read, so nobody can tell.
        """
        given, now = token.encode("utf-8", "replace"), self._clock()
        if now - self._read_at > MAX_AGE:
            self._read_by_age(now)
        if self._matches(given):
            return True
        if now - self._refused_at < REFRESH_INTERVAL:
            return False
        if now - self._failed_at < RETRY_INTERVAL:
            raise SecretUnavailableError("The callback secret could not be refreshed, so an unknown token may be new.")
        self._refresh(now, "AWSCURRENT", "AWSPREVIOUS")
        if self._matches(given):
            return True
        self._refused_at = now
        return False

    def _read_by_age(self, now: float) -> None:
        """Read the secret; keep the cached one while Secrets Manager is unavailable."""
        try:
            # A cold start reads one version, since hardly any delivery needs the other. Later both are read:
            # what was the current version a moment ago may be the previous one now.
            if self._tokens:
                self._refresh(now, "AWSCURRENT", "AWSPREVIOUS")
            else:
                self._refresh(now, "AWSCURRENT")
        except SecretUnavailableError:
            if not self._tokens:
                raise
        self._read_at = now

    def _refresh(self, now: float, *stages: Stage) -> None:
        try:
            secrets = {stage: self._read_secret(stage) for stage in stages}
        except SecretUnavailableError:
            self._failed_at = now
            raise
        self._failed_at = float("-inf")
        self._tokens = {
            stage: token_for(secret, self._hook).encode() for stage, secret in secrets.items() if secret is not None
        }

    def _matches(self, given: bytes) -> bool:
        # Always compares all tokens, so that the time does not tell which one matches.
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
                f"The callback secret can't be read: Secrets Manager says {error.reason}."
            ) from error
        except NoAnswerError as error:
            raise SecretUnavailableError(
                f"The callback secret can't be read: Secrets Manager does not answer ({error.reason})."
            ) from error
        return str(secret["SecretString"])

    return read
