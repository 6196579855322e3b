"""Events that no delivery causes: what AWS services hand to the functions behind the hooks, one for each.

`sam local generate-event` says how they look, where it knows the service; what matters to the function is filled in.
It knows neither EventBridge Scheduler nor rotations: those follow "Using AWS Lambda with Amazon EventBridge Scheduler"
and "Lambda rotation functions" (Secrets Manager). The items and deliveries in them come from the payload types.
"""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from devtools.errors import LaptopError
from devtools.hook_types import SETTINGS, payload_type
from devtools.local import REGION, ROOT, STACK_NAME, parameters
from devtools.stack import SAM, environment
from devtools.template import parsed, resources
from hookswitch.deliveries.delivery import Delivery
from hookswitch.destinations.waking import WakeUp
from hookswitch.events.attributes import item, plain
from hookswitch.events.event import Event
from hookswitch.events.items import event_item
from hookswitch.publishing.sns_message import to_entry

ARN = f"{REGION}:123456789012"  # the account of AWS's sample events
TABLE = f"arn:aws:dynamodb:{ARN}:table/{STACK_NAME}-EventsTable-1A2B3C4D5E6F"
STREAM = f"{TABLE}/stream/2026-11-01T00:00:00.000"
STACK_ID = f"arn:aws:cloudformation:{ARN}:stack/{STACK_NAME}/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
CALLBACK_SECRET_ARN = f"arn:aws:secretsmanager:{ARN}:secret:CallbackSecret-AbCdEf"
# What CloudFormation puts in place of the template's references.
REFERENCES = {
    "ServiceToken": f"arn:aws:lambda:{ARN}:function:{STACK_NAME}-Provision-1A2B3C4D5E6F",
    "StackId": STACK_ID,
    "CredentialsArn": f"arn:aws:secretsmanager:{ARN}:secret:DashCredentials-AbCdEf",
    "CallbackSecretArn": CALLBACK_SECRET_ARN,
    "ApiAddress": f"https://a1b2c3d4e5.execute-api.{REGION}.amazonaws.com/v1",
    "Deployment": "d1e2f3",
}


def stream_batch(arrivals: Mapping[str, Mapping[str, Any]], now: int) -> dict[str, Any]:
    """Return what publish and calls get for events that were just stored: a record each, oldest first.

    Args:
        arrivals: The API Gateway event of each hook.
        now: Unix seconds of their arrival.
    """
    images = [item(event_item(_event(hook, event, now), SETTINGS)) for hook, event in arrivals.items()]
    record = _generated("dynamodb", "update")["Records"][0]
    return {
        "Records": [
            record
            | {
                "eventID": f"{number:032x}",
                "dynamodb": record["dynamodb"]
                | {
                    "ApproximateCreationDateTime": now,
                    "Keys": {"event_id": image["event_id"]},
                    "NewImage": image,
                    "SequenceNumber": str(int(record["dynamodb"]["SequenceNumber"]) + number),
                    "SizeBytes": len(str(image)),
                    "StreamViewType": "NEW_IMAGE",
                },
                "eventSourceARN": STREAM,
            }
            for number, image in enumerate(images)
        ]
    }


def queue_batch(hook: str, event: Mapping[str, Any], function: str, now: int) -> list[Mapping[str, Any]]:
    """Return the bodies of two messages for redrive: a delivery that was queued, and an event not published."""
    return [
        {"function": f"{STACK_NAME}-{function}-1A2B3C4D5E6F", "redelivery": _delivery(hook, event, now).to_message()},
        {"event_id": _event(hook, event, now).key},
    ]


def published(hook: str, event: Mapping[str, Any], now: int) -> str:
    """Return the body of the message that route gets for an event: what publish sent to the topic, as it is."""
    image = item(event_item(_event(hook, event, now), SETTINGS))
    message = to_entry({name: plain(value) for name, value in image.items()}, "events")["Message"]
    return str(json.loads(message)["default"])


