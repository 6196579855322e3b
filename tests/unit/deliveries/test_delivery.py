"""From an API Gateway event of either format to a delivery, which holds no token."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.deliveries.delivery import MAX_BODY, Delivery, path_token
from hookswitch.errors import UnusableError
from hookswitch.receiving.processing import redact
from simulator.encoding import encode_form, encode_json
from simulator.payloads import payload
from tests.receiving import FORM, JSON, TOKEN, delivery, payload_type, rest_event

SENT = {"event_name": "voicemail_full", "msg_id": "a b+c&d=é", "message_count": "100"}


def http_event(**changes: Any) -> dict[str, Any]:
    """Return an API Gateway event of a post, in the format of HTTP APIs."""
    return {
        "version": "2.0",
        "routeKey": "POST /hooks/voicemail_full/{token}",
        "rawPath": f"/hooks/voicemail_full/{TOKEN}",
        "rawQueryString": "",
        "headers": {"content-type": FORM},
        "requestContext": {"http": {"method": "POST"}},
        "pathParameters": {"token": TOKEN},
        "isBase64Encoded": False,
        **changes,
    }


FORM_BODY = encode_form(SENT).decode()
REQUESTS = {
    "REST, JSON": rest_event(encode_json(SENT)),
    "REST, form": rest_event(FORM_BODY, FORM),
    "REST, base64": rest_event(base64.b64encode(encode_json(SENT)), isBase64Encoded=True),
    "REST, the flag set on plain text": rest_event(encode_json(SENT), isBase64Encoded=True),
    "REST, get": rest_event("", httpMethod="GET", headers={}, queryStringParameters=SENT),
    "REST, get with multi-value parameters": rest_event(
        "",
        httpMethod="GET",
        headers=None,
        queryStringParameters=SENT,
        multiValueQueryStringParameters={name: ["an earlier one", value] for name, value in SENT.items()},
    ),
    "HTTP, JSON": http_event(body=encode_json(SENT).decode(), headers={"content-type": JSON}),
    "HTTP, form as base64": http_event(body=base64.b64encode(FORM_BODY.encode()).decode(), isBase64Encoded=True),
    "HTTP, get": http_event(rawQueryString=FORM_BODY, headers={}),
}


@pytest.mark.parametrize("request_event", REQUESTS.values(), ids=REQUESTS)
def test_formats_and_encodings(request_event: dict[str, Any]) -> None:
    """Both event formats of API Gateway decode, with bodies as text, as base64, and as a query."""
    fields = Delivery.from_api_gateway(request_event, "voicemail_full").decode()
    assert {name: str(value) for name, value in fields.items()} == SENT


@pytest.mark.parametrize("parameters", [None, {}, {"token": ""}])
def test_no_token(parameters: dict[str, str] | None) -> None:
    """A request without a token has an empty one."""
    assert path_token({"pathParameters": parameters}) == ""


def test_empty_request() -> None:
    """A request with nothing in it, which a redirected post turns into, is a delivery of nothing."""
    assert Delivery.from_api_gateway(rest_event(""), "parking").decode() == {}


def test_headers() -> None:
    """Header names come out in lower case, and no value holds the token."""
    headers = delivery("parking", "{}", headers={"Content-Type": JSON, "Referer": f"https://x/{TOKEN}/y"}).headers
    assert headers == {"content-type": JSON, "referer": "https://x/[token]/y"}


@given(st.binary(max_size=300))
def test_message_round_trip(body: bytes) -> None:
    """A delivery comes back from the queue as it was, and its message holds no token."""
    sent = delivery("parking", base64.b64encode(body), isBase64Encoded=True)
    message = json.dumps(sent.to_message())
    assert Delivery.from_message(json.loads(message)) == sent
    assert TOKEN not in message


def test_large_body() -> None:
    """A body over the limit is kept in part, with its size and hash, and its message fits into a queue."""
    sent = delivery("parking", "x" * (MAX_BODY + 1))
    assert sent.truncated
    assert (len(sent.body), sent.body_size) == (MAX_BODY, MAX_BODY + 1)
    assert len(json.dumps(sent.to_message())) < 256 * 1024
    with pytest.raises(UnusableError, match=f"has {MAX_BODY + 1} bytes"):
        sent.decode()
    assert not delivery("parking", "x" * MAX_BODY).truncated


@pytest.mark.parametrize("encoding", [JSON, FORM])
def test_secrets_do_not_reach_what_is_kept(encoding: str) -> None:
    """The catch-all's delivery holds no password once it is safe to keep, and still decodes to the same event."""
    sent = payload("notifications", event_name="new_user", password="s3cret-value")
    came = delivery("notifications", encode_form(sent) if encoding == FORM else encode_json(sent), encoding)
    kept, _ = redact(payload_type("notifications"), came, came.decode())
    assert b"s3cret-value" not in kept.body
    assert kept.decode()["msg_id"] == sent["msg_id"]
    assert (kept.body_size, kept.body_sha256) == (came.body_size, came.body_sha256)


def test_other_hooks_keep_every_byte() -> None:
    """Of every other hook the exact bytes are kept."""
    came = delivery("missed_call", b'{"password" :  "not ours to judge"}')
    assert redact(payload_type("missed_call"), came, came.decode())[0] is came
