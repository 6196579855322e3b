"""What botocore speaks with each service: where it has an operation's name, and what an error looks like."""

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

Wire = Literal["json-1.0", "json-1.1", "rest-json", "query"]

# What botocore speaks with each service, and the name that the service has in AWS_ENDPOINT_URL_<NAME>.
SERVICES: Mapping[str, tuple[Wire, str]] = {
    "dynamodb": ("json-1.0", "DYNAMODB"),
    "sqs": ("json-1.0", "SQS"),
    "secretsmanager": ("json-1.1", "SECRETS_MANAGER"),
    "lambda": ("rest-json", "LAMBDA"),
    "sns": ("query", "SNS"),
    "cloudformation": ("query", "CLOUDFORMATION"),
    "dynamodbstreams": ("json-1.0", "DYNAMODB_STREAMS"),
    "kms": ("json-1.1", "KMS"),
}


def asked(wire: Wire, target: str | None, body: bytes) -> tuple[str, Mapping[str, Any]]:
    """Return the operation that a request calls, and its parameters."""
    if wire == "query":
        form = parse_qs(body.decode())
        return form["Action"][0], form
    if wire == "rest-json":
        return "Invoke", {"Payload": body.decode()}
    return (target or "").rpartition(".")[2], json.loads(body or b"{}")


def error(wire: Wire, code: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an error as the service would send it."""
    message = f"{code} injected by a test"
    if wire == "query":
        sender = "Sender" if code.startswith(("Invalid", "Not", "Authorization")) else "Receiver"
        text = (
            '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error>'
            f"<Type>{sender}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
            "</Error><RequestId>injected</RequestId></ErrorResponse>"
        )
        return {"Content-Type": "text/xml"}, text.encode()
    headers = {"Content-Type": f"application/x-amz-{wire}", "x-amzn-ErrorType": code}
    return headers, json.dumps({"__type": code, "message": message}).encode()
