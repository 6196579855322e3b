"""What goes over the wire is what the SDK sends."""

import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from hookswitch.aws import hook_clients
from hookswitch.aws.protocol import DYNAMODB
from hookswitch.errors import ServiceError
from tests.unit.aws.stub import PUT, REGION, AwsStub, Reply, clients


def test_request_is_the_same(service: AwsStub) -> None:
    """The same parameters go over the wire, in the same protocol."""
    for client in clients(DYNAMODB):
        client.call("PutItem", **PUT)
    (ours, our_body), (sdk, sdk_body) = service.requests
    assert json.loads(our_body) == json.loads(sdk_body)
    for name in ("content-type", "x-amz-target", "host", "x-amz-security-token", "x-amzn-trace-id", "accept-encoding"):
        assert ours[name] == sdk[name], name


@pytest.mark.parametrize("token", ["a token", ""])
def test_signature_is_the_same(service: AwsStub, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's signer signs our request as we do."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    clients(DYNAMODB)[0].call("PutItem", **PUT)
    headers, body = service.requests[0]
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("POST", service.url, {name: headers[name] for name in names if name != "x-amz-date"}, body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(
        Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token or None), "dynamodb", REGION
    )
    request.headers["X-Amz-Date"] = headers["x-amz-date"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    assert headers["authorization"].endswith(f"Signature={signer.signature(text, request)}")
    assert set(names) >= {"host", "x-amz-date", "x-amz-target", "content-type"}


def test_cancelled_transaction_has_its_reasons(service: AwsStub) -> None:
    """What the storing of parking events looks at is where the SDK has it, and each transaction has a token."""
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "no"}]
    service.replies = [Reply(400, {"__type": "x#TransactionCanceledException", "CancellationReasons": reasons})]
    for client in clients(DYNAMODB):
        with pytest.raises(ServiceError) as caught:
            client.call("TransactWriteItems", TransactItems=[{"Put": {"TableName": "events", "Item": PUT["Item"]}}])
        assert caught.value.code == "TransactionCanceledException"
        assert [reason["Code"] for reason in caught.value.body["CancellationReasons"]] == [
            "None",
            "ConditionalCheckFailed",
        ]
    assert all(json.loads(body)["ClientRequestToken"] for _, body in service.requests)


def test_retried_transaction_is_the_same(service: AwsStub, waits: list[float]) -> None:
    """By its token DynamoDB knows a retry; the next transaction has another."""
    service.replies = [Reply(500), Reply()]
    client = hook_clients.dynamodb()
    for _ in range(2):
        client.call("TransactWriteItems", TransactItems=[])
    tokens = [json.loads(body)["ClientRequestToken"] for _, body in service.requests]
    assert tokens[0] == tokens[1] != tokens[2]
    assert waits
