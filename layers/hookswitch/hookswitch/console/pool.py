"""The user pool of Amazon Cognito, as the console uses it: authorization code with PKCE, with a client secret.

Amazon Cognito Developer Guide, "User pool endpoints and managed login reference"; RFC 6749, RFC 7636, RFC 7009.
"""

import base64
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.errors import SignInError, SignInUnavailableError
from hookswitch.settings.console import ConsoleSettings

SCOPE = "openid email profile"  # none of them lets anybody change a user
SKEW = 60  # seconds by which clocks may differ
TIMEOUT = urllib3.Timeout(connect=2, read=6)
SERVER_ERRORS, TOO_MANY = 500, 429  # HTTP

logging.getLogger("urllib3").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the pool says of somebody.

    Attributes:
        claims: Of the ID token: who it is.
        refresh_token: With which the same can be asked later; empty if there is no new one.
    """

    claims: Mapping[str, Any]
    refresh_token: str


class Pool(Protocol):
    """What signing in needs of a user pool."""

    def secret(self) -> bytes:
        """Return what only the pool and the console know.

        Raises:
            SignInUnavailableError: It can't be read.
        """

    def authorize_address(self, state: str, nonce: str, verifier: str) -> str:
        """Return where somebody signs in."""

    def exchange(self, code: str, nonce: str, verifier: str, now: float) -> Tokens:
        """Return who somebody is that came back with a code.

        Raises:
            SignInError: The code or what it stands for is not valid.
            SignInUnavailableError: The pool can't be reached.
        """

    def refresh(self, refresh_token: str, now: float) -> Tokens:
        """Return who somebody is by now; the errors are those of `exchange`."""

    def revoke(self, refresh_token: str) -> None:
        """Make a refresh token, and all that came of it, worthless; the errors are those of `exchange`."""

    def sign_out_address(self) -> str:
        """Return where a browser forgets that somebody has signed in."""


class CognitoPool:
    """A user pool of Amazon Cognito."""

    def __init__(self, settings: ConsoleSettings) -> None:
        """Use the pool that the settings name."""
        self._settings = settings
        self._http = urllib3.PoolManager(timeout=TIMEOUT, retries=False)

    def secret(self) -> bytes:
        """Return the client's secret."""
        return self._secret.encode()

    @cached_property
    def _secret(self) -> str:
        """Read, not configured: whoever may look at functions reads their environment."""
        try:
            found = clients.cognito().describe_user_pool_client(
                UserPoolId=self._settings.user_pool, ClientId=self._settings.client
            )
        except CALL_ERRORS as error:
            raise SignInUnavailableError(
                f"Cognito does not tell the client's secret ({error_reason(error)})."
            ) from error
        return str(found["UserPoolClient"]["ClientSecret"])

    def authorize_address(self, state: str, nonce: str, verifier: str) -> str:
        """Return the address of managed login."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return self._address(
            "oauth2/authorize",
            response_type="code",
            client_id=self._settings.client,
            redirect_uri=redirect_address(self._settings),
            scope=SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=challenge,
            code_challenge_method="S256",
        )

    def exchange(self, code: str, nonce: str, verifier: str, now: float) -> Tokens:
        """Exchange a code for tokens, and return what they say."""
        answer = self._post(
            "oauth2/token",
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_address(self._settings),
            code_verifier=verifier,
        )
        tokens = self._tokens(answer, now)
        if tokens.claims.get("nonce") != nonce:
            raise SignInError("The ID token belongs to another sign-in.")
        return tokens

    def refresh(self, refresh_token: str, now: float) -> Tokens:
        """Exchange a refresh token for new tokens, and return what they say."""
        return self._tokens(self._post("oauth2/token", grant_type="refresh_token", refresh_token=refresh_token), now)

    def revoke(self, refresh_token: str) -> None:
        """Revoke a refresh token."""
        self._post("oauth2/revoke", token=refresh_token)

    def sign_out_address(self) -> str:
        """Return the address that ends the session of managed login, and leads back."""
        return self._address(
            "logout", client_id=self._settings.client, logout_uri=f"{self._settings.address}/signed-out"
        )

    def _address(self, path: str, **query: str) -> str:
        return f"{self._settings.pool_address}/{path}?{urlencode(query)}"

    def _post(self, path: str, **fields: str) -> Mapping[str, Any]:
        """Send a form, and return the JSON of the answer; no error tells anything that was sent or answered."""
        headers = urllib3.make_headers(basic_auth=f"{self._settings.client}:{self._secret}")
        headers |= {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        try:
            answer = self._http.request(
                "POST", f"{self._settings.pool_address}/{path}", body=urlencode(fields), headers=headers, redirect=False
            )
        except HTTPError as error:
            raise SignInUnavailableError(f"The user pool can't be reached ({type(error).__name__}).") from None
        if answer.status >= SERVER_ERRORS or answer.status == TOO_MANY:
            raise SignInUnavailableError(f"The user pool answered {answer.status}. Try again in a minute.")
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise SignInError(f"The user pool answered {answer.status} to {path}.")
        try:
            found = json.loads(answer.data or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise SignInUnavailableError("The user pool's answer is not a JSON object.")
        return found

    def _tokens(self, answer: Mapping[str, Any], now: float) -> Tokens:
        """Return what the pool's answer says.

        The ID token came straight from the token endpoint, over TLS, whose certificate proves whose it is. The token's
        signature would only prove the same once more (OpenID Connect Core 1.0, 3.1.3.7, 6).

        Raises:
            SignInError: The token is not for this client, not of this pool, or no longer valid.
        """
        try:
            claims = json.loads(base64.urlsafe_b64decode(str(answer["id_token"]).split(".")[1] + "=="))
            expires_at, subject = float(claims["exp"]), claims["sub"]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise SignInError("The user pool's answer has no ID token that can be read.") from error
        issuer = f"https://cognito-idp.{self._settings.region}.amazonaws.com/{self._settings.user_pool}"
        if (claims.get("iss"), claims.get("aud")) != (issuer, self._settings.client):
            raise SignInError("The ID token is of another user pool, or for another client.")
        if claims.get("token_use") != "id" or not subject or expires_at + SKEW < now:
            raise SignInError("The ID token is not valid any more, or not an ID token.")
        return Tokens(claims, str(answer.get("refresh_token") or ""))


def redirect_address(settings: ConsoleSettings) -> str:
    """Return where the pool sends people back with a code; the pool allows no other address."""
    return f"{settings.address}/signed-in"
