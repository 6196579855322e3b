"""Credentials of an endpoint, as a function with SnapStart has them: the SDK asks for them, and renews them."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from botocore.utils import ContainerMetadataFetcher

from hookswitch.aws import hook_clients
from hookswitch.aws.direct import DirectClient
from hookswitch.aws.protocol import DYNAMODB
from hookswitch.aws.via_botocore import SdkClient
from tests.unit.aws.stub import PUT, AwsStub, Reply, clients, outcome


@pytest.fixture(autouse=True)
def endpoint(environment: None, service: AwsStub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint, and no keys in the environment."""
    del environment  # is set before
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/credentials")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(ContainerMetadataFetcher, "SLEEP_TIME", 0)


def given(number: int, seconds: float = 6 * 3600) -> Reply:
    """Return credentials that are good for so long."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    return Reply(
        body={
            "AccessKeyId": f"ASIA{number}",
            "SecretAccessKey": "a key",
            "Token": f"token {number}",
            "Expiration": until.isoformat(),
        }
    )


def signers(service: AwsStub) -> list[tuple[str, str]]:
    """Return who signed each request, and its token."""
    return [
        (headers["authorization"].partition("Credential=")[2].partition("/")[0], headers["x-amz-security-token"])
        for headers, _ in service.requests
    ]


def test_calls_are_ours(service: AwsStub) -> None:
    """Only the credentials come from the SDK, which asks for them once."""
    service.credentials = [given(1)]
    client = hook_clients.dynamodb()
    assert isinstance(client, DirectClient)
    for _ in range(3):
        client.call("PutItem", **PUT)
    assert signers(service) == [("ASIA1", "token 1")] * 3


def test_nothing_is_asked_before_the_first_call(service: AwsStub) -> None:
    """A client that is in a snapshot has nobody's credentials."""
    hook_clients.dynamodb()
    hook_clients.secrets_manager()
    assert not service.requests


def test_credentials_are_renewed(service: AwsStub) -> None:
    """Before they expire, others take their place, as in the SDK."""
    service.credentials = [given(1, seconds=60), given(2)]
    hook_clients.dynamodb().call("PutItem", **PUT)
    hook_clients.dynamodb().call("PutItem", **PUT)
    assert signers(service) == [("ASIA2", "token 2")] * 2


@pytest.mark.parametrize(
    "refusal", [Reply(500), Reply(403, {"message": "no"}), Reply(body="<html>"), Reply(deed="hangs up")]
)
def test_endpoint_that_gives_none(refusal: Reply, service: AwsStub) -> None:
    """It is asked as often as the SDK asks, the call has the SDK's name for what went wrong, and is not tried again."""
    found = []
    for client in clients(DYNAMODB):
        service.credentials = [refusal] * 9
        found.append((outcome(partial(client.call, "PutItem", **PUT)), len(service.credentials)))
    assert found == [(("no answer", "CredentialRetrievalError"), 6)] * 2
    assert not service.requests


def test_endpoint_comes_back(service: AwsStub) -> None:
    """The next delivery asks anew."""
    service.credentials = [*[Reply(500)] * 3, given(1)]
    for client in (hook_clients.dynamodb(), SdkClient(DYNAMODB)):
        outcome(partial(client.call, "PutItem", **PUT))
    assert signers(service) == [("ASIA1", "token 1")]


def test_no_credentials_at_all(service: AwsStub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the SDK's name, too."""
    client = hook_clients.dynamodb()
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert outcome(partial(client.call, "PutItem", **PUT)) == ("no answer", "NoCredentialsError")
    assert outcome(partial(SdkClient(DYNAMODB).call, "PutItem", **PUT)) == ("no answer", "NoCredentialsError")
    assert not service.requests
