"""A user pool that signs in whoever it is told to, for the console on this machine."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from hookswitch.console.pool import Tokens
from hookswitch.errors import SignInError, SignInUnavailableError


class PretendPool:
    """A user pool without passwords: going to it is signing in.

    Attributes:
        claims: Of who signs in next.
        is_away: Whether it does not answer.
        revoked: The refresh tokens that are worthless.
    """

    def __init__(self, claims: Mapping[str, Any]) -> None:
        """Begin with a user."""
        self.claims = dict(claims)
        self.is_away = False
        self.revoked: set[str] = set()
        self._codes: dict[str, tuple[str, str]] = {}
        self._issued = 0

    def secret(self) -> bytes:
        """Return a secret that is none."""
        return b"a secret of this machine only, which protects nothing"

    def authorize_address(self, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser comes back at once."""
        self._issued += 1
        code = f"code-{self._issued}"
        self._codes[code] = (nonce, verifier)
        return f"/signed-in?{urlencode({'code': code, 'state': state})}"

    def exchange(self, code: str, nonce: str, verifier: str, now: float) -> Tokens:
        """Take a code once."""
        del now
        self._answer()
        if self._codes.pop(code, None) != (nonce, verifier):
            raise SignInError("The user pool answered 400 to oauth2/token.")
        return Tokens(dict(self.claims), f"refresh-{code}")

    def refresh(self, refresh_token: str, now: float) -> Tokens:
        """Say who the user is by now."""
        del now
        self._answer()
        if refresh_token in self.revoked:
            raise SignInError("The user pool answered 400 to oauth2/token.")
        return Tokens(dict(self.claims), "")

    def revoke(self, refresh_token: str) -> None:
        """Make a refresh token worthless."""
        self._answer()
        self.revoked.add(refresh_token)

    def sign_out_address(self) -> str:
        """Return the page that says so."""
        return "/signed-out"

    def _answer(self) -> None:
        if self.is_away:
            raise SignInUnavailableError("The user pool answered 503. Try again in a minute.")
