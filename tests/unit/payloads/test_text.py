"""Text from outside as one line that is safe to show."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookswitch.payloads.text import MAX_LINE, one_line

ANY_TEXT = st.text(st.characters(exclude_categories=()))
# Controls, format characters, surrogates, private use, unassigned and noncharacters, line and paragraph separators.
UNSHOWN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(ANY_TEXT, st.integers(1, 300))
@example("9" * 90_000, MAX_LINE)
@example("\ud800" * 200 + "a" * 200, MAX_LINE)
def test_any_text_becomes_one_printable_line(text: str, limit: int) -> None:
    """Nothing in a line breaks it, is invisible, or can't be encoded; no space is doubled or at an end."""
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not UNSHOWN & {unicodedata.category(character) for character in line}
    assert all(character == " " for character in line if unicodedata.category(character) == "Zs")
    assert line == " ".join(line.split())
    line.encode()


@given(ANY_TEXT)
def test_a_line_stays_as_it_is(text: str) -> None:
    """Cleaning what is clean changes nothing."""
    assert one_line(one_line(text)) == one_line(text)


@given(st.text(st.characters(categories=["L", "N", "P", "Sc", "Sm"], max_codepoint=0x24F), max_size=MAX_LINE))
def test_ordinary_text_is_kept(text: str) -> None:
    """Letters, digits and punctuation of Western languages stay, accents and all."""
    assert one_line(text) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("+15551230000\r\nAccount 0000", "+15551230000 Account 0000"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("a\u202egnp.exe\u2066b\u2069", "agnp.exeb"),
        ("\u200bze\u200dro\ufeff", "zero"),
        ("\ufffe\uffff\ud83d", ""),
        ("bell\x07 \x9b31m \x85next", "bell 31m next"),
        ("\u115fx\u3164y\u034f\U000e0041", "xy"),
        ("Café Zürich 東京 😀", "Café Zürich 東京 😀"),
        ("  \t \n", ""),
        ("x" * 201, "x" * 199 + "…"),
        ("x" * 200, "x" * 200),
    ],
)
def test_lines(text: str, line: str) -> None:
    """Hostile text loses its tricks and keeps its words."""
    assert one_line(text) == line
