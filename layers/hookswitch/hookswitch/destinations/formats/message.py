"""What is sent to a destination."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hookswitch.destinations.rows import key_of_event
from hookswitch.events.cloudevent import to_json

JSON: Final = "application/json"
CLOUD_EVENT: Final = "application/cloudevents+json"  # CloudEvents, "HTTP Protocol Binding", 3.2
MAX_SIZE: Final = 256 * 1024
"""The most bytes of a message on SQS, its attributes included, and of an entry on EventBridge (PutEvents).

Both have begun to take more, but a queue or bus of somebody else's may not.
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its destination takes it.

    Attributes:
        body: The body of the request to a URL, the body of the message on SQS, or the detail on EventBridge: JSON.
        content_type: Of the request to a URL.
        headers: Further headers of that request, without the signature.
        attributes: On SQS the message attributes, all of them strings. On EventBridge the entry's `Source`,
            `DetailType` and `Time`, the last one as text. Empty for URLs.
    """

    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


def without_data(event: Mapping[str, Any], table: str) -> dict[str, Any]:
    """Return an event with `dataref`, which names its item in the table, instead of `data`; as on SNS."""
    rest = {name: value for name, value in event.items() if name != "data"}
    return rest | {"dataref": f"dynamodb:{table}/{key_of_event(event['id'])}"}


def to_bytes(value: Mapping[str, object]) -> bytes:
    """Return JSON in UTF-8; lone surrogates, which UTF-8 can't hold, are escaped."""
    return to_json(value).encode()
