"""What a stack is deployed with: values of the template's parameters, from several sources, all checked beforehand.

From the strongest to the weakest: `SET` on the command line, `hookswitch.toml`, environment variables, the stack that
exists, the answers of the person at the terminal, and the template's defaults.
"""

import difflib
import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import typer

from devtools.choices import SECRET
from devtools.errors import LaptopError
from devtools.screen import say
from devtools.template import parsed

ACCOUNT, CREDENTIALS = "DashAccountId", "DashCredentialsArn"
ADDRESSES = ("OperationsEmail", "AlertEmail")
VARIABLES = {ACCOUNT: "DASH_ACCOUNT_ID", SECRET: "DASH_API_KEY"}


class Ask(Protocol):
    """Asks the person at the terminal."""

    def __call__(self, question: str, *, hidden: bool = False) -> str:
        """Return the answer to a question, without spaces around it; hide it while it is typed if asked to."""


@dataclass(frozen=True)
class Answers:
    """The values of parameters.

    Attributes:
        given: New values by name.
        kept: Names whose values an existing stack keeps.
    """

    given: Mapping[str, str]
    kept: frozenset[str] = field(default_factory=frozenset)

    def parameters(self) -> list[dict[str, Any]]:
        """Return them as CloudFormation takes them."""
        return [
            *({"ParameterKey": name, "ParameterValue": value} for name, value in sorted(self.given.items())),
            *({"ParameterKey": name, "UsePreviousValue": True} for name in sorted(self.kept - self.given.keys())),
        ]


def definitions() -> Mapping[str, Mapping[str, Any]]:
    """Return the template's parameters."""
    found: Mapping[str, Mapping[str, Any]] = parsed()["Parameters"]
    return found


def parse_settings(text: str) -> dict[str, str]:
    """Return the values in `SET="RetentionDays=90 CustomData='{...}'"`.

    Raises:
        LaptopError: A part has no equals sign, or quotes are not closed.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise LaptopError(f'SET can\'t be read: {error}. Write SET="RetentionDays=90 Hooks=missed_call".') from error
    settings = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise LaptopError(f'SET needs name=value, but has {word!r}. Write SET="RetentionDays=90".')
        settings[name] = value
    if SECRET in settings:
        raise LaptopError(
            f"{SECRET} must not be on a command line, where other users of this machine can read it. Leave it out: "
            "`make deploy` asks for it, or reads the environment variable DASH_API_KEY."
        )
    return settings


def gather(
    settings: Mapping[str, str],
    chosen: Mapping[str, str],
    existing: Mapping[str, str] | None,
    ask: Ask | None = None,
) -> Answers:
    """Return what to deploy with; ask for the three that nobody can guess, if somebody is there.

    Args:
        settings: Of the command line.
        chosen: Of `hookswitch.toml`.
        existing: The parameters of the stack, if it exists.
        ask: Asks a person; None if nobody is there.

    Raises:
        LaptopError: A value is missing or not allowed, or a name unknown.
    """
    known = definitions()
    given = {**_from_environment(), **chosen, **settings}
    for name in given:
        _require_known(name, known)
    kept = frozenset(existing or {}) & known.keys()
    if not given.get(CREDENTIALS) and not (existing or {}).get(CREDENTIALS):
        _complete(given, kept, SECRET, ask, "Dash API key (not shown)", hidden=True)
    _complete(given, kept, ACCOUNT, ask, "Dash account id (32 hexadecimal digits)")
    if existing is None and ask and not any(name in given for name in ADDRESSES):
        address = _ask(ask, ADDRESSES[0], "E-mail address for alarms and missed calls (empty for none)")
        given |= dict.fromkeys(ADDRESSES, address)
    for name, value in given.items():
        if fault := find_fault(name, value):
            raise LaptopError(fault)
    return Answers(given, kept)


def find_fault(name: str, value: str) -> str | None:
    """Return what is wrong with the value of a parameter, as CloudFormation would find it; never the key's value."""
    rules = definitions()[name]
    shown = "The value" if name == SECRET else f"{value!r}"
    if "AllowedValues" in rules and value not in map(str, rules["AllowedValues"]):
        return f"{name}: {shown} is not allowed. Use one of: {', '.join(map(str, rules['AllowedValues']))}."
    if rules["Type"] == "Number":
        try:
            number = int(value)
        except ValueError:
            return f"{name}: {shown} is not a number."
        least, most = int(rules.get("MinValue", number)), int(rules.get("MaxValue", number))
        if not least <= number <= most:
            return f"{name}: {shown} is not between {least} and {most}."
    if len(value) > int(rules.get("MaxLength", len(value))):
        return f"{name}: {shown} has more than {rules['MaxLength']} characters."
    if "AllowedPattern" in rules and not re.fullmatch(rules["AllowedPattern"], value):
        return f"{name}: {shown} can't be used; it {rules.get('ConstraintDescription', 'has another form')}"
    return None


def person() -> Ask | None:
    """Return a function that asks the person at the terminal; None if nobody is there, as in a pipeline (`CI=true`)."""
    return None if os.environ.get("CI") or not sys.stdin.isatty() else _prompt


def _prompt(question: str, *, hidden: bool = False) -> str:
    return str(typer.prompt(question, default="", show_default=False, hide_input=hidden)).strip()


def _from_environment() -> dict[str, str]:
    return {name: os.environ[variable] for name, variable in VARIABLES.items() if os.environ.get(variable)}


def _require_known(name: str, known: Mapping[str, object]) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else "docs/parameters.md lists all."
    raise LaptopError(f"The template has no parameter {name}. {hint}")


def _complete(  # noqa: PLR0913 - the parts of a question
    given: dict[str, str], kept: frozenset[str], name: str, ask: Ask | None, question: str, *, hidden: bool = False
) -> None:
    if name in given or name in kept:
        return
    if ask is None:
        raise LaptopError(f"{name} is missing. Set the environment variable {VARIABLES[name]}, or use a terminal.")
    given[name] = _ask(ask, name, question, hidden=hidden)


def _ask(ask: Ask, name: str, question: str, *, hidden: bool = False) -> str:
    while True:
        value = ask(question, hidden=hidden)
        fault = find_fault(name, value) or ("" if value or name in ADDRESSES else f"{name} is required.")
        if not fault:
            return value
        say(fault, style="red")
