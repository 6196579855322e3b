"""Signatures: the official library and a receiver written from the specification verify them."""

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from hookswitch.destinations import signing
from hookswitch.errors import SigningSecretError
from simulator.receivers.server import Request
from simulator.receivers.signed import is_authentic

BODY = '{"specversion":"1.0","data":{"caller":"Café Zürich"}}'.encode()
IDS = st.from_regex(r"\A[A-Za-z0-9_-]{1,40}\Z")


def verifies(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    """Return whether the official library verifies a message; the receiver of the simulator has to agree."""
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except WebhookVerificationError:
        verified = False
    else:
        verified = True
    assert is_authentic(Request("POST", "/", headers, body, 0), secret, time.time()) is verified
    return verified


@settings(max_examples=20)
@given(message_id=IDS, body=st.text().map(str.encode))
def test_any_message_is_verified(message_id: str, body: bytes) -> None:
    """Whatever its id and body are, a signed message is verified, and a changed one is not."""
    secret = signing.new_secret()
    headers = signing.headers(message_id, body, [secret], time.time())
    assert verifies(secret, body, headers)
    assert not verifies(secret, body + b" ", headers)
    assert not verifies(secret, body, {**headers, "webhook-id": message_id + "x"})
    assert not verifies(signing.new_secret(), body, headers)


def test_two_secrets_while_one_is_replaced() -> None:
    """While a secret is replaced, receivers with the old one and with the new one both verify the same message."""
    new, old = signing.new_secret(), signing.new_secret()
    headers = signing.headers("evt_1", BODY, [new, old], time.time())
    assert len(headers["webhook-signature"].split(" ")) == 2
    assert verifies(new, BODY, headers)
    assert verifies(old, BODY, headers)


def test_recorded_message_becomes_too_old() -> None:
    """A message that somebody repeats minutes later is not verified, nor is one with another time."""
    secret = signing.new_secret()
    old = signing.headers("evt_1", BODY, [secret], time.time() - 600)
    assert not verifies(secret, BODY, old)
    assert not verifies(secret, BODY, {**old, "webhook-timestamp": str(int(time.time()))})


def test_example_of_the_specification() -> None:
    """The signature is that of `id.timestamp.body`, as in the vectors of the reference libraries."""
    headers = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        1614265330.9,
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_new_secrets() -> None:
    """Each has 32 random bytes."""
    made = {signing.new_secret() for _ in range(20)}
    assert len(made) == 20
    assert {len(signing.key(secret)) for secret in made} == {32}


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_not base64 at all",
        "whsec_" + "é" * 44,
        base64.b64encode(b"x" * 32).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
    ],
)
def test_unusable_secret(secret: str) -> None:
    """A secret of another form is refused, and not shown."""
    with pytest.raises(SigningSecretError, match="not a signing secret") as raised:
        signing.headers("evt_1", BODY, [secret], 0)
    assert not secret.removeprefix("whsec_") or secret not in str(raised.value)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a\r\nX-Injected: yes", "é", "x" * 257])
def test_unusable_id(message_id: str) -> None:
    """An id can end neither what is signed nor the header."""
    with pytest.raises(ValueError, match="letters, digits"):
        signing.headers(message_id, BODY, [signing.new_secret()], 0)


def test_no_secret() -> None:
    """Nothing is sent unsigned by mistake."""
    with pytest.raises(ValueError, match="no secret"):
        signing.headers("evt_1", BODY, [], 0)
