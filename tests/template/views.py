"""The template as written, and as SAM expands it with the fewest and with all parameters."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from devtools.local import ROOT
from devtools.template import ASKED, expanded, parsed, resources

HANDLERS = sorted((ROOT / "functions").rglob("handler.py"))
FOLDERS = {path.parent.name: path.parent.relative_to(ROOT).as_posix() for path in HANDLERS}
HOOK_FOLDERS = {path.parent.name for path in HANDLERS if "receiver(" in path.read_text()}
EVERYTHING = ASKED | {
    "AlertEmail": "ops@example.com",
    "AllowedIpRanges": "192.0.2.0/24,198.51.100.7/32,2001:db8::/32",
    "CallbackSecretSourceArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:phones-AbCdEf",
    "CallbackRotationDays": "30",
    "OperationsEmail": "ops@example.com",
    "BusinessHours": "8-11,13-17",
}
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OPERATOR = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Operations_0123456789abcdef"
GUARDED = ASKED | {"KmsKeyArn": KEY, "OperatorRoleArn": OPERATOR, "Tracing": "on", "Console": "on"}
type Resource = Mapping[str, Any]


@cache
def minimal() -> dict[str, Any]:
    """Return the template expanded with the required parameters only."""
    return expanded(**ASKED)


@cache
def full() -> dict[str, Any]:
    """Return the template expanded with all optional features."""
    return expanded(**EVERYTHING)


@cache
def made(*, guarded: bool = False) -> dict[str, Any]:
    """Return the resources of a stack with required parameters only, or with a key, an operator and traces."""
    given = GUARDED if guarded else ASKED
    return resources(expanded(**given), **given)


def of_type(kind: str, template: Mapping[str, Any] | None = None) -> dict[str, Resource]:
    """Return the properties of all resources of a type, by default in the template as written."""
    found = (template or parsed())["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


def handler_module(function: Resource) -> str:
    """Return the file of a function's handler without its suffix, such as `functions/hooks/parking/handler`."""
    module = function.get("Handler", parsed()["Globals"]["Function"]["Handler"]).rpartition(".")[0]
    return f"{function['CodeUri']}{module.replace('.', '/')}"


def id_of(folder: str) -> str:
    """Return the logical id of the function in a folder."""
    return next(
        name
        for name, it in of_type("AWS::Serverless::Function").items()
        if handler_module(it).endswith(f"/{folder}/handler")
    )


def fits(value: str, parameter: Mapping[str, Any]) -> bool:
    """Tell whether a parameter accepts a value."""
    return (
        re.fullmatch(parameter.get("AllowedPattern", ".*"), value, re.DOTALL) is not None
        and value in map(str, parameter.get("AllowedValues", [value]))
        and len(value) >= parameter.get("MinLength", 0)
        and len(value) <= parameter.get("MaxLength", len(value))
    )
