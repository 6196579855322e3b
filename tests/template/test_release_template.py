"""The template of a release: the same stack as template.yaml, with its code in one object of S3."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cfnlint.api import lint

from devtools.local import REGION, ROOT
from devtools.releasing.template import make
from devtools.template import ASKED, parsed
from tests.template.test_releases import published, refused

DIGEST = "0123456789abcdef" * 4
BUCKET = {"CodeBucket": "releases"}
SERVERLESS = "AWS::Serverless::Function"

type Make = Callable[[], dict[str, Any]]


def made(version: str = "1.2.0", digest: str = DIGEST, architecture: str = "arm64") -> dict[str, Any]:
    """Return the template of a release."""
    archive = f"hookswitch-{version}-{architecture}.zip"
    return make(parsed(), archive=archive, digest=digest, version=version, architecture=architecture)


def test_code_is_in_one_object() -> None:
    """The layer is the zip that the user uploaded, and every function calls its handler in it."""
    template = made()
    assert template["Resources"]["Layer"]["Properties"]["ContentUri"] == {
        "Bucket": {"Ref": "CodeBucket"},
        "Key": {"Fn::Sub": "${CodePrefix}hookswitch-1.2.0-arm64.zip"},
    }
    functions = {name: it["Properties"] for name, it in template["Resources"].items() if it["Type"] == SERVERLESS}
    assert all("CodeUri" not in it and it["Handler"] == "index.handler" for it in functions.values())
    for properties in functions.values():
        found = re.fullmatch(r"from ([\w.]+) import handler as handler\n", properties["InlineCode"])
        assert found
        assert (ROOT / f"{found[1].replace('.', '/')}.py").exists()
    assert len({it["InlineCode"] for it in functions.values()}) == len(functions)


def test_rest_is_as_in_the_source() -> None:
    """Nothing but the code's place, the architecture and the version differs."""
    template, source = made(), json.loads(json.dumps(parsed()))
    for name, rules in source["Resources"].items():
        ours = template["Resources"][name]
        for key in ("CodeUri", "InlineCode", "Handler", "ContentUri"):
            rules.get("Properties", {}).pop(key, None)
            ours.get("Properties", {}).pop(key, None)
        if name != "Layer":
            assert ours == rules, name
    assert template["Parameters"].pop("CodeBucket")
    assert template["Parameters"].pop("CodePrefix")["Default"] == ""
    assert template["Parameters"].pop("Architecture")["AllowedValues"] == ["arm64"]
    del source["Parameters"]["Architecture"]
    assert template["Parameters"] == source["Parameters"]
    assert template["Outputs"].pop("Version")["Value"] == "1.2.0"
    assert template["Outputs"] == source["Outputs"]
    for section in ("Globals", "Conditions", "Rules", "Transform"):
        assert template.get(section) == source.get(section)


def test_parameters_are_complete() -> None:
    """Each has a label and a group in CloudFormation's console, and the template has no local path or include."""
    template = made()
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert interface["ParameterLabels"].keys() == template["Parameters"].keys()
    text = json.dumps(template)
    assert str(ROOT) not in text
    assert "AWS::Include" not in text
    assert not re.search(r'"(functions|layers|operations)/', text)


def test_it_fits_cloudformation() -> None:
    """It lints cleanly, transformed as well, and CloudFormation takes up to 1 MB from S3."""
    assert len(json.dumps(made(), indent=1)) < 1_000_000
    assert [match.message for match in lint(json.dumps(made()), regions=[REGION])] == []


@pytest.mark.parametrize(
    ("before", "after", "given"),
    [
        (parsed, made, ASKED),
        (made, parsed, ASKED | BUCKET),
        (made, partial(made, "1.3.0", "f" * 64), ASKED | BUCKET),
        (made, partial(made, digest="f" * 64), ASKED | BUCKET),
    ],
    ids=["from source", "to source", "next", "same name"],
)
def test_updates(before: Make, after: Make, given: dict[str, str]) -> None:
    """Lambda refuses no version: what makes another zip makes another layer, which every function has."""
    assert refused(before(), after(), given) == set()
    assert before()["Resources"]["Layer"]["Properties"] != after()["Resources"]["Layer"]["Properties"]
    assert published(before(), given) != published(after(), given)
