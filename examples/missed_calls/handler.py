"""A consumer of missed calls: Lambda with an SQS queue that is subscribed to the topic, with raw delivery."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).with_name("schemas")  # copies of those in docs/schemas/
ENVELOPE, DATA = (
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text())) for name in ("envelope", "missed_call")
)


def handler(event: Mapping[str, Any], context: object) -> None:
    """Call back the caller. A message that breaks the contract returns to the queue, and ends as a dead letter."""
    del context
    for record in event["Records"]:
        message = json.loads(record["body"])
        ENVELOPE.validate(message)
        data = message["data"] if "data" in message else read(message["dataref"])
        DATA.validate(data)
        call_back(message["id"], data)


def read(dataref: str) -> Mapping[str, Any]:
    """Return the data of an event that was too large for SNS from the table, where every event is."""
    table, _, event_id = dataref.removeprefix("dynamodb:").partition("/")
    item = boto3.resource("dynamodb").Table(table).get_item(Key={"event_id": event_id})["Item"]
    payload: Mapping[str, Any] = item["payload"]  # type: ignore[assignment]
    return payload


def call_back(event_id: str, data: Mapping[str, Any]) -> None:
    """Do what is to be done about a missed call; an event may come twice, always under the same id.

    `data["caller_id_number"]` has the number. A log is no place for it, so this prints the event's id.
    """
    print(json.dumps({"event_id": event_id, "call_back": "caller_id_number" in data}))
