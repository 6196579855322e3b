"""Bytes that are not UTF-8 survive as text, and come back as they were."""

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookswitch.deliveries.undecodable import ERRORS, decode_bytes, distinct, encode_text, is_usual, readable


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


TEXTS = st.text(st.sampled_from("a\0\ud800\udbff\udc80é"))


@pytest.mark.no_cover  # other tests run the same lines
@given(st.recursive(TEXTS | st.none() | st.integers(), lambda it: st.lists(it) | st.dictionaries(TEXTS, it)))
@example("\0")
@example({"\udc80": 1})
def test_what_is_usual_stays_as_it_is(value: object) -> None:
    """The quick look says of every value whether the two functions would change it."""
    assert is_usual(value) is (readable(value) == value and distinct(value) == value)


@given(TEXTS, TEXTS)
@example("\udc80", "\0" + ascii("\udc80"))
def test_distinct_texts_stay_distinct(one: str, other: str) -> None:
    """Two texts become the same only if they are, also if one looks like what the other becomes."""
    assert (distinct(one) == distinct(other)) is (one == other)


def test_other_errors_are_raised() -> None:
    """The handler answers for decoding and encoding only."""
    error = UnicodeTranslateError("text", 0, 1, "not ours")
    with pytest.raises(UnicodeTranslateError, match="not ours"):
        codecs.lookup_error(ERRORS)(error)
