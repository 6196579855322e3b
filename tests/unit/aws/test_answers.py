"""Whatever AWS answers, outcome, tries and waits are those of the SDK."""

from functools import partial

import pytest

from hookswitch.aws.protocol import DYNAMODB, SECRETS_MANAGER, Service
from hookswitch.errors import AwsError, StorageUnavailableError
from hookswitch.events.table import put_new
from tests.unit.aws.stub import ADDRESS, PUT, READ, SECRET, TOO_BUSY, AwsStub, Reply, clients, outcome

SCRIPTS: dict[str, list[Reply]] = {
    "success": [Reply()],
    "success without a body": [Reply(body="")],
    "condition": [Reply(400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"})],
    "validation": [Reply(400, {"__type": "com.amazon.coral.validate#ValidationException", "message": "no"})],
    "code with an address": [Reply(400, {"__type": "AccessDeniedException:http://internal.amazon.com/"})],
    "no code": [Reply(400, {})],
    "throttled once": [Reply(400, TOO_BUSY), Reply()],
    "throttled for long": [Reply(400, TOO_BUSY)],
    "hot key": [Reply(400, {"__type": "x#ProvisionedThroughputExceededException"})],
    "limit": [Reply(400, {"__type": "LimitExceededException"})],
    "transaction in progress": [Reply(400, {"__type": "TransactionInProgressException"}), Reply()],
    "too many requests, nameless": [Reply(429, "")],
    "too many requests, of an unknown name": [Reply(429, {"__type": "SomethingNew"})],
    "asked to wait": [Reply(503, {}, {"x-amz-retry-after": "3000"}), Reply()],
    "asked to wait long": [Reply(400, TOO_BUSY, {"x-amz-retry-after": "60000"}), Reply()],
    "asked to wait for nonsense": [Reply(503, {}, {"x-amz-retry-after": "soon"}), Reply()],
    "fault once": [Reply(500, {"__type": "InternalServerError"}), Reply()],
    "fault for long": [Reply(500, {"__type": "InternalServerError"})],
    "page of a proxy": [Reply(502, "<html><body>Bad Gateway</body></html>")],
    "empty fault": [Reply(503, "")],
    "gateway timeout": [Reply(504, "late"), Reply()],
    "not implemented": [Reply(501, {"__type": "Odd"})],
    "moved": [Reply(301, "")],
    "hangs": [Reply(deed="hangs")],
    "hangs once": [Reply(deed="hangs"), Reply()],
    "hangs up": [Reply(deed="hangs up")],
    "hangs up once": [Reply(deed="hangs up"), Reply()],
    "expired": [Reply(400, {"__type": "ExpiredTokenException"})],
}


@pytest.mark.parametrize("kind", [DYNAMODB, SECRETS_MANAGER], ids=lambda kind: kind.name)
@pytest.mark.parametrize("script", SCRIPTS)
def test_agrees_with_the_sdk(script: str, kind: Service, service: AwsStub, waits: list[float]) -> None:
    """The outcome, the number of tries and the waits between them are the SDK's."""
    found = []
    for client in clients(kind):
        service.replies = list(SCRIPTS[script])
        service.requests.clear()
        waits.clear()
        ask = partial(client.call, "PutItem", **PUT) if kind is DYNAMODB else partial(client.call, *READ, **SECRET)
        found.append((outcome(ask), len(service.requests), [round(wait, 6) for wait in waits if wait]))
    assert found[0] == found[1]


def test_garbled_answer_of_dynamodb(service: AwsStub, waits: list[float]) -> None:
    """An answer that does not fit its checksum is asked for again, as the SDK does."""
    for client in clients(DYNAMODB):
        service.replies = [Reply(headers={"x-amz-crc32": "1"}), Reply()]
        service.requests.clear()
        client.call("PutItem", **PUT)
        assert len(service.requests) == 2
    assert len(waits) == 2


def test_answer_that_breaks_off(service: AwsStub, waits: list[float]) -> None:
    """It is no answer, and asked for again."""
    service.replies = [Reply(body={"SecretString": "x"}, deed="breaks off"), Reply(body={"SecretString": "x"})]
    assert clients(SECRETS_MANAGER)[0].call("GetSecretValue", SecretId="callback")["SecretString"] == "x"
    assert len(waits) == 1


def test_nobody_listens(service: AwsStub, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is tried again and has the SDK's name."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{ADDRESS}:9")
    del service
    found = [(outcome(partial(client.call, "PutItem", **PUT)), len(waits)) for client in clients(DYNAMODB)]
    assert found == [(("no answer", "EndpointConnectionError"), 2), (("no answer", "EndpointConnectionError"), 4)]


def test_service_that_is_away_for_long(service: AwsStub, waits: list[float]) -> None:
    """In time fewer calls are tried again; once the service is back, all are."""
    counts = []
    for client in clients(DYNAMODB):
        service.requests.clear()
        tries = []
        for reply in [*[Reply(500)] * 25, *[Reply()] * 20, *[Reply(500)] * 3]:
            service.replies = [reply]
            before = len(service.requests)
            outcome(partial(client.call, "PutItem", **PUT))
            tries.append(len(service.requests) - before)
        counts.append(tries)
    assert counts[0] == counts[1]
    assert {1, 2, 3} <= set(counts[0])
    assert waits


def id_of(number: int) -> dict[str, str]:
    """Return the header with which AWS names a response."""
    return {"x-amzn-RequestId": f"RESPONSE{number}"}


@pytest.mark.parametrize("kind", [DYNAMODB, SECRETS_MANAGER], ids=lambda kind: kind.name)
def test_names_the_last_response(kind: Service, service: AwsStub, waits: list[float]) -> None:
    """An error has the id of the last response, which AWS Support asks for, also after retries."""
    for client in clients(kind):
        service.replies = [
            Reply(500, {"__type": "InternalServerError"}, id_of(attempt)) for attempt in range(kind.tries)
        ]
        with pytest.raises(AwsError) as caught:
            client.call("PutItem", **PUT) if kind is DYNAMODB else client.call(*READ, **SECRET)
        assert caught.value.request_id == f"RESPONSE{kind.tries - 1}"
        assert caught.value.reason == f"InternalServerError, request id RESPONSE{kind.tries - 1}"
    assert waits


def test_names_a_response_before_silence(service: AwsStub, waits: list[float]) -> None:
    """If the last attempt has no response, the error has the id of the response before it."""
    service.replies = [Reply(500, {"__type": "InternalServerError"}, id_of(1)), Reply(deed="hangs up")]
    with pytest.raises(AwsError) as caught:
        clients(DYNAMODB)[0].call("PutItem", **PUT)
    assert (caught.value.code, caught.value.request_id) == ("ConnectionClosedError", "RESPONSE1")
    assert waits


def test_silence_has_no_name(service: AwsStub, waits: list[float]) -> None:
    """Without any response, the reason is the code alone."""
    service.replies = [Reply(deed="hangs up")]
    for client in clients(DYNAMODB):
        with pytest.raises(AwsError) as caught:
            client.call("PutItem", **PUT)
        assert caught.value.reason == "ConnectionClosedError"
    assert waits


@pytest.mark.usefixtures("waits")
def test_log_names_the_response(service: AwsStub) -> None:
    """What is logged of a delivery that DynamoDB did not take names the response."""
    service.replies = [Reply(500, {"__type": "InternalServerError"}, id_of(7))]
    with pytest.raises(StorageUnavailableError, match=r"InternalServerError, request id RESPONSE7\.$"):
        put_new({"event_id": "an-event"}, "events")
