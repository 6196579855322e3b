"""The user pool of Cognito, as its endpoints answer."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import EndpointConnectionError
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from devtools.console.serve import LocalConsole
from hookswitch.aws import clients
from hookswitch.console.pool import SKEW, CognitoPool
from hookswitch.console.users import User
from hookswitch.errors import SignInError, SignInUnavailableError
from simulator.confidential import note
from tests.unit.console.conftest import NOW
from tests.unit.console.test_sign_in import FEDERATED

SECRET = note("a-client-secret-of-these-tests", "secret")
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/pool"
CLAIMS = {"iss": ISSUER, "aud": "client", "token_use": "id", "sub": "1", "exp": NOW + 3_600, "nonce": "the-nonce"}


class Cognito:
    """What the endpoints answer, and what they were sent."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = dict(CLAIMS)
        self.answer: Response | None = None
        self.sent: list[dict[str, str]] = []
        self.described = 0

    def take(self, request: Request) -> Response:
        """Answer as `/oauth2/token`."""
        self.sent.append(request.form.to_dict() | {"authorization": request.headers["authorization"]})
        if self.answer:
            return self.answer
        parts = ({"alg": "RS256"}, self.claims)
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
        tokens = {
            "id_token": ".".join([*encoded, "signature"]),
            "access_token": "x",
            "refresh_token": "the-refresh-token",
        }
        return Response(json.dumps(tokens))

    def describe_user_pool_client(self, UserPoolId: str, ClientId: str) -> dict[str, Any]:
        """Answer as Cognito's API."""
        assert (UserPoolId, ClientId) == ("pool", "client")
        self.described += 1
        return {"UserPoolClient": {"ClientSecret": SECRET}}


@pytest.fixture
def cognito(monkeypatch: pytest.MonkeyPatch) -> Cognito:
    """The pool's API and endpoints."""
    found = Cognito()
    monkeypatch.setattr(clients, "cognito", lambda: found)
    return found


@pytest.fixture
def pool(cognito: Cognito, console: LocalConsole) -> Iterator[CognitoPool]:
    """The pool behind a server."""
    with HTTPServer() as server:
        for path in ("/oauth2/token", "/oauth2/revoke"):
            server.expect_request(path, method="POST").respond_with_handler(cognito.take)
        settings = LocalConsole("https://console.example.com").settings
        changed = {name: getattr(settings, name) for name in settings.__slots__}
        yield CognitoPool(type(settings)(**changed | {"pool_address": server.url_for("").rstrip("/")}))
    del console


def test_authorize(pool: CognitoPool) -> None:
    """Managed login gets the hash of the verifier only, and an address of ours to come back to."""
    address = urlsplit(pool.authorize_address("the-state", "the-nonce", "the-verifier"))
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    digest = hashlib.sha256(b"the-verifier").digest()
    assert address.path == "/oauth2/authorize"
    assert query == {
        "response_type": "code",
        "client_id": "client",
        "redirect_uri": "https://console.example.com/signed-in",
        "scope": "openid email profile",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }


def test_exchange(pool: CognitoPool, cognito: Cognito) -> None:
    """A code is exchanged with verifier and client secret, which is read once and never sent in the body."""
    tokens = pool.exchange("the-code", "the-nonce", "the-verifier", NOW)
    assert tokens.claims == CLAIMS
    assert tokens.refresh_token == "the-refresh-token"
    basic = base64.b64encode(f"client:{SECRET}".encode()).decode()
    assert cognito.sent == [
        {
            "grant_type": "authorization_code",
            "code": "the-code",
            "redirect_uri": "https://console.example.com/signed-in",
            "code_verifier": "the-verifier",
            "authorization": f"Basic {basic}",
        }
    ]
    pool.refresh("r", NOW)
    assert cognito.described == 1


def test_user_of_an_identity_provider(pool: CognitoPool, cognito: Cognito) -> None:
    """A token of somebody whom a company's provider signed in is as good as any, with whatever else it says."""
    cognito.claims |= FEDERATED
    tokens = pool.exchange("the-code", "the-nonce", "the-verifier", NOW)
    user = User.from_claims(tokens.claims, "a" * 32)
    assert (user.id, user.email, user.roles) == (FEDERATED["sub"], FEDERATED["email"], frozenset())


def test_refresh_and_revoke(pool: CognitoPool, cognito: Cognito) -> None:
    """Refreshing needs no nonce: no browser is involved."""
    del cognito.claims["nonce"]
    assert pool.refresh("the-refresh-token", NOW).claims["sub"] == "1"
    cognito.answer = Response("")
    pool.revoke("the-refresh-token")
    assert [sent.get("grant_type") for sent in cognito.sent] == ["refresh_token", None]
    assert cognito.sent[1]["token"] == "the-refresh-token"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://cognito-idp.us-east-1.amazonaws.com/another"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["client", "another"]},
        {"token_use": "access"},
        {"sub": ""},
        {"exp": NOW - SKEW - 1},
        {"nonce": "another"},
        {"nonce": None},
    ],
    ids=str,
)
def test_token_that_is_not_for_us(pool: CognitoPool, cognito: Cognito, changed: dict[str, Any]) -> None:
    """A token of another pool, for another client or use, of another sign-in, or an old one, signs nobody in."""
    cognito.claims |= changed
    with pytest.raises(SignInError):
        pool.exchange("the-code", "the-nonce", "the-verifier", NOW)


@pytest.mark.parametrize(
    ("answer", "is_temporary"),
    [
        (Response('{"error": "invalid_grant"}', 400), False),
        (Response("", 302, {"location": "https://evil.example.com"}), False),
        (Response("", 500), True),
        (Response("", 429), True),
        (Response("[]"), True),
        (Response("<html>"), True),
        (Response("{}"), False),
        (Response('{"id_token": "a.b.c"}'), False),
        (Response('{"id_token": 5}'), False),
        (Response('{"id_token": "a.e30.c"}'), False),
    ],
    ids=str,
)
def test_answer_without_token(pool: CognitoPool, cognito: Cognito, answer: Response, *, is_temporary: bool) -> None:
    """Whatever comes instead of tokens signs nobody in; the error has nothing of it, nor of what was sent."""
    cognito.answer = answer
    with pytest.raises(SignInError) as error:
        pool.exchange("the-code", "the-nonce", "the-verifier", NOW)
    assert isinstance(error.value, SignInUnavailableError) is is_temporary
    for secret in ("the-code", "the-verifier", SECRET, "invalid_grant", "evil"):
        assert secret not in str(error.value)


def test_pool_that_can_not_be_reached(console: LocalConsole, cognito: Cognito, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the endpoints nor the API are there."""
    del cognito
    settings = console.settings
    changed = {name: getattr(settings, name) for name in settings.__slots__}
    pool = CognitoPool(type(settings)(**changed | {"pool_address": "http://127.0.0.1:1"}))
    with pytest.raises(SignInUnavailableError):
        pool.refresh("r", NOW)

    def away() -> None:
        raise EndpointConnectionError(endpoint_url="https://cognito")

    monkeypatch.setattr(clients, "cognito", away)
    with pytest.raises(SignInUnavailableError):
        CognitoPool(settings).secret()


def test_sign_out_address(pool: CognitoPool) -> None:
    """Managed login forgets the browser and leads back."""
    query = parse_qs(urlsplit(pool.sign_out_address()).query)
    assert query == {"client_id": ["client"], "logout_uri": ["https://console.example.com/signed-out"]}
