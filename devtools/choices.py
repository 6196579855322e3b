"""`hookswitch.toml`: what the user of this checkout has chosen for stacks on AWS. Git ignores it.

HOOKSWITCH_CONFIG names another file, for instance one for each customer. Secrets have no place in it.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devtools.errors import LaptopError
from devtools.local import ROOT, STACK_NAME

VARIABLE = "HOOKSWITCH_CONFIG"
FILE = ROOT / "hookswitch.toml"
EXAMPLE = "hookswitch.example.toml"
SECRET = "DashApiKey"  # noqa: S105 - a parameter's name


@dataclass(frozen=True)
class Choices:
    """What `hookswitch.toml` says.

    Attributes:
        stack: The name of the stack.
        region: The AWS Region; empty for that of the AWS configuration.
        parameters: Values of template parameters.
        tags: Tags of the stack and its resources.
    """

    stack: str = STACK_NAME
    region: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def load() -> Choices:
    """Return what the file says; the defaults if there is none.

    Raises:
        LaptopError: The named file does not exist, is not valid TOML, has an unknown key or a value of another type,
            or contains the API key.
    """
    file = Path(os.environ.get(VARIABLE) or FILE)
    if not file.exists():
        if VARIABLE in os.environ:
            raise LaptopError(f"{file}, which {VARIABLE} names, does not exist.")
        return Choices()
    try:
        found: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LaptopError(f"{file.name} is not valid TOML: {error}. {EXAMPLE} shows its form.") from error
    if unknown := sorted(set(found) - {"stack", "region", "parameters", "tags"}):
        raise LaptopError(f"{file.name} has an unknown key: {', '.join(unknown)}. {EXAMPLE} shows the known ones.")
    parameters = _texts(file, found, "parameters")
    if SECRET in parameters:
        raise LaptopError(
            f"{file.name} contains {SECRET}. Remove it: `make deploy` asks for the key, or reads DASH_API_KEY."
        )
    stack, region = found.get("stack", STACK_NAME), found.get("region", "")
    if not (isinstance(stack, str) and isinstance(region, str)):
        raise LaptopError(f"In {file.name}, stack and region must be in quotes. {EXAMPLE} shows its form.")
    return Choices(stack, region, parameters, _texts(file, found, "tags"))


def _texts(file: Path, found: Mapping[str, Any], table: str) -> dict[str, str]:
    """Return a table with its values as CloudFormation takes them: `true` and 90 need no quotes."""
    values = found.get(table, {})
    if not isinstance(values, dict):
        raise LaptopError(f"In {file.name}, {table} must be a table: [{table}]. {EXAMPLE} shows its form.")
    texts = {}
    for name, value in values.items():
        match value:
            case bool():
                texts[name] = "true" if value else "false"
            case str() | int():
                texts[name] = str(value)
            case list() if all(isinstance(one, str) for one in value):
                texts[name] = ",".join(value)
            case _:
                raise LaptopError(f"In {file.name}, {table}.{name} must be a text, a number, or true or false.")
    return texts
