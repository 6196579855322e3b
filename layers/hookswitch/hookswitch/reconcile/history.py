"""What Dash's API keeps of calls, messages and faxes, whether a webhook told of them or not: the base of its types."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from hookswitch.errors import UnusableError
from hookswitch.payloads.base import IdentityText
from hookswitch.payloads.times import GREGORIAN_EPOCH


class HistoryEntry(BaseModel):
    """One entry of a history, of a listing or read by its id.

    Older systems have strings in place of numbers and flags, and empty strings in place of nothing: both are read.
    Fields that are not declared are kept as extra fields.
    """

    model_config = ConfigDict(
        coerce_numbers_to_str=True,
        extra="allow",
        frozen=True,
        hide_input_in_errors=True,  # an error is logged, a phone number is not
    )

    account_id: IdentityText
    """The account whose history was read; entries do not name it."""

    @classmethod
    def _parse(cls, account_id: str, entry: object) -> Self:
        """Return an entry; optional fields with values of other types count as absent.

        Raises:
            UnusableError: It is not an object, or lacks a required field.
        """
        if not isinstance(entry, Mapping):
            raise UnusableError("The entry is not an object.")
        given = {str(name): value for name, value in entry.items() if value is not None and value != ""}
        given["account_id"] = account_id
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            return cls.model_validate(_without_invalid(given, cls._required(), error))

    @classmethod
    def _required(cls) -> frozenset[str]:
        return frozenset(field.alias or name for name, field in cls.model_fields.items() if field.is_required())


def _without_invalid(given: Mapping[str, Any], required: frozenset[str], error: ValidationError) -> dict[str, Any]:
    wrong = {
        str(detail["loc"][0]): detail["msg"]
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    }
    if reasons := [f"{name}: {message}." for name, message in wrong.items() if name in required]:
        raise UnusableError(*reasons) from None
    return {name: value for name, value in given.items() if name not in wrong}


def gregorian(second: int) -> int:
    """Return a time as payloads have it: from Unix seconds to gregorian seconds."""
    return second + GREGORIAN_EPOCH


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that have a value: what is not known is absent in a payload, never null or empty."""
    return {name: value for name, value in fields.items() if value is not None and value not in ("", {})}


def split_address(address: str | None) -> tuple[str | None, str | None]:
    """Return the user and the realm of a SIP address such as `201@acme.sip.example.com`, as far as it has them."""
    user, _, realm = (address or "").partition("@")
    return user or None, realm or None
