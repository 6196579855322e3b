"""Calls of DynamoDB and Secrets Manager without the SDK, whose import is most of a bare function's cold start.

Only for what Lambda itself sets up: a region of AWS's main partition, no proxy, no settings of the SDK that change
where or how it calls. Everything else (a FIPS endpoint, China) goes through the SDK, with the same results. Credentials
are in the environment; those of SnapStart, which have to be asked for and renewed, come from the SDK, and only they.
See docs/engineering/decisions/0020-cold-start.md.
"""

import json
import os
import random
import re
import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import SplitResult, quote, urlsplit
from zlib import crc32

from hookswitch.aws.connection import Answer, Line
from hookswitch.aws.sigv4 import Credentials, signed
from hookswitch.errors import NoAnswerError, ServiceError

CONNECT_SECONDS = 1
READ_SECONDS = 2

# What the SDK retries in its standard mode, and how long it waits (botocore, retries/standard.py).
_TRANSIENT = {
    "RequestTimeout",
    "RequestTimeoutException",
    "PriorRequestNotComplete",
    "ReplicatedWriteConflictException",
}
_TRANSIENT_STATUS = {500, 502, 503, 504}
_THROTTLED = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
_TOO_MANY_REQUESTS = 429
_LONGEST_WAIT = 20.0
_THROTTLED_WAIT = 1.0
_RETRY_AFTER_LIMIT = 5.0
_QUOTA, _RETRY_COST, _THROTTLED_COST = 500, 14, 5

_MAIN_PARTITION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+")
_SDK_ONLY = re.compile(
    r"AWS_(USE_FIPS_ENDPOINT|USE_DUALSTACK_ENDPOINT|IGNORE_CONFIGURED_ENDPOINT_URLS|ENDPOINT_DISCOVERY_ENABLED"
    r"|CA_BUNDLE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|PROFILE|DEFAULT_PROFILE|CONTAINER_CREDENTIALS_RELATIVE_URI"
    r"|AUTH_SCHEME_PREFERENCE|ACCOUNT_ID)|REQUESTS_CA_BUNDLE|(HTTPS?|ALL)_PROXY",
    re.IGNORECASE,
)
_CREDENTIALS_ENDPOINT = "AWS_CONTAINER_CREDENTIALS_FULL_URI"  # set for a function with SnapStart

type FindCredentials = Callable[[], Credentials]


class Client(Protocol):
    """What calls a service."""

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a call.

        Raises:
            ServiceError: The service refused, after the retries that are due.
            NoAnswerError: It did not answer any of the tries.
        """


@dataclass(frozen=True, slots=True)
class Service:
    """A service of AWS that speaks JSON.

    Attributes:
        name: As the SDK, its addresses and signatures have it.
        variable: What AWS_ENDPOINT_URL_ ends with for it.
        prefix: What precedes an operation's name.
        json: The version of its protocol.
        tries: How often a call is tried.
        wait: Seconds that the first wait for a retry takes at most.
        has_checksum: Whether its answers have one.
    """

    name: str
    variable: str
    prefix: str
    json: str
    tries: int
    wait: float
    has_checksum: bool


DYNAMODB = Service("dynamodb", "DYNAMODB", "DynamoDB_20120810", "1.0", tries=3, wait=0.025, has_checksum=True)
SECRETS_MANAGER = Service(
    "secretsmanager", "SECRETS_MANAGER", "secretsmanager", "1.1", tries=2, wait=0.05, has_checksum=False
)


@cache
def dynamodb() -> Client:
    """Return what calls the table of events: three tries, 9 s and back-off in all."""
    return _client(DYNAMODB)


@cache
def secrets_manager() -> Client:
    """Return what reads the callback secret: two tries, 6 s and back-off in all."""
    return _client(SECRETS_MANAGER)


def _client(service: Service) -> Client:
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION", "")
    url = _endpoint(service, region)
    plain = url if _plain(region) else None
    if plain and not os.environ.get(_CREDENTIALS_ENDPOINT):
        return DirectClient(service, plain, region, _credentials)
    from hookswitch.aws import via_botocore  # noqa: PLC0415 - its import is what this module saves

    return (
        DirectClient(service, plain, region, via_botocore.credentials)
        if plain
        else via_botocore.SdkClient(service.name)
    )


def _plain(region: str) -> bool:
    """Tell whether nothing in the environment asks for more than this module knows."""
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    found = os.environ.get(_CREDENTIALS_ENDPOINT) or all(map(os.environ.get, keys))
    asks = any(value and _SDK_ONLY.fullmatch(name) for name, value in os.environ.items())
    return bool(found and _MAIN_PARTITION.fullmatch(region)) and not asks


def _credentials() -> Credentials:
    env = os.environ
    return Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN", ""))


def _endpoint(service: Service, region: str) -> SplitResult | None:
    """Return the service's address, unless it is one that only the SDK can put a request together for."""
    given = os.environ.get(f"AWS_ENDPOINT_URL_{service.variable}") or os.environ.get("AWS_ENDPOINT_URL")
    url = urlsplit(given or f"https://{service.name}.{region}.amazonaws.com")
    plain = url.scheme in {"http", "https"} and url.path in {"", "/"} and not (url.query or url.username)
    return url if plain else None


