"""Who may use which key, as the template says."""

import pytest

from devtools.local import DASH_ACCOUNT_ID
from devtools.template import ASKED, expanded, resources
from tests.permissions import allowed, as_list, roles, statements
from tests.template.views import KEY, made

FOR_ADDRESSES = {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "destination"}}


def test_who_may_use_the_key() -> None:
    """Every role may decrypt, and those that send, publish or write a secret may encrypt, only through a service."""
    may = allowed(made(guarded=True))
    writing = ("sqs:SendMessage", "sns:Publish", "secretsmanager:PutSecretValue")
    assert {it.role for it in may if it.action == "kms:Decrypt"} == roles(made(guarded=True)).keys()
    assert {it.role for it in may if it.action == "kms:GenerateDataKey"} == {
        it.role for it in may if it.action in writing
    }
    for role in roles(made(guarded=True)):
        for statement in statements(role, made(guarded=True)):
            if "kms:" in str(statement["Action"]) and statement["Condition"] != FOR_ADDRESSES:
                assert statement["Resource"] == [KEY]
                services = statement["Condition"]["StringEquals"]["kms:ViaService"]
                assert all(it["Fn::Sub"].endswith(".${AWS::Region}.${AWS::URLSuffix}") for it in services)


def test_no_key() -> None:
    """Without a customer key, no role may use any key, but for the addresses of destinations."""
    assert {it.resource for it in allowed(made()) if it.action.startswith("kms:")} == {"DestinationsKey"}
    assert "EncryptionPolicy" not in made()


@pytest.mark.parametrize("guarded", [False, True])
def test_who_may_open_addresses(guarded: bool) -> None:
    """Only Send and Destinations may decrypt what is encrypted for a destination, and only Destinations encrypts it."""
    key = KEY if guarded else {"Fn::GetAtt": ["DestinationsKey", "Arn"]}
    found = {
        role: statement
        for role in roles(made(guarded=guarded))
        for statement in statements(role, made(guarded=guarded))
        if statement.get("Condition") == FOR_ADDRESSES
    }
    assert {role: as_list(it["Action"]) for role, it in found.items()} == {
        "SendRole": ["kms:Decrypt"],
        "DestinationsRole": ["kms:Encrypt", "kms:Decrypt"],
    }
    assert [it["Resource"] for it in found.values()] == [[key]] * 2


def test_nobody_opens_addresses_without_destinations() -> None:
    """If nothing is sent to destinations, there is no key and no permission to use one."""
    stack = resources(expanded(**ASKED), **ASKED, SendToDestinations="off")
    assert not [it for it in allowed(stack) if it.action.startswith("kms:")]
    assert "DestinationsKey" not in stack


def test_key_of_a_secret_of_the_customers_own() -> None:
    """Functions that log in to Dash may read an existing secret, whatever its key, and no other."""
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:dash-AbCdEf"
    given = {"DashAccountId": DASH_ACCOUNT_ID, "DashCredentialsArn": secret}
    stack = resources(expanded(**given), **given)
    found = {
        role: statement["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"]
        for role in roles(stack)
        for statement in statements(role, stack)
        if "kms:Decrypt" in as_list(statement["Action"]) and statement["Condition"] != FOR_ADDRESSES
    }
    assert found == dict.fromkeys(["ProvisionRole", "RotateRole", "ReconcileRole"], secret)
