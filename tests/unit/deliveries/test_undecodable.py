"""Bytes that are not UTF-8 survive as text, and come back as they were."""

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookswitch.deliveries.undecodable import ERRORS, decode_bytes, encode_text, readable


@given(st.binary())
@example(b"caf\xe9 \xf0\x9f\x98\x80 \xed\xa0\x80")
def test_every_byte_comes_back(body: bytes) -> None:
    """Text made of any bytes becomes the same bytes again."""
    assert encode_text(decode_bytes(body)) == body


@given(st.integers(0xD800, 0xDFFF))
def test_lone_surrogate_becomes_its_escape(code: int) -> None:
    """JSON can escape a surrogate that no UTF-8 has: it is written as that escape, and shown as U+FFFD."""
    assert encode_text(f"a{chr(code)}b") == f"a\\u{code:04x}b".encode()
    assert readable(f"a{chr(code)}b") == "a\ufffdb"


def test_other_errors_are_raised() -> None:
    """The handler answers for decoding and encoding only."""
    error = UnicodeTranslateError("text", 0, 1, "not ours")
    with pytest.raises(UnicodeTranslateError, match="not ours"):
        codecs.lookup_error(ERRORS)(error)
