"""One delivery as it arrived: decoded now, or put aside and redelivered later.

The token that proves where it comes from is not part of it, so none is stored, queued or logged with it.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from hookswitch.deliveries.decoding import decode, encode_query
from hookswitch.errors import UnusableError

# Bytes. Fits every place that a body may go to: a DynamoDB item (400 KB), an SQS message as base64, and an SNS message
# as JSON within JSON (256 KB each). Dash's largest events have several KB.
MAX_BODY = 128 * 1024

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery from an authentic sender.

    Attributes:
        hook: The hook whose route it came by.
        received_at: When it arrived, in UTC.
        content_type: Of the body; form for a delivery with GET.
        headers: Names in lower case; no value holds the token.
        body: The exact bytes, or the query string of a GET; at most MAX_BODY of them.
        body_size: Number of bytes that arrived.
        body_sha256: Hexadecimal SHA-256 of what arrived.
        attempted_at: When Dash tried to deliver it, in UTC, if it was read from Dash's attempt log; else None.
        correlation_id: Finds all log lines about it: API Gateway's id of the request that delivered it.
    """

    hook: str
    received_at: datetime
    content_type: str
    headers: Mapping[str, str]
    body: bytes
    body_size: int
    body_sha256: str
    attempted_at: datetime | None = None
    correlation_id: str | None = None

    @classmethod
    def from_api_gateway(cls, event: Mapping[str, Any], hook: str) -> Self:
        """Return the delivery in an API Gateway event of either format, REST 1.0 or HTTP 2.0.

        A request without a body (a GET, or the empty GET that a redirected POST turns into) is its query string. The
        token of the path is masked wherever else it appears.
        """
        token = path_token(event)
        headers = {name: _masked(value, token) for name, value in _headers(event)}
        content_type = headers.get("content-type", "")
        body = _body(event)
        if not body:
            body, content_type = _query(event), FORM
        return cls(
            hook=hook,
            received_at=datetime.now(UTC),
            content_type=content_type,
            headers=headers,
            body=body[:MAX_BODY],
            body_size=len(body),
            body_sha256=hashlib.sha256(body).hexdigest(),
            correlation_id=request_id(event),
        )

    def decode(self) -> dict[str, Any]:
        """Return the fields of the body.

        Raises:
            UnusableError: The body is too large to be kept whole, or can't be decoded.
        """
        if self.truncated:
            raise UnusableError(f"The body has {self.body_size} bytes; at most {len(self.body)} are kept.")
        return decode(self.body, self.content_type)

    @property
    def moment(self) -> datetime:
        """When Dash delivered it, or tried to, in UTC: the time of events that do not say when they happened."""
        return self.attempted_at or self.received_at

    @property
    def truncated(self) -> bool:
        """Whether more arrived than is kept."""
        return self.body_size > MAX_BODY

    def with_body(self, body: bytes, content_type: str) -> Self:
        """Return this delivery with another body in place of the original, which must not be kept."""
        return replace(self, body=body[:MAX_BODY], content_type=content_type)

    def to_message(self) -> dict[str, Any]:
        """Return the delivery as JSON types. The body is base64, so its size does not depend on its content."""
        return {
            "hook": self.hook,
            "received_at": self.received_at.isoformat(),
            "content_type": self.content_type,
            "headers": dict(self.headers),
            "body": base64.b64encode(self.body).decode(),
            "body_size": self.body_size,
            "body_sha256": self.body_sha256,
            **({"attempted_at": self.attempted_at.isoformat()} if self.attempted_at else {}),
            **({"correlation_id": self.correlation_id} if self.correlation_id else {}),
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Self:
        """Return the delivery that `to_message` wrote.

        Raises:
            KeyError, ValueError: The message is not one of ours.
        """
        return cls(
            hook=message["hook"],
            received_at=datetime.fromisoformat(message["received_at"]),
            content_type=message["content_type"],
            headers=message["headers"],
            body=base64.b64decode(message["body"], validate=True),
            body_size=message["body_size"],
            body_sha256=message["body_sha256"],
            attempted_at=datetime.fromisoformat(message["attempted_at"]) if "attempted_at" in message else None,
            correlation_id=message.get("correlation_id"),
        )


def path_token(event: Mapping[str, Any]) -> str:
    """Return the token in the path of an API Gateway event; empty if there is none."""
    return (event.get("pathParameters") or {}).get("token") or ""


def request_method(event: Mapping[str, Any]) -> str:
    """Return the HTTP method of the request, in either format of the event; empty if there is none."""
    in_http = (event.get("requestContext") or {}).get("http") or {}
    return str(event.get("httpMethod") or in_http.get("method") or "")


def request_id(event: Mapping[str, Any]) -> str | None:
    """Return API Gateway's id of the request."""
    return (event.get("requestContext") or {}).get("requestId")


def _headers(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in (event.get("headers") or {}).items():
        yield name.lower(), str(value)


def _masked(value: str, token: str) -> str:
    return value.replace(token, "[token]") if token else value


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            return base64.b64decode(body, validate=True)
        except ValueError:
            pass  # `sam local` has been seen to set the flag on plain text
    return str(body).encode("utf-8", "replace")


def _query(event: Mapping[str, Any]) -> bytes:
    if "rawQueryString" in event:  # HTTP 2.0: as it was sent
        return str(event["rawQueryString"]).encode("utf-8", "replace")
    several = event.get("multiValueQueryStringParameters") or {}
    single = {name: [value] for name, value in (event.get("queryStringParameters") or {}).items()}
    return encode_query([(name, value or "") for name, values in (single | several).items() for value in values])
