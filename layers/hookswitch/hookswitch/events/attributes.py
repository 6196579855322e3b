"""Values as DynamoDB's wire format has them, for any value that a decoded body can hold."""

from collections.abc import Mapping
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Image = Mapping[str, "AttributeValueTypeDef"]
"""The attributes of an item, as DynamoDB and its stream have them."""

# What boto3 reads (boto3.dynamodb.types, DYNAMODB_CONTEXT). DynamoDB itself holds more: it takes numbers beyond 1E+38,
# and returns them with all their zeros, which boto3 refuses.
_BOTO3 = Context(Emin=-128, Emax=126, prec=38, traps=[Clamped, Overflow, Inexact, Rounded, Underflow])
_LARGEST_EXPONENT = 37


def attribute(value: object) -> "AttributeValueTypeDef":  # noqa: PLR0911 - one return a type
    """Return a value as a DynamoDB attribute value.

    Numbers that could not be read back exactly become strings, and lone surrogates question marks: no event may fail
    to be stored for its spelling. boto3's serializer raises on both, which is why it is not used.

    Raises:
        TypeError: The value is of a type that no decoder here produces.
    """
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": _text(value)}
        case int() | Decimal():
            return {"N": str(value) if value else "0"} if _is_storable(Decimal(value)) else {"S": str(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": {_text(str(key)): attribute(inner) for key, inner in value.items()}}
        case list() | tuple():
            return {"L": [attribute(inner) for inner in value]}
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a DynamoDB item.")


def item(values: Mapping[str, object]) -> dict[str, "AttributeValueTypeDef"]:
    """Return the attributes of an item, without those that are None."""
    return {name: attribute(value) for name, value in values.items() if value is not None}


def plain(value: "AttributeValueTypeDef") -> Any:
    """Return what `attribute` wrote, or DynamoDB's stream passes, as a plain value; numbers are Decimals.

    Raises:
        ValueError: The value is of a type that no item of ours has.
    """
    ((kind, inner),) = value.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return Decimal(str(inner))
        case "M":
            return {name: plain(each) for name, each in value["M"].items()}
        case "L":
            return [plain(each) for each in value["L"]]
        case "S" | "BOOL" | "B":
            return inner
    raise ValueError(f"An item of the table has no attribute of type {kind}.")


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def _is_storable(number: Decimal) -> bool:
    if not number:
        return True
    try:
        _BOTO3.create_decimal(number)
    except ArithmeticError:
        return False
    return number.adjusted() <= _LARGEST_EXPONENT