class DirectClient:
    """Calls one service, with the SDK's own rules for retries."""

    def __init__(self, service: Service, url: SplitResult, region: str, credentials: FindCredentials) -> None:
        self._service, self._region, self._credentials = service, region, credentials
        default_port = url.port in {None, 443 if url.scheme == "https" else 80}
        self._host = (url.hostname or "") if default_port else f"{url.hostname}:{url.port}"
        self._line = Line(url, CONNECT_SECONDS, READ_SECONDS)
        self._quota = _QUOTA  # a service that is away for long is not asked over and over

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a call."""
        if operation == "TransactWriteItems":
            parameters["ClientRequestToken"] = secrets.token_hex(16)  # so that a retry is no second transaction
        body = json.dumps(parameters, default=_base64).encode()
        spent = 0
        for attempt in range(self._service.tries):
            after = None
            headers = self._headers(operation, body)
            try:
                answer = self._line.post(body, headers)
                if 200 <= answer.status < 300:  # noqa: PLR2004 - success
                    found = self._found(answer)
                    self._quota = min(_QUOTA, self._quota + (spent or 1))
                    return found
                refusal = _refusal(answer)
                throttled = refusal.code in _THROTTLED or answer.status == _TOO_MANY_REQUESTS
                again = throttled or refusal.code in _TRANSIENT or answer.status in _TRANSIENT_STATUS
                failure: ServiceError | NoAnswerError = refusal
                after = answer.headers.get("x-amz-retry-after")
            except NoAnswerError as error:
                failure, throttled, again = error, False, True
            spent = _THROTTLED_COST if throttled else _RETRY_COST
            if not again or attempt + 1 == self._service.tries or spent > self._quota:
                break
            self._quota -= spent
            time.sleep(self._wait(attempt, after, throttled=throttled))
        raise failure

    def close(self) -> None:
        """Hang up; the next call makes a new connection. No snapshot may hold one."""
        self._line.close()

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        env = os.environ
        headers = {
            "content-type": f"application/x-amz-json-{self._service.json}",
            "x-amz-target": f"{self._service.prefix}.{operation}",
        }
        proven = signed(
            headers,
            body,
            host=self._host,
            region=self._region,
            service=self._service.name,
            credentials=self._credentials(),
            now=time.time(),
        )
        proven["user-agent"] = f"hookswitch exec-env/{env.get('AWS_EXECUTION_ENV', 'none')}"
        if "AWS_LAMBDA_FUNCTION_NAME" in env and (trace := env.get("_X_AMZN_TRACE_ID")):
            proven["x-amzn-trace-id"] = quote(trace, safe="-=;:+&[]{}\"',")  # by which AWS notices a loop
        return proven

    def _found(self, answer: Answer) -> dict[str, Any]:
        checksum = answer.headers.get("x-amz-crc32")
        if self._service.has_checksum and checksum and int(checksum) != crc32(answer.content):
            raise NoAnswerError("ChecksumError")
        try:
            found: dict[str, Any] = json.loads(answer.content or b"{}")
        except ValueError as error:
            raise NoAnswerError("ResponseParserError") from error
        return found

    def _wait(self, attempt: int, after: str | None, *, throttled: bool) -> float:
        """Return seconds to wait before the next try; `after` is what the service asks for, in milliseconds."""
        base = _THROTTLED_WAIT if throttled else self._service.wait
        wait: float = random.random() * min(base * 2**attempt, _LONGEST_WAIT)  # noqa: S311 - jitter
        if after and after.isdecimal():
            wait = max(wait, min(int(after) / 1000, _RETRY_AFTER_LIMIT + wait))
        return wait


def _refusal(answer: Answer) -> ServiceError:
    try:
        body = json.loads(answer.content)
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    code = str(body.get("__type") or answer.status).partition(":")[0].rpartition("#")[2]
    return ServiceError(code, body)


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no place in a call.")
