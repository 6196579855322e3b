"""A consumer of missed calls: Lambda with an SQS queue that is subscribed to the topic, with raw delivery."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
        DATA.validate(message["data"])
        print(f"Call back {message['data'].get('caller_id_number')}: {message['summary']}")
