"""The files that `sam local` needs, written from the deployed stack and the build, never by hand.

samconfig.toml at the repository's root names those that `make up DOCKER=yes` makes, so that
`sam local invoke ChannelDestroy -e events/channel_destroy.json` needs no other option.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools import aws, stack
from devtools.local import ACCESS_KEY, SECRET_KEY, architecture
from devtools.stack import OnLine, Stack

FUNCTION = "AWS::Serverless::Function"
OWN_NAME = "AWS_LAMBDA_FUNCTION_NAME"


@dataclass(frozen=True)
class Files:
    """Where the files are.

    Attributes:
        template: The built template, for this machine's architecture, with the variables declared that the
            containers need beyond it.
        variables: The values of all variables, by function (`--env-vars`).
    """

    template: Path
    variables: Path


def build(directory: Path, on_line: OnLine | None = None) -> Path:
    """Build the functions below this folder, which no other command uses, since running containers mount it."""
    return stack.build(directory=directory / "build", on_line=on_line)


def write(deployed: Stack, container_endpoint: str, built: Path) -> Files:
    """Write the files for the functions of a stack.

    Args:
        deployed: The stack that has the table, the secret and the queues.
        container_endpoint: The emulator's address for programs in containers.
        built: The built template.
    """
    template = _plain(built)
    added = {
        "AWS_ENDPOINT_URL": container_endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,  # nobody's own, whatever the shell has
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": "",
    }
    there = [name for name in functions(template) if name in deployed.resources]  # a stack may be without the page
    variables = {name: _variables(deployed, name) | added for name in there}
    # `sam local` passes only the variables that the template declares.
    template["Globals"]["Function"]["Environment"]["Variables"] |= dict.fromkeys([*added, OWN_NAME], "")
    template["Parameters"]["Architecture"]["Default"] = architecture()
    files = Files(built.with_name("local.json"), built.with_name("env.json"))
    files.template.write_text(json.dumps(template, indent=2) + "\n")
    files.variables.write_text(json.dumps(variables, indent=2) + "\n")
    return files


def functions(template: Mapping[str, Any]) -> list[str]:
    """Return the logical ids of a template's functions."""
    return [name for name, resource in template["Resources"].items() if resource.get("Type") == FUNCTION]


def _plain(built: Path) -> dict[str, Any]:
    from cfnlint.decode import decode  # noqa: PLC0415 - as in devtools/template.py

    template, faults = decode(str(built))
    if faults:
        raise ValueError(f"{built} can't be read: {faults}")
    plain: dict[str, Any] = json.loads(json.dumps(template))
    return plain


def _variables(deployed: Stack, logical_id: str) -> dict[str, str]:
    """Return the deployed function's environment, and its name, by which redrive finds it."""
    name = deployed.resources[logical_id]
    configuration = aws.lambda_(deployed.endpoint).get_function_configuration(FunctionName=name)
    return {**configuration.get("Environment", {}).get("Variables", {}), OWN_NAME: name}
