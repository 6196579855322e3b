"""Whose deliveries are taken: tokens, rotation of the secret they derive from, and strangers."""

import re
from typing import Any, override

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from hookswitch.aws.protocol import Client
from hookswitch.callback.secret import MARGIN
from hookswitch.callback.token import token_for
from hookswitch.callback.verification import (
    MAX_AGE,
    REFRESH_INTERVAL,
    RETRY_INTERVAL,
    SenderCheck,
    Stage,
    secret_reader,
)
from hookswitch.dash.hooks import HOOKS
from hookswitch.errors import NoAnswerError, SecretUnavailableError, ServiceError

OLD, NEW, NEWER = ("a first secret of 32 characters..", "a second secret of 32 characters.", "a third one, likewise")


class Secret:
    """A secret that rotates, with a clock of its own."""

    def __init__(self, current: str) -> None:
        self.versions: dict[Stage, str] = {"AWSCURRENT": current}
        self.reads = 0
        self.now = 1_000_000.0
        self.away = False
        self.last_failed = False

    def read(self, stage: Stage) -> str | None:
        """Return a version, as Secrets Manager does."""
        self.reads += 1
        self.last_failed = self.away
        if self.away:
            raise SecretUnavailableError("Secrets Manager does not answer.")
        return self.versions.get(stage)

    def rotate(self, secret: str) -> None:
        """Make a new current version; the old one becomes the previous."""
        self.versions = {"AWSCURRENT": secret, "AWSPREVIOUS": self.versions["AWSCURRENT"]}

    def check(self, hook: str = "parking") -> SenderCheck:
        """Return a function that starts cold."""
        return SenderCheck(hook, self.read, lambda: self.now)


def test_tokens_differ() -> None:
    """Each hook has a token of its own, which is safe in a path."""
    tokens = {token_for(OLD, hook) for hook in HOOKS}
    assert len(tokens) == len(HOOKS)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook != "parking"])
def test_leaked_token_opens_one_hook(hook: str) -> None:
    """The token of another hook is refused."""
    assert not Secret(OLD).check("parking").accepts(token_for(OLD, hook))


def test_right_token() -> None:
    """The hook's own token is accepted, with one look at the secret for many deliveries."""
    secret = Secret(OLD)
    check = secret.check()
    assert all(check.accepts(token_for(OLD, "parking")) for _ in range(10))
    assert secret.reads == 1


@pytest.mark.parametrize(
    "token", ["", "x", token_for(NEW, "parking"), "Ünïcode", "\ud800", token_for(OLD, "parking") + "="]
)
def test_wrong_token(token: str) -> None:
    """Anything else is refused."""
    assert not Secret(OLD).check().accepts(token)


def test_webhook_with_old_token() -> None:
    """After a rotation a webhook that still has the old token is accepted, by warm and by cold functions."""
    secret = Secret(OLD)
    warm = secret.check()
    assert warm.accepts(token_for(OLD, "parking"))
    secret.rotate(NEW)
    assert warm.accepts(token_for(OLD, "parking"))
    assert secret.check().accepts(token_for(OLD, "parking"))


def test_warm_function_with_old_secret() -> None:
    """A warm function accepts the first delivery with a new token, at once after the rotation."""
    secret = Secret(OLD)
    warm = secret.check()
    assert warm.accepts(token_for(OLD, "parking"))
    for newer in (NEW, NEWER):
        secret.rotate(newer)
        assert warm.accepts(token_for(newer, "parking"))


def test_secret_before_the_previous_one() -> None:
    """A token of the last but one secret is refused once a cached secret is too old."""
    secret = Secret(OLD)
    warm = secret.check()
    assert warm.accepts(token_for(OLD, "parking"))
    secret.rotate(NEW)
    secret.rotate(NEWER)
    secret.now += MAX_AGE + 1
    assert not warm.accepts(token_for(OLD, "parking"))


def test_flood_of_wrong_tokens() -> None:
    """Strangers cause one look at the secret a minute, however many they are."""
    secret = Secret(OLD)
    check = secret.check()
    assert check.accepts(token_for(OLD, "parking"))
    before = secret.reads
    for _ in range(1000):
        assert not check.accepts("wrong")
    assert secret.reads - before == 2  # one look reads both versions
    secret.now += REFRESH_INTERVAL + 1
    assert not check.accepts("wrong")
    assert secret.reads - before == 4


@given(st.lists(st.sampled_from(["wrong", "old", "wait"]), max_size=20), st.integers(0, 10 * MAX_AGE))
def test_rotation_under_a_flood(steps: list[str], pause: int) -> None:
    """No order of wrong and old tokens makes a function refuse a new one a minute after the rotation, or an old one."""
    secret = Secret(OLD)
    check = secret.check()

    def go_through() -> None:
        for step in steps:
            match step:
                case "wrong":
                    assert not check.accepts("wrong")
                case "old":
                    assert check.accepts(token_for(OLD, "parking"))
                case _:
                    secret.now += 7

    go_through()
    secret.now += pause
    go_through()
    secret.rotate(NEW)
    go_through()
    secret.now += REFRESH_INTERVAL
    assert check.accepts(token_for(NEW, "parking"))
    go_through()


def test_secrets_manager_away_when_cold() -> None:
    """A cold function can't check anybody while Secrets Manager is away, and says so; later it can."""
    secret = Secret(OLD)
    secret.away = True
    check = secret.check()
    with pytest.raises(SecretUnavailableError):
        check.accepts(token_for(OLD, "parking"))
    secret.away = False
    assert check.accepts(token_for(OLD, "parking"))


