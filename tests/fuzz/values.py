"""Values that a phone system never sends, or only once: where receivers usually break."""

import re
from typing import Any

from hypothesis import strategies as st

PHONE = "+15552345678"  # `simulator.confidential.NUMBER` recognises it
MAX_TEXT = 24

# Lengths around what an item's keys may have (2,048 and 1,024 bytes), and what Python takes for an integer's digits.
_LONG = ("k" * 1024, "k" * 1025, "k" * 2048, "k" * 2049, "ü" * 1025, "9" * 38, "9" * 39, "9" * 4300, "9" * 4301)
_ODD = (
    *("", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\ufeff", "\u202e", "e\u0301", "😀", "\r\n", "\x7f"),
    *("\ufffe", "\x1b[2J", "\u2066\u200b"),
    *("null", "true", "false", "NaN", "-0", "0x10", "1e999", "1_000", "٣", "2026-11-23T14:27:53Z", "0000-00-00"),
    *("=", "&", "a&b=c", "[", "]", "[]", "a[b", "%", "%zz", "%00", "+", "{}", '{"a":', "[1", '"', "\\", "\\u0000"),
    *("../..", "${x}", "{{x}}", "%s%n", "'; --", "<script>", "call/", "/", "#"),
    *(PHONE, PHONE[1:], f"{PHONE}@acme.sip.example.com", f"sip:{PHONE}@192.0.2.1"),
)
# Gregorian and Unix seconds at the edges of what is a date, and DynamoDB's 38 digits and exponents of 10.
_NUMBERS: tuple[float, ...] = (
    *(0, -1, 1, 2**31, 2**63, 2**64, 10**37, 10**38, 10**39, 10**125, 10**126, 10**400, -(10**400)),
    *(62_167_219_200, 62_167_219_199, 63_962_663_279, 315_537_897_599, 315_537_897_600, 377_705_116_799),
    *(0.1, -0.0, 1e-130, 1e-131, 1e125, 1e126, 1.7976931348623157e308, 5e-324, 0.1 + 0.2, 1e22),
)
# Numbers that Python does not write, put into the JSON text as they are.
_RAW = (
    *("1e999", "-1e999", "1e-999", "1E+400", "NaN", "Infinity", "-Infinity", "1" * 5000, "0.1" * 2, "01", "1.", "-"),
    *("1." + "1" * 60, "1e99999999999999999999", "0e99999999999999999999", "-0"),
)
_MARKED = re.compile(r'"<raw:([^"]*)>"')

texts = st.one_of(
    st.sampled_from(_ODD), st.sampled_from(_LONG), st.text(st.characters(exclude_categories=()), max_size=MAX_TEXT)
)
numbers = st.one_of(st.sampled_from(_NUMBERS), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
raw_numbers = st.sampled_from(_RAW).map(lambda text: f"<raw:{text}>")
scalars = st.one_of(texts, numbers, raw_numbers, st.booleans(), st.none())


def nested(depth: int, *, lists: bool, core: Any = None) -> Any:
    """Return a value inside that many lists or objects."""
    for _ in range(depth):
        core = [core] if lists else {"a": core}
    return core


depths = st.sampled_from((1, 2, 15, 28, 29, 30, 31, 32, 33, 100, 900))
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(texts, scalars, max_size=3),
    st.builds(lambda depth, lists: nested(depth, lists=lists), depths, st.booleans()),
)


def with_raw_numbers(text: str) -> str:
    """Return JSON text in which the marks that `raw_numbers` draws have become bare numbers."""
    return _MARKED.sub(r"\1", text)
