"""A consumer of missed calls: Lambda with an SQS queue that is subscribed to the topic, with raw delivery."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).with_name("schemas")  # copies of those in docs/schemas/
ENVELOPE, CALL = (
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text())) for name in ("envelope", "call")
)


def handler(event: Mapping[str, Any], context: object) -> None:
    """Call back the caller. A message that breaks the contract returns to the queue, and ends as a dead letter."""
    del context
    for record in event["Records"]:
        message = json.loads(record["body"])
        ENVELOPE.validate(message)
        call = message["data"] if "data" in message else read(message["dataref"])
        CALL.validate(call)
        if "merged_into" not in call:  # else it turned out to be a part of another call, which has a message of its own
            call_back(call)


def read(dataref: str) -> Mapping[str, Any]:
    """Return a call that was too large for SNS from the table, where every call is."""
    table, _, key = dataref.removeprefix("dynamodb:").partition("/")
    item = boto3.resource("dynamodb").Table(table).get_item(Key={"event_id": key})["Item"]
    call: Mapping[str, Any] = json.loads(json.dumps(item["payload"], default=int))  # its numbers are Decimals
    return call


def call_back(call: Mapping[str, Any]) -> None:
    """Do what is to be done about a missed call.

    `call["call"]` is the call's key. The same call may come twice, and again when something late is known of it; the
    highest `revision` is right. `call["from"]` is who called, and `call["summary"]` says it in a line. A log is no
    place for either, so this prints the key.
    """
    print(json.dumps({"call": call["call"], "status": call["status"], "call_back": "number" in call.get("from", {})}))
