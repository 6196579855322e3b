"""The API's envelope, in and out (docs/dash-protocol.md, section 5)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class ApiError(Exception):
    """An answer that is an error.

    Attributes:
        status: The HTTP status.
        message: The envelope's `message`.
        data: The envelope's `data`.
    """

    def __init__(self, status: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.data = {} if data is None else data


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a resource sees it: verb, path below the base, query, `data`, token."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    data: Mapping[str, Any]
    token: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer. `paging` joins the envelope's top level."""

    data: Any
    status: int = 200
    revision: str = "automatic"
    auth_token: str | None = None
    paging: Mapping[str, Any] = field(default_factory=dict)


def success(answer: Answer, token: str | None) -> dict[str, Any]:
    """Return the envelope of a success."""
    return {
        "data": answer.data,
        "status": "success",
        "auth_token": answer.auth_token or token or "",
        "request_id": secrets.token_hex(16),
        "revision": answer.revision,
        **answer.paging,
    }


def failure(error: ApiError, token: str | None) -> dict[str, Any]:
    """Return the envelope of an error, its code a string."""
    return {
        "data": error.data,
        "status": "error",
        "message": error.message,
        "error": str(error.status),
        "auth_token": token or "",
        "request_id": secrets.token_hex(16),
    }


def bad_identifier(identifier: str) -> ApiError:
    """Return the answer to an id that nothing has."""
    return ApiError(404, "bad_identifier", {"message": "bad identifier", "cause": identifier})


def forbidden() -> ApiError:
    """Return the answer to a call that its token does not allow."""
    return ApiError(403, "forbidden", {"message": "forbidden"})


def invalid_method() -> ApiError:
    """Return the answer to a verb that a resource doesn't take."""
    return ApiError(405, "invalid_method", {"message": "method not allowed"})


def validation_error(fields: Mapping[str, Any]) -> ApiError:
    """Return the answer to invalid data: `{"<field>": {"<rule>": {"message": ...}}}`, all fields at once."""
    return ApiError(400, "validation error", fields)
