"""The template as CloudFormation sees it: parsed, expanded by the SAM transform, its functions evaluated.

The emulator ignores what it does not support, so tests assert on this what matters on AWS.
"""

import atexit
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any, cast

import yaml

from devtools.errors import LaptopError
from devtools.local import DASH_ACCOUNT_ID, DASH_API_KEY, LOCAL, REGION, TEMPLATE

type Template = Mapping[str, Any]

SAM_PYTHON = LOCAL / "sam" / "bin" / "python"
TRANSFORM = Path(__file__).with_name("sam_transform.py")
ASKED = {"DashAccountId": DASH_ACCOUNT_ID, "DashApiKey": DASH_API_KEY}  # the required parameters
PACKAGED = "s3://a-bucket-of-ours/a-package"
_IN_SUB = re.compile(r"\$\{([^!][^}]*)\}")
_NO_VALUE = {"Ref": "AWS::NoValue"}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "Fn::Contains": lambda values, value: value in values,
    "Fn::And": lambda *conditions: all(conditions),
    "Fn::Equals": lambda one, other: str(one) == str(other),
    "Fn::Not": lambda condition: not condition,
    "Fn::Or": lambda *conditions: any(conditions),
    "Fn::Split": lambda delimiter, text: (
        text.split(delimiter) if isinstance(text, str) else {"Fn::Split": [delimiter, text]}  # of the stack's id
    ),
}


@cache
def parsed() -> dict[str, Any]:
    """Return the template with its includes, and intrinsic functions in the long form: `{"Ref": ...}`."""
    return parse(TEMPLATE.read_text(encoding="utf-8"))


def parse(text: str) -> dict[str, Any]:
    """Return a template's text, perhaps that of another release, as `parsed` returns the present one.

    Raises:
        LaptopError: It is no template.
    """
    try:
        template = yaml.load(text, _Loader)  # noqa: S506 - it is a safe loader
    except yaml.YAMLError as error:
        raise LaptopError(f"template.yaml can't be parsed: {error}") from error
    if not isinstance(template, dict):
        raise LaptopError("template.yaml can't be parsed: it is no mapping.")
    plain: dict[str, Any] = _with_includes(json.loads(json.dumps(template)))
    return plain


class _Loader(yaml.CSafeLoader):
    """Reads the short forms of intrinsic functions, and dates as text, as CloudFormation does."""


def _long_form(loader: yaml.CSafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)
    if name in {"Ref", "Condition"}:
        return {name: value}
    return {f"Fn::{name}": value.split(".", 1) if name == "GetAtt" and isinstance(value, str) else value}


_Loader.add_multi_constructor("!", _long_form)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: cast("yaml.ScalarNode", node).value)


def _with_includes(value: Any) -> Any:
    """Insert included files, as AWS::Include does: they are plain YAML, without short forms."""
    match value:
        case {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": str(path)}}, **rest}:
            included = yaml.load((TEMPLATE.parent / path).read_text(encoding="utf-8"), yaml.CSafeLoader)
            return {key: _with_includes(part) for key, part in rest.items()} | included
        case dict():
            return {key: _with_includes(part) for key, part in value.items()}
        case list():
            return [_with_includes(part) for part in value]
    return value


def expanded(**parameters: str) -> dict[str, Any]:
    """Return the template as the transform expands it for these parameters, after `sam package`."""
    return expand(parsed(), **parameters)


def expand(original: Template, **parameters: str) -> dict[str, Any]:
    """Return a template as the transform expands it for these parameters, after `sam package`."""
    template = json.loads(json.dumps(original))
    for resource in template["Resources"].values():
        for name in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            if isinstance(resource["Properties"][name], str):  # a path here; a release names a place in S3
                resource["Properties"][name] = PACKAGED
    asking, answers = _transform()
    asking.write(json.dumps({"template": template, "parameters": parameters}) + "\n")
    asking.flush()
    said = json.loads(answers.readline() or '{"refused": "it ended"}')
    if "refused" in said:
        raise LaptopError(f"The SAM transform refused template.yaml: {said['refused']}")
    result: dict[str, Any] = said["expanded"]
    return result


@cache
def _transform() -> tuple[IO[str], IO[str]]:
    """Start the transform, which takes longer than to expand a template; return where it reads, and where it writes.

    It ends when there is nothing more to read, with us.
    """
    process = subprocess.Popen(
        [SAM_PYTHON, "-I", TRANSFORM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.defpath, "AWS_DEFAULT_REGION": REGION},
        text=True,
    )
    atexit.register(process.communicate)
    return cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)


def values_of(template: Template, **given: str) -> dict[str, str]:
    """Return the value of each parameter: the given one, else its default."""
    defaults = {name: str(it["Default"]) for name, it in template["Parameters"].items() if "Default" in it}
    return defaults | given


def evaluated(value: Any, template: Template, values: Mapping[str, str]) -> Any:
    """Return a value with conditions and parameters evaluated. References to resources stay as they are."""

    def inner(part: Any) -> Any:
        return evaluated(part, template, values)

    result = value
    match value:
        case {"Ref": str(name)} if name in values:
            result = values[name]
        case {"Condition": str(name), **rest} if not rest:
            result = inner(template["Conditions"][name])
        case {"Fn::If": [name, one, other]}:
            result = inner(one if inner({"Condition": name}) else other)
        case dict():
            made = {key: inner(part) for key, part in value.items()}
            result = {key: part for key, part in made.items() if part != _NO_VALUE}
            for function in _FUNCTIONS.keys() & made.keys():
                result = _FUNCTIONS[function](*made[function])
        case list():
            result = [made for part in value if (made := inner(part)) != _NO_VALUE]
    return result


def resources(template: Template, **given: str) -> dict[str, Any]:
    """Return the resources that a stack with these parameters has, evaluated."""
    values = values_of(template, **given)
    return {
        name: evaluated(resource, template, values)
        for name, resource in template["Resources"].items()
        if evaluated(template["Conditions"].get(resource.get("Condition"), True), template, values)
    }


def references(value: Any) -> Iterator[str]:
    """Yield the name of each parameter, resource and condition that a value refers to."""
    match value:
        case {"Ref": str(name)}:
            yield name.partition(".")[0]  # SAM has `Api.Stage` for an id that it generates
        case {"Fn::GetAtt": [name, *_]} | {"Fn::If": [name, *_]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from _in_text(text)
        case {"Fn::Sub": [str(text), dict(variables)]}:
            yield from set(_in_text(text)) - variables.keys()
        case {"Condition": str(name)}:
            yield name
    match value:
        case dict():
            dependencies = value.get("DependsOn", [])
            yield from [dependencies] if isinstance(dependencies, str) else dependencies
            for part in value.values():
                yield from references(part)
        case list():
            for part in value:
                yield from references(part)


def _in_text(text: str) -> Iterator[str]:
    return (name.partition(".")[0] for name in _IN_SUB.findall(text))
