"""Bytes that are not UTF-8 tell events apart, and can be recovered; a byte order mark is no part of a body."""

import base64
import json
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookswitch.deliveries.delivery import Delivery
from hookswitch.deliveries.undecodable import decode_bytes, encode_text, readable
from hookswitch.events.event import Event
from hookswitch.events.items import event_item
from hookswitch.receiving.processing import redact
from simulator.encoding import encode_form, encode_json
from simulator.payloads import payload
from tests.receiving import FORM, JSON, SETTINGS, delivery, payload_type, rest_event

BOM = b"\xef\xbb\xbf"
ids = st.binary(min_size=1, max_size=8)


def raw(hook: str, body: bytes, content_type: str) -> Delivery:
    """Return a delivery of exact bytes."""
    request = rest_event(base64.b64encode(body), content_type, isBase64Encoded=True)
    return Delivery.from_api_gateway(request, hook)


def made(hook: str, body: bytes, content_type: str) -> Event:
    """Return the event in a body, through redaction, as the receiver makes it."""
    safe, fields = redact(payload_type(hook), came := raw(hook, body, content_type), came.decode())
    assert fields is not None
    return Event.from_delivery(payload_type(hook).type_for(fields), safe, fields, SETTINGS)


def body_with(call_id: bytes, content_type: str) -> bytes:
    """Return the body of a missed call whose id is these bytes."""
    sent = payload("missed_call", call_id="THE-CALL", timestamp=63_962_663_273, to=["ops@example.com"])
    if content_type == FORM:
        return encode_form(sent).replace(b"THE-CALL", quote_from_bytes(call_id).encode())
    escaped = b"".join(b"\\u%04x" % byte if byte < 0x20 or byte in b'"\\' else bytes([byte]) for byte in call_id)
    return encode_json(sent).replace(b"THE-CALL", escaped)


@pytest.mark.no_cover  # other tests run the same lines
@given(ids, ids)
@example(b"a\xe9", b"a\xe8")
@example(b"\x80", "\ufffd".encode())
@example("\U0010fc80".encode(), b"\x80")
@example(b"\x80", b"\0'\\udbff\\udc80'")
@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_distinct_bytes_are_distinct_events(content_type: str, one: bytes, two: bytes) -> None:
    """Two call ids are one event if their bytes are equal, and only then."""
    keys = {made("missed_call", body_with(each, content_type), content_type).key for each in (one, two)}
    assert (len(keys) == 1) == (one == two)


@pytest.mark.parametrize("escape", [rb"\udc80", rb"\udbff\udc80", rb"\ud800"])
def test_escapes_are_not_bytes(escape: bytes) -> None:
    """What a JSON escape can say is not what an invalid byte says."""
    body = body_with(b"THE-CALL", JSON)
    escaped = made("missed_call", body.replace(b"THE-CALL", escape), JSON)
    byte = made("missed_call", body.replace(b"THE-CALL", b"\x80"), JSON)
    assert escaped.key != byte.key


@given(st.binary())
def test_every_byte_is_recoverable(body: bytes) -> None:
    """Text that is made of any bytes leads back to them, and what is shown of it is valid Unicode."""
    text = decode_bytes(body)
    assert encode_text(text) == body
    readable(text).encode()


@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_original_is_kept_beside_what_is_shown(content_type: str) -> None:
    """An event whose text had bytes replaced keeps the whole body; any other event does not."""
    body = body_with(b"caf\xe9", content_type)
    item = event_item(made("missed_call", body, content_type), SETTINGS)
    assert item["call_id"] == "caf\ufffd"
    assert (item["body"], item["content_type"]) == (body, content_type)
    assert "body" not in event_item(made("missed_call", body_with("é".encode(), content_type), content_type), SETTINGS)


@given(ids)
@example(b"\x80")
def test_redelivery_of_a_redacted_body_is_the_same_event(msg_id: bytes) -> None:
    """What is redacted, queued and redelivered has the key that it would have had at once."""
    sent = payload("notifications", event_name="new_user", msg_id="THE-ID", password="s3cret-value")
    body = encode_form(sent).replace(b"THE-ID", quote_from_bytes(msg_id).encode())
    came = raw("notifications", body, FORM)
    safe, fields = redact(payload_type("notifications"), came, came.decode())
    assert fields is not None
    queued = Delivery.from_message(json.loads(json.dumps(safe.to_message())))
    again = Event.from_delivery(payload_type("notifications"), queued, queued.decode(), SETTINGS)
    assert again.key == Event.from_delivery(payload_type("notifications"), safe, fields, SETTINGS).key


@pytest.mark.parametrize("content_type", [JSON, FORM, ""])
def test_byte_order_mark(content_type: str) -> None:
    """A body is the same with a byte order mark before it."""
    sent: Any = payload("missed_call")
    body = encode_form(sent) if content_type == FORM else encode_json(sent)
    assert delivery("missed_call", BOM + body, content_type).decode() == raw("missed_call", body, content_type).decode()
