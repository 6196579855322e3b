"""What is kept of answers: evidence without secrets."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.destinations.excerpts import MAX_EXCERPT, excerpt

TOKEN = "Zx81kQ0vT5nR2mB7cD4eF6gH"
URL = f"https://hooks.example.com/services/T024BE7LD/{TOKEN}?sig=Ab%2Fcd%2Bef12&v=1"
BODY = json.dumps(
    {"type": "call", "caller": {"name": "Front Desk", "number": "+15551234567"}, "text": 'a "note"'}
).encode()
HEADERS = {"content-type": "application/json", "webhook-signature": "v1,c2lnbmF0dXJlCg== v1,b3RoZXIK"}


def of(text: str) -> str:
    """Return the excerpt of a text."""
    return excerpt(text.encode(), URL, BODY, HEADERS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ok", "ok"),
        ("channel_is_archived", "channel_is_archived"),
        ("posting_to_general_channel_denied", "posting_to_general_channel_denied"),
        ('{"code":"WorkflowTriggerIsNotEnabled"}', '{"code":"WorkflowTriggerIsNotEnabled"}'),
        ("Unknown type call, in field 12 of 40", "Unknown type call, in field 12 of 40"),
        ("<html><title>502 Bad Gateway</title><style>a{}</style></html>", "502 Bad Gateway"),
        ("two\r\nlines\x1b[31m\u202e", "two lines [31m"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_what_helps_is_kept(text: str, expected: str) -> None:
    """Short texts and codes stay as they are, on one line, without markup."""
    assert of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"Cannot POST /services/T024BE7LD/{TOKEN}",
        f"no webhook {quote(TOKEN)}",
        "signature Ab/cd+ef12 is wrong",
        "sig=Ab%2Fcd%2Bef12",
        "caller Front Desk is not known",
        BODY.decode(),
        'the text was a "note"',
        json.dumps({"echo": 'a "note"'}),
        "call +1 (555) 123-4567 now",
        "from 15551234567",
        "v1,c2lnbmF0dXJlCg==",
        "token: s3cr3t",
        '{"password": "s3cr3t"}',
        "api_key=s3cr3t&x=1",
        "Authorization: Bearer s3cr3t",
        "mail jane@example.com",
        "session 9f86d081884c7d659a2feaa0c55ad015",
    ],
)
def test_what_is_secret_is_removed(text: str) -> None:
    """Neither parts of the address, nor the message, nor tokens and numbers are kept."""
    kept = of(text)
    secrets = (TOKEN, "T024BE7LD", "ef12", "Front Desk", "note", "4567", "c2ln", "s3cr3t", "jane", "9f86")
    assert not any(secret in kept for secret in secrets), kept
    assert "…" in kept


def test_binary_answers_are_left_out() -> None:
    """Nobody can read them."""
    assert not excerpt(b"\x1f\x8b\x08\x00\x01\x02\x03\xff\xfe", URL, BODY, {})


@settings(max_examples=50)
@given(st.binary(max_size=200), st.binary(max_size=100), st.text(max_size=50))
def test_any_answer(content: bytes, body: bytes, url: str) -> None:
    """Whatever comes, the excerpt is one line that can be printed, and not too long."""
    kept = excerpt(content * 20, url, body, {})
    assert len(kept) <= MAX_EXCERPT
    assert kept.isprintable()


@pytest.mark.parametrize(
    "text", ["1" + "(" * 4000, "<" * 4000, "a@" * 2000, "token:" * 600, "aA" * 2000, "<script" * 500]
)
def test_hostile_answers(text: str) -> None:
    """No text takes long to be read: the test's own time-out would end it."""
    assert len(of(text)) <= MAX_EXCERPT
