"""`sam local` hands over events that differ from those of AWS; a delivery is the same for all that.

The differences are those that SAM CLI 1.170 was seen to make: header names in title case, no stage in the path, the
route for `requestContext.path`, ids that are constants, and a body that is never base64.
"""

import base64
from typing import Any

import pytest

from devtools.gateway import STAGE, Arrival, http_event, rest_event
from devtools.sample_events import FORM, GET, JSON, arrival
from hookswitch.dash.hooks import HOOKS
from hookswitch.deliveries.delivery import Delivery, path_token
from hookswitch.events.event import Event
from simulator.tests.each import for_each
from tests.receiving import SETTINGS, payload_type

ENCODINGS = {"JSON": JSON, "form": FORM}
BY_GET = ("parking", "voicemail_new", "voicemail_full", "register", "deregister", "notifications")
HOST = "127.0.0.1:3000"
FROM_THE_SENDER = ("content-type", "x-account-id", "x-hook-id")


def local_event(arrived: Arrival) -> dict[str, Any]:
    """Return what `sam local start-api` hands to a function for a request."""
    aws = rest_event(arrived)
    sent = arrived.request.headers.items()
    headers = {
        **{name.title(): value for name, value in sent},
        "Connection": "keep-alive",
        "Content-Length": str(len(arrived.request.body)),
        "Host": HOST,
        "Te": "",
        "X-Forwarded-Port": "3000",
        "X-Forwarded-Proto": "http",
    }
    context = {
        "accountId": "123456789012",
        "apiId": "1234567890",
        "domainName": HOST,
        "extendedRequestId": None,
        "httpMethod": aws["httpMethod"],
        "identity": {"sourceIp": "127.0.0.1", "userAgent": "Custom User Agent String"},
        "path": arrived.route,
        "protocol": "HTTP/1.1",
        "requestId": "bbe786eb-251f-49c8-aa00-f9bb4e8f382d",
        "resourceId": "123456",
        "resourcePath": arrived.route,
        "stage": STAGE,
    }
    kept = ("resource", "path", "httpMethod", "pathParameters", "stageVariables", "body")
    return {
        **{name: aws[name] for name in kept},
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": aws["queryStringParameters"],
        "multiValueQueryStringParameters": aws["multiValueQueryStringParameters"],
        "requestContext": context,
        "isBase64Encoded": False,
    }


def delivered(event: dict[str, Any], hook: str) -> Delivery:
    """Return the delivery in an event."""
    return Delivery.from_api_gateway(event, hook)


def key(event: dict[str, Any], hook: str) -> str:
    """Return the key of the item that the event would become."""
    came = delivered(event, hook)
    return Event.from_delivery(payload_type(hook), came, came.decode(), SETTINGS).key


def of_sender(delivery: Delivery) -> dict[str, str]:
    """Return the headers that the sender set."""
    return {name: value for name, value in delivery.headers.items() if name in FROM_THE_SENDER}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
@for_each("hook", HOOKS)
def test_posts(hook: str, encoding: dict[str, str]) -> None:
    """Body, token and the sender's headers come out the same from both, whatever the headers' case."""
    arrived = arrival(hook, encoding)
    local, aws = local_event(arrived), rest_event(arrived)
    assert path_token(local) == path_token(aws) != ""
    assert delivered(local, hook).body == delivered(aws, hook).body == arrived.request.body
    assert delivered(local, hook).content_type == arrived.request.headers["content-type"]
    assert of_sender(delivered(local, hook)) == of_sender(delivered(aws, hook)) == dict(arrived.request.headers)
    assert key(local, hook) == key(aws, hook)


@pytest.mark.parametrize("hook", BY_GET)
def test_gets(hook: str) -> None:
    """The decoded query of both is the same event, also where there is neither content type nor body."""
    arrived = arrival(hook, GET)
    local, aws = local_event(arrived), rest_event(arrived)
    assert "Content-Type" not in local["headers"]
    assert local["body"] is None
    assert key(local, hook) == key(aws, hook)


@for_each("hook", HOOKS)
def test_the_path_does_not_matter(hook: str) -> None:
    """No function looks at a path or a stage: on AWS they have the stage, in `sam local` the route stands for them."""
    arrived = arrival(hook, JSON)
    local = local_event(arrived)
    assert STAGE not in local["requestContext"]["path"].split("/")
    assert STAGE in rest_event(arrived)["requestContext"]["path"].split("/")
    others: list[dict[str, Any]] = [{"path": "/"}, {"path": None}, {"requestContext": {}}, {"resource": "/{proxy+}"}]
    for other in others:
        assert key({**local, **other}, hook) == key(local, hook)


def test_base64_or_not() -> None:
    """AWS may hand a body over as base64, `sam local` never does, and a flag on plain text harms nothing."""
    arrived = arrival("missed_call", FORM)
    local = local_event(arrived)
    encoded = {**local, "body": base64.b64encode(arrived.request.body).decode(), "isBase64Encoded": True}
    flagged = {**local, "isBase64Encoded": True}
    wanted = delivered(rest_event(arrived, as_base64=True), "missed_call").body
    assert delivered(local, "missed_call").body == wanted
    assert delivered(encoded, "missed_call").body == wanted
    assert delivered(flagged, "missed_call").body == wanted
    assert delivered(http_event(arrived), "missed_call").body == wanted


def test_missing_parts() -> None:
    """`sam local invoke` takes any file: what has no headers, query or path parameters is refused, not crashed on."""
    assert path_token({}) == path_token({"pathParameters": None}) == ""
    assert delivered({"headers": None, "body": None, "queryStringParameters": None}, "parking").body == b""
