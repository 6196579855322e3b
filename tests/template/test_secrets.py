"""Secrets stay in Secrets Manager; outputs are public on purpose."""

import json
import re

import pytest

from devtools.template import ASKED, parsed, references, resources
from tests.template.views import EVERYTHING, fits, full, minimal, of_type


def test_no_secret_is_shown() -> None:
    """NoEcho parameters go into a secret only: no variable, output, description or tag contains them."""
    template = full()
    hidden = {name for name, it in template["Parameters"].items() if it.get("NoEcho")}
    assert hidden == {"DashApiKey"}
    shown = [
        {name: value for name, value in resource["Properties"].items() if name != "SecretString"}
        for resource in template["Resources"].values()
    ]
    assert not hidden & set(references([shown, template["Outputs"]]))
    text = json.dumps(template)  # which anybody may read who may read the stack
    assert not [name for name in hidden if EVERYTHING[name] in text]
    assert text.count("{{resolve:") == 1  # the callback secret's source, which only CloudFormation reads


def test_callback_secret() -> None:
    """It is generated, or copied from another secret: nobody is asked for it, and no parameter holds it.

    `sam deploy --guided` asks again for ever for a hidden parameter that may be empty.
    """
    generated, copied = (
        resources(minimal(), **ASKED, CallbackSecretSourceArn=arn)["CallbackSecret"]["Properties"]
        for arn in ("", EVERYTHING["CallbackSecretSourceArn"])
    )
    assert generated["GenerateSecretString"]["PasswordLength"] == 64
    assert "SecretString" not in generated
    assert copied["SecretString"] == {"Fn::Sub": "{{resolve:secretsmanager:${CallbackSecretSourceArn}}}"}
    assert "GenerateSecretString" not in copied


@pytest.mark.parametrize("key", ['a"b', "a\\b", "a b", "ü"])
def test_api_key_fits_into_its_secret(key: str) -> None:
    """An API key that would break the JSON of its secret is refused when the stack is created."""
    assert not fits(key, parsed()["Parameters"]["DashApiKey"])


def test_variables_name_secrets_only() -> None:
    """Variables about secrets contain only an ARN."""
    for function in of_type("AWS::Lambda::Function", full()).values():
        for name in function["Environment"]["Variables"]:
            if re.search("SECRET|KEY|TOKEN|PASSWORD|CREDENTIAL", name):
                assert name.endswith("_ARN")


def test_outputs() -> None:
    """The outputs that tools need exist, and each has a description."""
    outputs = parsed()["Outputs"]
    assert outputs.keys() >= {"ApiUrl", "EventsTableName", "EventsTopicArn", "RedriveQueueUrl", "CallbackSecretArn"}
    assert all(output["Description"].endswith(".") for output in outputs.values())
    assert outputs["CallbackSecretArn"]["Value"] == {"Fn::GetAtt": ["CallbackSecret", "Id"]}
