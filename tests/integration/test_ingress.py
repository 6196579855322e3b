"""Rejected requests: the response tells a stranger nothing, and limits are enforced.

The emulator ignores the template's gateway responses, so API Gateway's own responses are asserted on the template:
tests/template/test_api.py.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import urllib3

from devtools.stack import Stack
from devtools.waiting import wait_for
from hookswitch.deliveries.delivery import MAX_BODY
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.faults import FaultProxies
from tests.integration.conftest import Logs, Stored
from tests.integration.copies import another_copy, restart
from tests.integration.delivering import Deliver

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

WRONG = "x" * 43  # as long as a token
BEHIND = re.compile(r"'(call|leg|party)-|DestinationsTable|CallsQueue|SendQueue|RetryQueue|DestinationEventsQueue")
HOOK, FUNCTION = "parking", "Parking"
CHANGES_EACH_TIME = {"date", "x-amzn-requestid", "x-amz-request-id", "x-amzn-trace-id", "x-amz-apigw-id"}
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What a stranger sees of a response.

    Attributes:
        status: The HTTP status.
        headers: All except those that differ between any two responses.
        body: The exact bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


type Send = Callable[[str, str], Answer]


@pytest.fixture
def _afresh(stack: Stack, lambda_: "LambdaClient") -> Iterator[None]:
    """Restart both functions."""
    restart(lambda_, stack.resources["Unknown"])
    with another_copy(lambda_, stack.resources[FUNCTION]):
        yield


@pytest.fixture(scope="module")
def send(stack: Stack) -> Iterator[Send]:
    """Send a request to a path of the API, as anyone can: `send("GET", "/hooks")`."""
    with urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(60)) as pool:

        def request(method: str, path: str) -> Answer:
            body = encode_json(payload(HOOK)) if method in {"POST", "PUT", "PATCH"} else None
            response = pool.request(
                method, stack.local_api_url + path, body=body, headers={"content-type": "application/json"}
            )
            headers = {name.lower(): value for name, value in response.headers.items()}
            kept = {name: value for name, value in headers.items() if name not in CHANGES_EACH_TIME}
            return Answer(response.status, kept, response.data)

        yield request


@pytest.fixture(scope="module")
def refusal(send: Send) -> Answer:
    """The response to a wrong token at a hook's address."""
    answer = send("POST", f"/hooks/{HOOK}/{WRONG}")
    assert answer.status == 403
    return answer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/hooks/{HOOK}/{WRONG}"),
        ("POST", f"/hooks/nothing/{WRONG}"),  # an unknown hook
        ("GET", f"/hooks/nothing/{WRONG}"),
        ("POST", f"/hooks/{HOOK}"),  # a missing token
        ("POST", f"/hooks/{HOOK}/"),
        ("POST", f"/hooks/{HOOK}/{WRONG}/more"),
        ("POST", "/hooks"),
        ("GET", "/"),
        ("POST", "/"),
        ("GET", "/.env"),
        ("GET", "/%2e%2e/%00?a=b&a=%ff"),
        *((method, f"/hooks/{HOOK}/{WRONG}") for method in ("PUT", "PATCH", "DELETE", "OPTIONS")),
        *((method, "/") for method in ("PUT", "PATCH", "DELETE", "OPTIONS")),
    ],
)
def test_nothing_tells_one_refusal_from_another(method: str, path: str, send: Send, refusal: Answer) -> None:
    """An unknown hook, a missing token and another method get the same response as a wrong token, byte for byte."""
    assert send(method, path) == refusal


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "OPTIONS"])
def test_right_token_with_another_method(
    method: str, stack: Stack, send: Send, refusal: Answer, faults: FaultProxies
) -> None:
    """Dash delivers with POST, PUT or GET: any other method does not come from a webhook, and nothing is stored."""
    assert send(method, stack.path(HOOK)) == refusal
    assert not {operation for _, operation, _ in of_hooks(faults)} & {"PutItem", "SendMessage"}


def test_head(send: Send, refusal: Answer) -> None:
    """The response to HEAD is the same, but without a body."""
    answers = [send("HEAD", path) for path in ("/", f"/hooks/{HOOK}/{WRONG}", "/.env")]
    assert {answer.status for answer in answers} == {refusal.status}
    assert len({(tuple(answer.headers.items()), answer.body) for answer in answers}) == 1


def of_hooks(faults: FaultProxies) -> list[tuple[str, str, str]]:
    """Return the calls of AWS so far without those of the functions behind the hooks, which may still be at work."""
    found = [(proxy.service, call.operation, str(call.body)) for proxy in faults for call in proxy.calls]
    return [call for call in found if call[0] in {"secretsmanager", "dynamodb", "sqs"} and not BEHIND.search(call[2])]


@pytest.mark.usefixtures("_afresh")
def test_a_refusal_takes_the_same_work(send: Send, faults: FaultProxies, logs: Logs) -> None:
    """Whatever address a stranger tries, a function makes the same calls to AWS when it starts, and none later."""

    def calls(path: str) -> list[tuple[str, str, str]]:
        faults.clear()
        send("POST", path)
        return of_hooks(faults)

    wrong, unknown = calls(f"/hooks/{HOOK}/{WRONG}"), calls(f"/hooks/nothing/{WRONG}")
    assert wrong == unknown
    assert [operation for _, operation, _ in wrong] == ["GetSecretValue"] * 3
    assert calls(f"/hooks/{HOOK}/{WRONG}") == calls(f"/hooks/nothing/{WRONG}") == []
    wait_for(lambda: any('"unknown"' in line and "refused" in line for line in logs("Unknown")), "it is logged")
    assert not any(WRONG in line for line in logs("Unknown"))


@pytest.mark.usefixtures("_afresh")
def test_unknown_address_while_the_secret_is_away(send: Send, faults: FaultProxies) -> None:
    """While tokens can't be checked, known and unknown addresses get the same response."""
    faults["secretsmanager"].fail("GetSecretValue", "InternalServiceError", 500)
    away = send("POST", f"/hooks/{HOOK}/{WRONG}")
    assert away.status == 500
    assert send("GET", "/.env") == away


@pytest.mark.parametrize("size", [MAX_BODY + 1, 4 * MEBIBYTE])
def test_large_requests(size: int, deliver: Deliver, stored: Stored) -> None:
    """A body within Lambda's limit, 6 MB as base64, is answered 200; its beginning, size and hash are stored."""
    body = encode_json(payload("missed_call", notes="x" * size))
    answer = deliver("missed_call", body)
    assert (answer.status, answer.outcome) == (200, "quarantined")
    item = stored(answer.event_id)
    assert item is not None
    assert (item["truncated"], item["body_size"]) == (True, len(body))
    assert len(item["body"].encode()) == MAX_BODY


def test_large_request_of_a_stranger(stack: Stack, deliver: Deliver, faults: FaultProxies) -> None:
    """A large body with a wrong token is rejected, and neither stored nor queued."""
    url = f"{stack.local_api_url}/hooks/missed_call/{WRONG}"
    assert deliver("missed_call", b"x" * 4 * MEBIBYTE, url=url).status == 403
    assert not {operation for _, operation, _ in of_hooks(faults)} & {"PutItem", "SendMessage"}