def test_secrets_manager_away_when_warm() -> None:
    """A warm function goes on with the secret that it has, however old."""
    secret = Secret(OLD)
    check = secret.check()
    assert check.accepts(token_for(OLD, "parking"))
    secret.away = True
    secret.now += 10 * MAX_AGE
    assert check.accepts(token_for(OLD, "parking"))


def test_new_token_while_secrets_manager_fails() -> None:
    """A token that may be new is not refused while the secret can't be read: the sender's log has to show a 500."""
    secret = Secret(OLD)
    warm = secret.check()
    assert warm.accepts(token_for(OLD, "parking"))
    secret.rotate(NEW)
    secret.now += REFRESH_INTERVAL + 5
    secret.away = True
    for _ in range(3):
        with pytest.raises(SecretUnavailableError):
            warm.accepts(token_for(NEW, "parking"))
        assert warm.accepts(token_for(OLD, "parking"))
    secret.away = False
    secret.now += RETRY_INTERVAL
    assert warm.accepts(token_for(NEW, "parking"))


def test_strangers_while_secrets_manager_fails() -> None:
    """However many wrong tokens come, they cause one try in RETRY_INTERVAL, and are refused again right afterwards."""
    secret = Secret(OLD)
    warm = secret.check()
    assert warm.accepts(token_for(OLD, "parking"))
    secret.away = True
    before = secret.reads
    for _ in range(1000):
        with pytest.raises(SecretUnavailableError):
            warm.accepts("wrong")
    assert secret.reads - before == 1
    secret.away = False
    secret.now += RETRY_INTERVAL
    assert not warm.accepts("wrong")
    secret.away = True
    assert not warm.accepts("wrong"), "the last refresh is recent enough to know that it is wrong"


class Rotations(RuleBasedStateMachine):
    """A function and its secret: rotations as they are made, failures of Secrets Manager, strangers, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.secret = Secret("secret 0")
        self.check = self.secret.check()
        self.rotations = 0
        self.registered = token_for("secret 0", "parking")
        self.settled_at = self.secret.now

    @precondition(lambda self: self.registered == token_for(self.secret.versions["AWSCURRENT"], "parking"))
    @rule()
    def rotate(self) -> None:
        """Promote a new version, as a rotation does when all webhooks have the token of the current one."""
        self.rotations += 1
        self.secret.rotate(f"secret {self.rotations}")
        self.settled_at = self.secret.now + REFRESH_INTERVAL + MARGIN

    @precondition(lambda self: self.secret.now >= self.settled_at)
    @rule()
    def register(self) -> None:
        """Give the webhooks the current token, which a rotation does when the secret has settled."""
        self.registered = token_for(self.secret.versions["AWSCURRENT"], "parking")

    @rule(away=st.booleans())
    def fail(self, away: bool) -> None:
        """Let Secrets Manager fail, or answer again."""
        self.secret.away = away

    @rule(seconds=st.sampled_from([1, RETRY_INTERVAL - 1, RETRY_INTERVAL, REFRESH_INTERVAL, 66, MAX_AGE + 1]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.secret.now += seconds

    @rule()
    def deliver(self) -> None:
        """What Dash sends is never refused; if it can't be judged, the last read has failed."""
        try:
            assert self.check.accepts(self.registered)
        except SecretUnavailableError:
            assert self.secret.last_failed

    @rule()
    def knock(self) -> None:
        """A wrong token is never accepted, and can't be judged only if the last read has failed."""
        before = self.secret.reads
        try:
            assert not self.check.accepts("wrong")
        except SecretUnavailableError:
            assert self.secret.last_failed
        assert self.secret.reads - before <= 4

    @precondition(lambda self: not self.secret.away)
    @rule()
    def recover(self) -> None:
        """When Secrets Manager has answered for RETRY_INTERVAL, every delivery is accepted."""
        self.secret.now += RETRY_INTERVAL
        assert self.check.accepts(self.registered)


@pytest.mark.no_cover  # other tests run the same lines
class TestRotations(Rotations.TestCase):  # type: ignore[valid-type,misc]
    """Random orders of all that."""

    settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


class SecretsManager(Client):
    """Secrets Manager, which has a secret or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    @override
    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        assert (operation, parameters["SecretId"]) == ("GetSecretValue", "callback")
        if self.error:
            raise self.error
        return {"SecretString": OLD}


@pytest.mark.parametrize("stage", ["AWSCURRENT", "AWSPREVIOUS"])
def test_secret_is_read(stage: Stage) -> None:
    """A version that is there is handed over."""
    assert secret_reader("callback", SecretsManager)(stage) == OLD


def test_no_previous_version() -> None:
    """Before the first rotation there is no previous version, which is no failure; a current one there must be."""
    read = secret_reader("callback", lambda: SecretsManager(ServiceError("ResourceNotFoundException", {})))
    assert read("AWSPREVIOUS") is None
    with pytest.raises(SecretUnavailableError, match="ResourceNotFoundException"):
        read("AWSCURRENT")


@pytest.mark.parametrize("error", [ServiceError("ThrottlingException", {}), NoAnswerError("ReadTimeoutError")])
def test_secrets_manager_unavailable(error: Exception) -> None:
    """An error and no answer are both named, for either version."""
    read = secret_reader("callback", lambda: SecretsManager(error))
    for stage in ("AWSCURRENT", "AWSPREVIOUS"):
        with pytest.raises(SecretUnavailableError, match=r"ThrottlingException|ReadTimeoutError"):
            read(stage)
