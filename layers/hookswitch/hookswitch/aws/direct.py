"""A client of DynamoDB and Secrets Manager without the SDK, whose import takes most of a cold start.

It makes only the calls on a hook's normal path: a signed POST of JSON, with the same outcomes and retries as the SDK.
`hookswitch.aws.hook_clients` decides when to use it. See docs/engineering/decisions/0020-cold-start.md.
"""

import json
import os
import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any, override
from urllib.parse import SplitResult, quote
from zlib import crc32

from hookswitch.aws.backoff import jittered
from hookswitch.aws.connection import Connection, Response
from hookswitch.aws.protocol import CONNECT_SECONDS, READ_SECONDS, SHORT_READ_SECONDS, CircuitBreaker, Client, Service
from hookswitch.aws.sigv4 import Credentials, signed
from hookswitch.errors import NoAnswerError, ServiceError

# What the SDK's standard mode retries, and how long it waits (botocore, retries/standard.py).
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


class DirectClient(Client):
    """Calls one service, with the SDK's retry rules (botocore, retries/standard.py).

    A CircuitBreaker shortens the calls while the service hangs.
    """

    def __init__(self, service: Service, url: SplitResult, region: str, credentials: Callable[[], Credentials]) -> None:
        self._service, self._region, self._credentials = service, region, credentials
        default_port = url.port in {None, 443 if url.scheme == "https" else 80}
        self._host = (url.hostname or "") if default_port else f"{url.hostname}:{url.port}"
        self._connection = Connection(url, CONNECT_SECONDS, READ_SECONDS)
        self._breaker = CircuitBreaker(service.breaks_for)
        self._quota = _QUOTA  # limits retries while a service is unavailable

    @override
    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == "TransactWriteItems":
            parameters["ClientRequestToken"] = secrets.token_hex(16)  # makes retries idempotent
        body = json.dumps(parameters, default=_base64).encode()
        spent, request_id = 0, ""
        tries, read_seconds = (1, SHORT_READ_SECONDS) if self._breaker.is_open else (self._service.tries, None)
        for attempt in range(tries):
            after = None
            headers = self._headers(operation, body)
            try:
                response = self._connection.post(body, headers, read_seconds)
                self._breaker.answered()
                if 200 <= response.status < 300:  # noqa: PLR2004 - success
                    found = self._parsed(response)
                    self._quota = min(_QUOTA, self._quota + (spent or 1))
                    return found
                request_id = response.headers.get("x-amzn-requestid", request_id)
                refusal = _refusal(response)
                throttled = refusal.code in _THROTTLED or response.status == _TOO_MANY_REQUESTS
                again = throttled or refusal.code in _TRANSIENT or response.status in _TRANSIENT_STATUS
                failure: ServiceError | NoAnswerError = refusal
                after = response.headers.get("x-amz-retry-after")
            except NoAnswerError as error:
                failure, throttled, again = error, False, True
            spent = _THROTTLED_COST if throttled else _RETRY_COST
            if not again or attempt + 1 == tries or spent > self._quota:
                break
            self._quota -= spent
            time.sleep(self._wait(attempt, after, throttled=throttled))
        if isinstance(failure, NoAnswerError):
            self._breaker.unanswered()
        failure.request_id = request_id  # of the last response, also if a later attempt had none
        raise failure

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        self._connection.close()

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        env = os.environ
        headers = {
            "content-type": f"application/x-amz-json-{self._service.json}",
            "x-amz-target": f"{self._service.prefix}.{operation}",
        }
        signed_headers = signed(
            headers,
            body,
            host=self._host,
            region=self._region,
            service=self._service.name,
            credentials=self._credentials(),
            now=time.time(),
        )
        signed_headers["user-agent"] = f"hookswitch exec-env/{env.get('AWS_EXECUTION_ENV', 'none')}"
        if "AWS_LAMBDA_FUNCTION_NAME" in env and (trace := env.get("_X_AMZN_TRACE_ID")):
            signed_headers["x-amzn-trace-id"] = quote(trace, safe="-=;:+&[]{}\"',")  # lets AWS detect recursive loops
        return signed_headers

    def _parsed(self, response: Response) -> dict[str, Any]:
        checksum = response.headers.get("x-amz-crc32")
        if self._service.has_checksum and checksum and int(checksum) != crc32(response.content):
            raise NoAnswerError("ChecksumError")
        try:
            found: dict[str, Any] = json.loads(response.content or b"{}")
        except ValueError as error:
            raise NoAnswerError("ResponseParserError") from error
        return found

    def _wait(self, attempt: int, after: str | None, *, throttled: bool) -> float:
        """Return the seconds to wait before the next attempt; `after` is the service's request, in milliseconds."""
        base = _THROTTLED_WAIT if throttled else self._service.wait
        wait = jittered(min(base * 2**attempt, _LONGEST_WAIT), least=0)
        if after and after.isdecimal():
            wait = max(wait, min(int(after) / 1000, _RETRY_AFTER_LIMIT + wait))
        return wait


def _refusal(response: Response) -> ServiceError:
    try:
        body = json.loads(response.content)
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    code = str(body.get("__type") or response.status).partition(":")[0].rpartition("#")[2]
    return ServiceError(code, body)


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"A call's parameter can't be of type {type(value).__name__}.")
