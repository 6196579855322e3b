"""Any release can be deployed over the one before it: Lambda refuses to publish a version of an unchanged function.

SAM publishes a version whenever the text of a function's properties changes, and so does the description of the version
(docs/engineering/decisions/0021-snapstart.md). If nothing changes that Lambda counts, CloudFormation fails with "A
version for this Lambda function exists" and rolls back.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from devtools.local import ROOT, TEMPLATE
from devtools.template import ASKED, evaluated, expand, parse, parsed, values_of
from hookswitch.dash.hooks import HOOKS
from tests.template.views import EVERYTHING, id_of

BESIDE_A_VERSION = {"ReservedConcurrentExecutions", "Tags"}  # Lambda does not count them as a change of the function
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
STACKS: list[Mapping[str, str]] = [  # a change must reach all of them, or none
    ASKED,
    EVERYTHING | {"KmsKeyArn": KEY, "Tracing": "on", "SnapStart": "on", "ReservedConcurrency": "5", "Metrics": "all"},
]
RELEASES = 2

type Template = Mapping[str, Any]


def refused(before: Template, after: Template, given: Mapping[str, str]) -> set[str]:
    """Return the hooks of which Lambda would refuse to publish a version when a stack is updated.

    Args:
        before: The template of the deployed release.
        after: The template of the next one.
        given: The stack's parameters.
    """
    (old_versions, old_functions), (versions, functions) = (published(it, given) for it in (before, after))
    return {
        hook
        for hook in versions.keys() & old_versions.keys()
        if versions[hook] != old_versions[hook] and functions[hook] == old_functions[hook]
    }


def published(template: Template, given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what replaces each hook's version, and what Lambda compares before it publishes one."""
    return _published(json.dumps(template), tuple(given.items()))


@cache
def _published(text: str, items: tuple[tuple[str, str], ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    template, given = json.loads(text), dict(items)
    known = {name: value for name, value in given.items() if name in template["Parameters"]}
    expanded = expand(template, **known)
    values = values_of(expanded, **known)
    resources = expanded["Resources"]
    digest = evaluated(resources["HookConfiguration"]["Properties"]["Of"], expanded, values)
    versions, functions = {}, {}
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Version":
            hook = resource["Properties"]["FunctionName"]["Ref"]
            versions[hook] = (name, digest)
            properties = evaluated(resources[hook]["Properties"], expanded, values)
            functions[hook] = {key: part for key, part in properties.items() if key not in BESIDE_A_VERSION}
    return versions, functions


def releases() -> list[str]:
    """Return the texts of the template in the last commits that changed it, and in the working tree, oldest first."""
    git = shutil.which("git")
    path = TEMPLATE.relative_to(ROOT).as_posix()

    def asked(*words: str) -> str:
        done = subprocess.run([git or "", *words], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
        return done.stdout

    try:
        commits = asked("log", f"--max-count={RELEASES}", "--format=%H", "--", path).split()
        texts = [asked("show", f"{commit}:{path}") for commit in reversed(commits)]
    except (OSError, subprocess.CalledProcessError):
        texts = []
    return [*texts, TEMPLATE.read_text(encoding="utf-8")]


@pytest.mark.parametrize("given", STACKS, ids=["least", "most"])
def test_each_release_can_follow_the_one_before(given: Mapping[str, str]) -> None:
    """From each of the last commits to the next one, and to the working tree, every version can be published."""
    texts = list(dict.fromkeys(releases()))
    if len(texts) == 1:
        pytest.skip("Git shows no other release here.")
    for before, after in pairwise(parse(text) for text in texts):
        assert refused(before, after, given) == set()


def with_tag(template: dict[str, Any]) -> None:
    """Tag everything but the hooks' functions."""
    template["Resources"]["EventsTable"]["Properties"]["Tags"] = [{"Key": "team", "Value": "phones"}]
    template["Resources"]["Publish"]["Properties"]["Tags"] = {"team": "phones"}


def with_texts(template: dict[str, Any]) -> None:
    """Reword what people read."""
    template["Description"] = "Another description."
    for part in (*template["Parameters"].values(), *template["Outputs"].values()):
        part["Description"] = "Another description."
    template["Resources"]["CallbackSecret"]["Properties"]["Description"] = "Another description."
    template["Metadata"]["A"] = "B"


def with_order(template: dict[str, Any]) -> None:
    """Write everything in another order."""
    for section in ("Parameters", "Conditions", "Resources", "Outputs"):
        template[section] = dict(reversed(template[section].items()))
    template["Globals"]["Function"] = dict(reversed(template["Globals"]["Function"].items()))


def with_neighbors(template: dict[str, Any]) -> None:
    """Change what the hooks' functions do not refer to."""
    template["Resources"]["Publish"]["Properties"]["Timeout"] = 60
    template["Resources"]["ServerErrorsAlarm"]["Properties"]["Threshold"] = 1
    template["Parameters"]["Canary"]["Default"] = "true"


def with_memory(template: dict[str, Any]) -> None:
    """Change the functions."""
    template["Globals"]["Function"]["MemorySize"] = 1024


@pytest.mark.parametrize("edit", [with_tag, with_texts, with_order, with_neighbors, with_memory])
@pytest.mark.parametrize("given", STACKS, ids=["least", "most"])
def test_edits_that_can_be_released(edit: Callable[[dict[str, Any]], None], given: Mapping[str, str]) -> None:
    """Texts, tags, order and neighbors publish nothing; what changes the functions publishes them all."""
    after = json.loads(json.dumps(parsed()))
    edit(after)
    assert refused(parsed(), after, given) == set()
    replaced = published(parsed(), given)[0] != published(after, given)[0]
    assert replaced is (edit is with_memory)


def with_tagged_functions(template: dict[str, Any]) -> None:
    """Tag the hooks' functions, which SAM takes for a change and Lambda does not."""
    template["Globals"]["Function"]["Tags"] = {"team": "phones"}


def with_another_wording(template: dict[str, Any]) -> None:
    """Say the same in other words."""
    template["Globals"]["Function"]["Timeout"] = {"Fn::If": ["TracesRequests", 25, 25]}


def with_more_in_the_digest(template: dict[str, Any]) -> None:
    """Have the versions' description depend on what the functions do not refer to."""
    template["Resources"]["HookConfiguration"]["Properties"]["Of"].append({"Ref": "OnDrift"})


@pytest.mark.parametrize("edit", [with_tagged_functions, with_another_wording, with_more_in_the_digest])
def test_edits_that_can_not(edit: Callable[[dict[str, Any]], None]) -> None:
    """The comparison above finds an edit that Lambda would refuse, of every hook."""
    after = json.loads(json.dumps(parsed()))
    edit(after)
    assert refused(parsed(), after, ASKED) == {id_of(hook) for hook in HOOKS}


def test_functions_have_no_tags() -> None:
    """The template tags no function: `sam deploy --tags` tags all of a stack without a change of the template."""
    functions = [parsed()["Globals"]["Function"], *(it["Properties"] for it in parsed()["Resources"].values())]
    assert [it for it in functions if "Tags" in it] == []
