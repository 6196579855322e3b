"""A request as API Gateway passes it to a function: in the format of REST APIs (1.0), or of HTTP APIs (2.0).

After the samples in "Lambda proxy integrations in API Gateway" and "Create AWS Lambda proxy integrations for HTTP
APIs" of the API Gateway Developer Guide, both with a regional endpoint.
"""

import base64
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from devtools.local import REGION
from simulator.transport import Request

AWS_ACCOUNT = "123456789012"
API = "a1b2c3d4e5"
STAGE = "v1"
DOMAIN = f"{API}.execute-api.{REGION}.amazonaws.com"
SOURCE = "203.0.113.27"  # of the addresses for examples
NEVER_PASSED_ON = frozenset({"connection", "content-length", "te"})
IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userAgent",
    "userArn",
)


@dataclass(frozen=True)
class Arrival:
    """A request that arrives at API Gateway.

    Attributes:
        request: What the sender put on the wire, to `https://DOMAIN/STAGE...`.
        route: The path below the stage, with the name of its parameter: `/hooks/parking/{token}`.
        at: Unix seconds.
        rng: Makes the ids that API Gateway gives.
    """

    request: Request
    route: str
    at: int
    rng: random.Random

    @property
    def staged_path(self) -> str:
        """The whole path, as the sender wrote it."""
        return urlsplit(self.request.url).path

    @property
    def path(self) -> str:
        """The path below the stage."""
        return self.staged_path.removeprefix(f"/{STAGE}")

    @property
    def query(self) -> str:
        """The query string as it was sent."""
        return urlsplit(self.request.url).query

    @property
    def parameters(self) -> dict[str, str]:
        """The route's path parameter, its last part, with its value."""
        return {self.route.rpartition("/")[2].strip("{+}"): self.path.rpartition("/")[2]}

    def headers(self) -> dict[str, str]:
        """Return the sender's headers that reach the function, and those that API Gateway adds."""
        sent = {name: value for name, value in self.request.headers.items() if name not in NEVER_PASSED_ON}
        return {
            **sent,
            "Host": DOMAIN,
            "X-Amzn-Trace-Id": f"Root=1-{self.at:08x}-{self.hex(24)}",
            "X-Forwarded-For": SOURCE,
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
        }

    def hex(self, digits: int) -> str:
        """Return the next digits of an id."""
        return f"{self.rng.getrandbits(digits * 4):0{digits}x}"

    def request_id(self) -> str:
        """Return the next request id: a UUID in its usual form."""
        return "-".join(self.hex(digits) for digits in (8, 4, 4, 4, 12))

    def time(self) -> str:
        """Return the moment as API Gateway writes it."""
        return datetime.fromtimestamp(self.at, UTC).strftime("%d/%b/%Y:%H:%M:%S %z")


def rest_event(arrival: Arrival, *, as_base64: bool = False) -> dict[str, Any]:
    """Return the event of a REST API; with `as_base64`, of one that treats the body as binary."""
    headers = arrival.headers()
    pairs = parse_qsl(arrival.query, keep_blank_values=True)
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    return {
        "resource": arrival.route,
        "path": arrival.path,
        "httpMethod": arrival.request.verb,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": several or None,
        "pathParameters": arrival.parameters,
        "stageVariables": None,
        "requestContext": {
            "accountId": AWS_ACCOUNT,
            "apiId": API,
            "deploymentId": "d1e2f3",
            "domainName": DOMAIN,
            "domainPrefix": API,
            "extendedRequestId": base64.b64encode(arrival.rng.randbytes(11)).decode(),
            "httpMethod": arrival.request.verb,
            "identity": dict.fromkeys(IDENTITY) | {"sourceIp": SOURCE},
            "path": arrival.staged_path,
            "protocol": "HTTP/1.1",
            "requestId": arrival.request_id(),
            "requestTime": arrival.time(),
            "requestTimeEpoch": arrival.at * 1000,
            "resourceId": "r1s2t3",
            "resourcePath": arrival.route,
            "stage": STAGE,
        },
        "body": _body(arrival.request.body, as_base64=as_base64) if arrival.request.body else None,
        "isBase64Encoded": as_base64,
    }


def http_event(arrival: Arrival) -> dict[str, Any]:
    """Return the event of an HTTP API for a request with a body. Header names are in lower case there."""
    request = arrival.request
    added = {"content-length": str(len(request.body))}
    is_text = request.headers["content-type"] == "application/json"  # a form it takes for a binary body
    return {
        "version": "2.0",
        "routeKey": f"{request.verb} {arrival.route}",
        "rawPath": arrival.staged_path,
        "rawQueryString": arrival.query,
        "headers": {name.lower(): value for name, value in (arrival.headers() | added).items()},
        "requestContext": {
            "accountId": AWS_ACCOUNT,
            "apiId": API,
            "domainName": DOMAIN,
            "domainPrefix": API,
            "http": {
                "method": request.verb,
                "path": arrival.staged_path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE,
                "userAgent": "",
            },
            "requestId": base64.b64encode(arrival.rng.randbytes(11)).decode(),
            "routeKey": f"{request.verb} {arrival.route}",
            "stage": STAGE,
            "time": arrival.time(),
            "timeEpoch": arrival.at * 1000,
        },
        "body": _body(request.body, as_base64=not is_text),
        "pathParameters": arrival.parameters,
        "isBase64Encoded": not is_text,
    }


def navigation(path: str, at: int) -> dict[str, Any]:
    """Return the event of an HTTP API with the stage `$default` when a browser goes to a page."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "text/html,application/xhtml+xml",
            "accept-encoding": "gzip, deflate, br",
            "host": DOMAIN,
            "sec-fetch-dest": "document",
            "sec-fetch-mode": "navigate",
            "sec-fetch-site": "none",
            "x-forwarded-for": SOURCE,
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": AWS_ACCOUNT,
            "apiId": API,
            "domainName": DOMAIN,
            "domainPrefix": API,
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": SOURCE, "userAgent": ""},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": f"{datetime.fromtimestamp(at, UTC):%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": at * 1000,
        },
        "isBase64Encoded": False,
    }


def as_file(event: Mapping[str, Any]) -> str:
    """Return an event as the text of a file."""
    return json.dumps(event, ensure_ascii=False, indent=2) + "\n"


def _body(body: bytes, *, as_base64: bool) -> str:
    return base64.b64encode(body).decode() if as_base64 else body.decode()
