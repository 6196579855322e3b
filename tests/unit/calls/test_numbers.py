"""One key for each phone number, however it is written."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookswitch.calls.numbers import MAX_KEY, begins_with, number_key

SEPARATORS = ("", "", " ", "-", ".", "\u2011", "\u00a0", ") ", "/")
DIGITS = ("0123456789", "".join(map(chr, range(0xFF10, 0xFF1A))), "٠١٢٣٤٥٦٧٨٩")  # ASCII, fullwidth, Arabic-Indic


@st.composite
def written(draw: st.DrawFn, digits: str, prefixes: tuple[str, ...] = ("",)) -> str:
    """Draw a way of writing some digits: with separators, digits of another script, as an address."""
    script = draw(st.sampled_from(DIGITS))
    spelled = [draw(st.sampled_from(SEPARATORS)) + script[int(digit)] for digit in digits]
    number = draw(st.sampled_from(prefixes)) + "".join(spelled)
    around = draw(
        st.sampled_from(("{}", " {} ", "\u202a{}\u202c", "tel:{}", "sip:{}@example.com;user=phone", "{}@acme"))
    )
    return around.format(number)


national = st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)
abroad = st.from_regex(r"(?:2|3|4|5|6|8|9)[0-9]{8,13}", fullmatch=True)
extensions = st.from_regex(r"[0-9]{2,6}", fullmatch=True)


@given(st.data(), national)
def test_any_way_of_writing_a_north_american_number(data: st.DataObject, digits: str) -> None:
    """With or without country code, prefix, separators and address, a number has one key: its digits with the 1."""
    prefixes = ("", "1", "+1", "\uff0b1", "(+1)", "011 1", "1 (", "+1.", "+ 1 ")
    assert number_key(data.draw(written(digits, prefixes))) == f"1{digits}"


@given(st.data(), abroad)
def test_any_way_of_writing_a_number_abroad(data: st.DataObject, digits: str) -> None:
    """With a plus or an international prefix, a number has one key: its digits, even if those are ten."""
    assert number_key(data.draw(written(digits, ("+", "011", "011-", "+011", "00", "(00)")))) == digits


@given(st.data(), extensions)
def test_extensions(data: st.DataObject, digits: str) -> None:
    """Two to six digits are an extension, even if they begin like a prefix."""
    assert number_key(data.draw(written(digits))) == digits


@given(national, st.sampled_from((" x", "x", " ext. ", ";ext=", ", extension ", " #")), extensions)
def test_extension_after_a_number(number: str, between: str, extension: str) -> None:
    """An extension that is written after a number does not make it another number."""
    assert number_key(f"+1 {number}{between}{extension}") == f"1{number}"


@given(st.from_regex(r"[A-Za-z][A-Za-z_.-]*[0-9]*", fullmatch=True))
@example("user_1001")
@example("x201")
def test_names(name: str) -> None:
    """A SIP user is not taken for the number in its name, and its case does not matter."""
    assert number_key(name) == number_key(name.upper()) == number_key(f"sip:{name}@example.com") == name.casefold()


@given(st.text(max_size=400))
@example("0" * 300)
@example("\U0001f4de" * 300)
def test_any_text(text: str) -> None:
    """Whatever the text is, its key is one line that fits into DynamoDB, and only that of nothing is empty."""
    key = number_key(text)
    assert len(key) <= MAX_KEY
    assert len(key.encode("utf-8", "replace")) < 1024
    assert key == " ".join(key.split())
    assert bool(key) == bool(text.strip())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("+44 (0)20 7946 0958", "442079460958"),
        ("011 44 20 7946 0958", "442079460958"),
        ("+65 9123 4567", "6591234567"),
        ('"Front Desk" <sip:+15551234567@example.com>', "15551234567"),
        ("5551234", "5551234"),
        ("*97", "*97"),
        ("Anonymous", "anonymous"),
        ("", ""),
    ],
)
def test_examples(text: str, key: str) -> None:
    """Some of the forms that Dash and people use."""
    assert number_key(text) == key


@given(st.data(), national, st.integers(3, 10))
def test_beginning_of_a_north_american_number(data: st.DataObject, digits: str, length: int) -> None:
    """Any way of writing a number begins with any way of writing its first digits, from the area code on."""
    number = data.draw(written(digits, ("", "1", "+1", "011 1")))
    beginning = data.draw(written(digits[:length], ("", "1", "+1")))
    assert begins_with(number, beginning)
    assert begins_with(number, number)


@pytest.mark.parametrize(
    ("number", "beginning", "expected"),
    [
        ("+442079460958", "+44", True),
        ("+442079460958", "0044", True),
        ("+442079460958", "011 44 20", True),
        ("+44 (0)20 7946 0958", "+44 (0)20", True),
        ("+442079460958", "44", True),
        ("+15551234567", "+44", False),
        ("4421", "+44", False),
        ("4421", "44", True),
        ("+14421234567", "44", False),
        ("+14421234567", "442", True),
        ("+14421234567", "+442", False),
        ("5551", "555", True),
        ("201", "201", True),
        ("201", "2011", False),
        ("front-desk", "Front", True),
        ("front-desk", "201", False),
        ("201", "front", False),
        ("sip:15551234567@example.com", "(555) 123", True),
    ],
)
def test_beginning_of_a_number(number: str, beginning: str, *, expected: bool) -> None:
    """A plus says that a country code comes first, so that no extension is meant."""
    assert begins_with(number, beginning) is expected