def wake_up(now: int) -> str:
    """Return the body of a message that wakes send for a destination."""
    return WakeUp("office", UUID(int=5).hex, now * 1000).to_body()


def sqs_batch(bodies: list[str], now: int, queue: str = "RedriveQueue") -> dict[str, Any]:
    """Return what a function gets from a queue."""
    record = _generated("sqs", "receive-message")["Records"][0]
    times = {"SentTimestamp": str(now * 1000), "ApproximateFirstReceiveTimestamp": str(now * 1000 + 5)}
    return {
        "Records": [
            record
            | {
                "messageId": str(UUID(int=number + 1)),
                "receiptHandle": f"receipt-handle-{number}",
                "body": body,
                "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
                "attributes": record["attributes"] | times,
                "eventSourceARN": f"arn:aws:sqs:{ARN}:{STACK_NAME}-{queue}-1A2B3C4D5E6F",
            }
            for number, body in enumerate(bodies)
        ]
    }


def cloudformation_request() -> dict[str, Any]:
    """Return what provision gets when a stack is created with the local parameters."""
    wanted = resources(parsed(), **parameters())["Webhooks"]["Properties"]
    return _generated("cloudformation", "create-request") | {
        "RequestId": str(UUID(int=1)),
        "ResponseURL": f"https://cloudformation-custom-resource-response-{REGION}.s3.amazonaws.com/answer?signed=yes",
        "ServiceToken": REFERENCES["ServiceToken"],  # which the Developer Guide has and the generated event lacks
        "StackId": STACK_ID,
        "ResourceType": "Custom::DashWebhooks",
        "LogicalResourceId": "Webhooks",
        "ResourceProperties": {
            name: REFERENCES[name] if isinstance(value, dict) else str(value) for name, value in wanted.items()
        },
    }


def rotation_step() -> dict[str, Any]:
    """Return what rotate gets for the first of Secrets Manager's four steps."""
    return {"Step": "createSecret", "SecretId": CALLBACK_SECRET_ARN, "ClientRequestToken": str(UUID(int=2))}


def scheduled(function: str, now: int) -> dict[str, Any]:
    """Return what a function gets from a rule of EventBridge."""
    return _generated("cloudwatch", "scheduled-event") | {
        "version": "0",
        "id": str(UUID(int=3)),
        "time": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resources": [f"arn:aws:events:{ARN}:rule/{STACK_NAME}-{function}Schedule-1A2B3C4D5E6F"],
    }


def scheduler_event(function: str, now: int) -> dict[str, Any]:
    """Return what a function gets from EventBridge Scheduler when its schedule names no input."""
    return scheduled(function, now) | {
        "id": str(UUID(int=4)),
        "source": "aws.scheduler",
        "resources": [f"arn:aws:scheduler:{ARN}:schedule/default/{STACK_NAME}-{function}Schedule-1A2B3C4D5E6F"],
        "detail": "{}",
    }


@cache
def _generated(service: str, event: str) -> dict[str, Any]:
    """Return a service's event with sample values.

    Raises:
        LaptopError: The SAM CLI is not installed.
    """
    if not SAM.exists():
        raise LaptopError("The SAM CLI is not installed. Run `make setup` first.")
    command = [str(SAM), "local", "generate-event", service, event]
    found: dict[str, Any] = json.loads(subprocess.check_output(command, env=environment(), cwd=ROOT))
    return found


def _delivery(hook: str, event: Mapping[str, Any], now: int) -> Delivery:
    arrived = Delivery.from_api_gateway(event, hook)
    return Delivery.from_message(arrived.to_message() | {"received_at": datetime.fromtimestamp(now, UTC).isoformat()})


def _event(hook: str, event: Mapping[str, Any], now: int) -> Event:
    came = _delivery(hook, event, now)
    return Event.from_delivery(payload_type(hook), came, came.decode(), SETTINGS)
