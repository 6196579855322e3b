"""A hook's function from a request to the item, with a table, a queue and a log in memory."""

import base64
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from hookswitch.aws import hook_clients
from hookswitch.callback.token import token_for
from hookswitch.errors import NoAnswerError, ServiceError
from hookswitch.receiving import processing, receiver
from hookswitch.settings.hooks import HookSettings
from simulator.encoding import encode_form, encode_json
from tests.receiving import FORM, JSON, SETTINGS, payload_type, rest_event

SECRET = "a secret of more than thirty-two characters"
CONTEXT: Any = SimpleNamespace(
    function_name="hook", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="request"
)
_PLAIN = TypeDeserializer()


class FrontDoor:
    """Hook functions, and what they have written.

    Attributes:
        items: The table's items by key, as boto3 reads them.
        queue: The deliveries in the redrive queue.
        is_away: Whether DynamoDB is unavailable.
    """

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.queue: list[Any] = []
        self.is_away = False

    def send(self, hook: str, body: bytes, content_type: str = JSON) -> dict[str, Any]:
        """Deliver a body to a hook, and return the body of the answer, which is 200."""
        text, is_base64 = _transported(body)
        event = rest_event(
            text, content_type, pathParameters={"token": token_for(SECRET, hook)}, isBase64Encoded=is_base64
        )
        answer = receiver.receiver(payload_type(hook))(event, CONTEXT)
        assert answer["statusCode"] == 200
        said: dict[str, Any] = json.loads(answer["body"])
        return said

    def deliver(self, hook: str, payload: Mapping[str, Any], encoding: str = JSON) -> str:
        """Deliver a payload in an encoding, and return what became of it."""
        body = encode_form(dict(payload)) if encoding == FORM else encode_json(dict(payload))
        return str(self.send(hook, body, encoding)["status"])

    def events(self) -> list[dict[str, Any]]:
        """Return the items of events, in the order in which they were stored."""
        return [item for item in self.items.values() if item["kind"] == "event"]

    def call(self, operation: str, **request: Any) -> None:
        """Do what DynamoDB does."""
        if self.is_away:
            raise NoAnswerError("ReadTimeoutError")
        put = request if operation == "PutItem" else request["TransactItems"][0]["Put"]
        item = {name: _PLAIN.deserialize(value) for name, value in put["Item"].items()}
        if item["event_id"] in self.items:
            code = "ConditionalCheckFailed"
            raise (
                ServiceError(f"{code}Exception", {})
                if operation == "PutItem"
                else ServiceError("TransactionCanceledException", {"CancellationReasons": [{"Code": code}]})
            )
        self.items[item["event_id"]] = item


@pytest.fixture
def front_door(monkeypatch: pytest.MonkeyPatch) -> FrontDoor:
    """Hook functions without anything stored."""
    door = FrontDoor()
    monkeypatch.setattr(hook_clients, "dynamodb", lambda: door)
    monkeypatch.setattr(HookSettings, "from_environment", lambda: SETTINGS)
    monkeypatch.setattr(receiver, "secret_reader", lambda _: lambda stage: SECRET if stage == "AWSCURRENT" else None)
    monkeypatch.setattr(processing, "enqueue", lambda delivery, _settings: door.queue.append(delivery))
    return door


def _transported(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True
