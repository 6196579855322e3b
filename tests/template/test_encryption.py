"""All stored data is encrypted, with the customer's key or an AWS key; the emulator ignores these properties."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from devtools.local import REGION
from devtools.template import ASKED, parsed, references, resources
from tests.template.views import KEY, made

# How each type is encrypted with a key of the customer's, and what its properties say without one.
WITH_KEY: Mapping[str, Mapping[str, Any]] = {
    "AWS::DynamoDB::Table": {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}},
    "AWS::Lambda::Function": {"KmsKeyArn": KEY},
    "AWS::Logs::LogGroup": {"KmsKeyId": KEY},
    "AWS::SNS::Topic": {"KmsMasterKeyId": KEY},
    "AWS::SQS::Queue": {"KmsMasterKeyId": KEY, "SqsManagedSseEnabled": None},  # one or the other
    "AWS::SecretsManager::Secret": {"KmsKeyId": KEY},
}
WITHOUT_KEY: Mapping[str, Mapping[str, Any]] = {
    "AWS::DynamoDB::Table": {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"}},  # the account's aws/dynamodb
    "AWS::Lambda::Function": {"KmsKeyArn": None},  # Lambda's own key
    "AWS::Logs::LogGroup": {"KmsKeyId": None},  # CloudWatch's own key
    "AWS::SNS::Topic": {"KmsMasterKeyId": "alias/aws/sns"},
    "AWS::SQS::Queue": {"KmsMasterKeyId": None, "SqsManagedSseEnabled": True},
    "AWS::SecretsManager::Secret": {"KmsKeyId": None},  # the account's aws/secretsmanager
}
REFUSED = "RefusedEventsQueue"  # gets what SNS may not encrypt with the customer's key for another queue
NOT_WITH_A_KEY = {
    "AWS::Lambda::EventSourceMapping": "its key is for the filter, which only tells events from the rest",
    "AWS::ApiGateway::Deployment": "its setting is for the cache, which is off",
    "AWS::ApiGateway::Stage": "the same",
    "AWS::Cognito::UserPool": "Cognito's own key: what a key of yours has to allow for that could not be tried",
}
ENCRYPTION = re.compile(r"'\w*([Kk]ms|KMS|[Ee]ncrypt|SSE)\w*'")  # in the name of a property


def can_be_encrypted(kind: str) -> bool:
    """Tell whether CloudFormation has a property for encryption on this resource type."""
    return ENCRYPTION.search(str(PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema)) is not None


def topics_of_alarms(found: Mapping[str, Any]) -> set[str]:
    """Return the topics of alarms: CloudWatch can't use the account's key aws/sns, whose policy is AWS's."""
    alarms = [it["Properties"] for it in found.values() if it["Type"] == "AWS::CloudWatch::Alarm"]
    return {name for alarm in alarms for name in references(alarm["AlarmActions"])}


@pytest.mark.parametrize("with_key", [False, True])
def test_everything_that_is_kept_is_encrypted(with_key: bool) -> None:
    """Every resource that can be encrypted is, with the given key or with an AWS key."""
    wanted = WITH_KEY if with_key else WITHOUT_KEY
    seen = set()
    for name, resource in made(guarded=with_key).items():
        kind = resource["Type"]
        if kind not in wanted:
            continue
        seen.add(kind)
        expected = dict((WITHOUT_KEY if name == REFUSED else wanted)[kind])
        if not with_key and name in topics_of_alarms(made()):
            expected = {"KmsMasterKeyId": None}
        assert {key: resource["Properties"].get(key) for key in expected} == expected, name
    assert seen == wanted.keys()


def test_no_type_is_forgotten() -> None:
    """Every type that CloudFormation can encrypt is in the list above, or has a reason why it is not."""
    kinds = {it["Type"] for it in made(guarded=True).values() if it["Type"].startswith("AWS::")}
    encryptable = {kind for kind in kinds if can_be_encrypted(kind)}
    assert encryptable == WITH_KEY.keys() | NOT_WITH_A_KEY.keys()


ENCRYPTING = {  # roles that send, publish, or write a secret
    *("CallsRole", "HookRole", "PublishRole", "RotateRole"),
    *("RouteRole", "SendRole", "DestinationsRole"),
}
OTHER_KEY = KEY.replace(KEY[-4:], "beef")


@pytest.mark.parametrize(
    ("given", "usable"),
    [
        ({}, set()),
        ({"KmsKeyArn": KEY}, {KEY}),
        ({"AdditionalKmsKeyArn": OTHER_KEY}, {OTHER_KEY}),
        ({"KmsKeyArn": KEY, "AdditionalKmsKeyArn": OTHER_KEY}, {KEY, OTHER_KEY}),
    ],
)
def test_keys_that_functions_may_use(given: Mapping[str, str], usable: set[str]) -> None:
    """A key that is to come, and one that was, can be used beside the present one, by the same roles and services."""
    found = resources(parsed(), **ASKED, **given)
    documents = {name: it["Properties"] for name, it in found.items() if it["Type"] == "AWS::IAM::ManagedPolicy"}
    by_action: dict[str, set[str]] = {"kms:Decrypt": set(), "kms:GenerateDataKey": set()}
    for name in ("FunctionPolicy", "EncryptionPolicy"):
        for statement in documents.get(name, {}).get("PolicyDocument", {}).get("Statement", []):
            if (action := str(statement["Action"])) in by_action:
                by_action[action] |= set(statement["Resource"])
                assert statement["Condition"]["StringEquals"]["kms:ViaService"]
    assert by_action == {"kms:Decrypt": usable, "kms:GenerateDataKey": usable}
    policies = {name: it["Properties"].get("ManagedPolicyArns", []) for name, it in found.items() if "Properties" in it}
    attached = {name for name, attached in policies.items() if {"Ref": "EncryptionPolicy"} in attached}
    assert attached == (ENCRYPTING if usable else set())


def test_key_of_destinations() -> None:
    """The stack makes a key for addresses only without one of yours; it is rotated, and stays as long as its data may.

    Its own policy only leaves the decision to IAM policies, of which only two roles have one.
    """
    key = made()["DestinationsKey"]
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert (key["Properties"]["EnableKeyRotation"], key["Properties"]["PendingWindowInDays"]) == (True, 30)
    (statement,) = key["Properties"]["KeyPolicy"]["Statement"]
    assert statement["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert "DestinationsKey" not in made(guarded=True)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({}, {"Fn::GetAtt": ["DestinationsKey", "Arn"]}),
        ({"KmsKeyArn": KEY}, KEY),
        ({"SendToDestinations": "off"}, ""),
        ({"SendToDestinations": "off", "KmsKeyArn": KEY}, KEY),
    ],
)
def test_key_that_seals_addresses(given: Mapping[str, str], key: object) -> None:
    """Destinations encrypts with the key that Send may use: yours, else the one that the stack makes."""
    found = resources(parsed(), **ASKED, **given)
    for name in ("Send", "Destinations"):
        assert found[name]["Properties"]["Environment"]["Variables"]["DESTINATIONS_KEY_ARN"] == key
