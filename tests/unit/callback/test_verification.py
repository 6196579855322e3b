"""Whose deliveries are taken: tokens, rotation of the secret they derive from, and strangers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.callback.token import token_for
from hookswitch.callback.verification import MAX_AGE, REFRESH_INTERVAL, SenderCheck, Stage
from hookswitch.dash.hooks import HOOKS
from hookswitch.errors import SecretUnavailableError

OLD, NEW, NEWER = ("a first secret of 32 characters..", "a second secret of 32 characters.", "a third one, likewise")


class Secret:
    """A secret that rotates, with a clock of its own."""

    def __init__(self, current: str) -> None:
        self.versions: dict[Stage, str] = {"AWSCURRENT": current}
        self.reads = 0
        self.now = 1_000_000.0
        self.away = False

    def read(self, stage: Stage) -> str | None:
        """Return a version, as Secrets Manager does."""
        self.reads += 1
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
