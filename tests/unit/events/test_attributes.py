"""Values in DynamoDB's wire format: boto3 reads back what was written."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import example, given
from hypothesis import strategies as st

from hookswitch.events.attributes import attribute, item, plain

exact = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20)
leaves = st.none() | st.booleans() | st.integers(-(10**37), 10**37) | exact | st.text()
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=10
)


@given(values)
def test_round_trip(value: Any) -> None:
    """Whatever a body decodes to is read back equal."""
    assert TypeDeserializer().deserialize(attribute(value)) == value


@given(st.integers() | st.decimals(allow_nan=False, allow_infinity=False))
@example(10**38)
@example(10**38 + 1)
@example(Decimal("1E+126"))
@example(Decimal("1E-131"))
@example(Decimal("0E+200"))
@example(Decimal("0E-400"))
@example(Decimal("1.2345678901234567890123456789012345678E-129"))
@example(Decimal("1E-130"))
def test_numbers(value: Decimal | int) -> None:
    """A number that would not come back exactly is kept as text, every other one as a number."""
    match dict(attribute(value)):
        case {"S": str(text)}:
            assert Decimal(text) == value
            assert len(f"{value:f}".strip("-0.")) > 38 or not Decimal("1E-128") <= abs(Decimal(value)) < 10**38
        case {"N": str(text)}:
            written_out = f"{Decimal(text):f}"  # as DynamoDB returns it
            assert TypeDeserializer().deserialize({"N": text}) == value
            assert TypeDeserializer().deserialize({"N": written_out}) == value
        case unexpected:
            pytest.fail(f"{unexpected}")


def test_lone_surrogate() -> None:
    """Half a character, which no encoder takes, is replaced, as a value and as a key."""
    assert attribute({"\ud800": "a\udfff"}) == {"M": {"?": {"S": "a?"}}}


def test_absent_attributes() -> None:
    """An item has no attribute for what is None: an index would refuse it."""
    assert item({"a": None, "b": ""}) == {"b": {"S": ""}}


def test_unknown_type() -> None:
    """A value of a type that no decoder produces is a fault, and said to be."""
    with pytest.raises(TypeError, match="object"):
        attribute(object())


@given(values | st.binary())
def test_read_back(value: Any) -> None:
    """What DynamoDB's stream passes reads as it was written, except that a tuple would come back as a list."""
    assert plain(attribute(value)) == value


def test_unknown_types() -> None:
    """A type that no item has is an error on both ways, and no attribute in disguise."""
    with pytest.raises(TypeError, match="set has no place"):
        attribute({1, 2})
    with pytest.raises(ValueError, match="SS"):
        plain({"SS": ["a"]})
