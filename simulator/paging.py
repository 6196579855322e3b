"""Pages and ranges of the API's listings (docs/dash-protocol.md, section 5)."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from simulator.envelope import ApiError, validation_error

PAGE_SIZE = 50
MAX_RANGE = 2_682_000  # seconds: 31 days and an hour


def created_range(query: Mapping[str, str], now: int, default: int = MAX_RANGE) -> tuple[int, int]:
    """Return `created_from` and `created_to` of a query, in gregorian seconds.

    Args:
        query: The query.
        now: Gregorian seconds; the end of a range that names none.
        default: The seconds of a range that names no beginning.

    Raises:
        ApiError: 400 for a range that ends before it begins, or that is too long.
    """
    created_to = integer(query, "created_to", now)
    created_from = integer(query, "created_from", created_to - default)
    if created_to < created_from:
        message = f"created_to {created_to} is prior to created_from {created_from}"
        raise _date_range(message, created_from)
    if created_to - created_from > MAX_RANGE:
        message = f"created_to {created_to} is more than {MAX_RANGE} seconds from created_from {created_from}"
        raise _date_range(message, created_to)
    return created_from, created_to


def page_size(query: Mapping[str, str], limit: int | None) -> int:
    """Return how many entries a page may have: what the query asks for, up to the system's own limit."""
    size = max(1, integer(query, "page_size", PAGE_SIZE))
    return size if limit is None else min(size, limit)


def page(query: Mapping[str, str], rows: list[tuple[Any, Any]], limit: int | None) -> tuple[list[Any], dict[str, Any]]:
    """Return the first page of rows of key and entry, and the envelope's fields on paging."""
    size = page_size(query, limit)
    entries = [row for _, row in rows[:size]]
    paging: dict[str, Any] = {"page_size": len(entries)}
    if "start_key" in query:
        paging["start_key"] = query["start_key"]
    if len(rows) > size:
        paging["next_start_key"] = encode_key(rows[size][0])
    return entries, paging


def encode_key(key: Any) -> str:
    """Return the key of an entry as the API shows it."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def start_key(query: Mapping[str, str], kind: type | tuple[type, ...] = (str, int)) -> Any:
    """Return the decoded `start_key` of a query, or None.

    Raises:
        ApiError: 400 for one that no page has given out.
    """
    encoded = query.get("start_key")
    if not encoded:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, kind):
        raise validation_error({"start_key": {"invalid": {"message": "no such page", "cause": encoded}}})
    return key


def integer(query: Mapping[str, str], name: str, default: int) -> int:
    """Return an integer of a query.

    Raises:
        ApiError: 400 for anything else.
    """
    try:
        return int(query.get(name, default))
    except ValueError:
        wrong = {"message": "Value did not match type(s): integer", "target": "integer", "value": query[name]}
        raise validation_error({name: {"type": wrong}}) from None


def _date_range(message: str, cause: int) -> ApiError:
    return validation_error({"created_from": {"date_range": {"message": message, "cause": cause}}})
