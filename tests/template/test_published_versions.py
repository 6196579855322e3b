"""The hooks' published versions: every change of configuration reaches the version that Dash calls."""

from typing import Any

import pytest

from devtools.template import ASKED, evaluated, expanded, parsed, references, resources, values_of
from hookswitch.cloudformation import content_hash
from hookswitch.dash.hooks import HOOKS
from hookswitch.receiving.hook_functions import ALIAS
from tests.template.views import full, id_of, minimal, of_type
from tests.unit.doubles import request

BESIDE_A_VERSION = {"ReservedConcurrentExecutions"}  # is the function's, whatever version runs


def versions() -> dict[str, dict[str, Any]]:
    """Return each hook's version in the expanded template, with its logical id."""
    found: dict[str, dict[str, Any]] = {}
    for name, it in full()["Resources"].items():
        if it["Type"] == "AWS::Lambda::Version":
            found[it["Properties"]["FunctionName"]["Ref"]] = {"LogicalId": name, **it}
    return found


def test_hooks_alone_are_published() -> None:
    """Each hook has one alias for its one version; other functions have neither."""
    hooks = {id_of(hook) for hook in HOOKS}
    assert versions().keys() == hooks
    aliases = of_type("AWS::Lambda::Alias", full())
    assert aliases == {
        f"{hook}Alias{ALIAS}": {
            "Name": ALIAS,
            "FunctionName": {"Ref": hook},
            "FunctionVersion": {"Fn::GetAtt": [versions()[hook]["LogicalId"], "Version"]},
        }
        for hook in hooks
    }


def test_no_version_outlives_its_use() -> None:
    """A replaced version is deleted, whatever changed: its snapshot would cost money forever."""
    for version in versions().values():
        assert version["DeletionPolicy"] == "Delete"
        assert version.get("UpdateReplacePolicy", "Delete") == "Delete"


@pytest.mark.parametrize("hook", HOOKS)
def test_every_change_is_published(hook: str) -> None:
    """A version is replaced if and only if something changes that its function refers to.

    What refers to nothing is in the version's logical id. A change that is not published would leave what Dash calls
    as it was; one that is published although the function is the same is refused by Lambda.
    """
    template = full()
    version = versions()[id_of(hook)]
    assert version["Properties"]["Description"] == {"Fn::GetAtt": ["HookConfiguration", "Digest"]}
    function = template["Resources"][id_of(hook)]["Properties"]
    assert refers_to({name: it for name, it in function.items() if name not in BESIDE_A_VERSION}) == refers_to(
        template["Resources"]["HookConfiguration"]["Properties"]["Of"]
    )


def refers_to(value: Any) -> set[str]:
    """Return the parameters and resources that a value refers to, including those in its conditions."""
    conditions = full()["Conditions"]
    found = set(references(value))
    found |= set(references([conditions[name] for name in found & conditions.keys()]))
    # What AWS itself names stays as it is for as long as there is the stack.
    return {name for name in found - conditions.keys() if not name.startswith("AWS::")}


def test_change_of_code_is_published() -> None:
    """The version's logical id covers the code's location and the template's text."""
    made = {name for name, it in full()["Resources"].items() if it["Type"] == "AWS::Lambda::Version"}
    properties = parsed()["Globals"]["Function"]
    assert properties["AutoPublishAliasAllProperties"] is True
    assert {it["LogicalId"] for it in versions().values()} == made
    assert {name.rpartition("Version")[2] for name in made} != {""}


@pytest.mark.parametrize(("given", "expected"), [({}, "None"), ({"SnapStart": "on"}, "PublishedVersions")])
def test_snapstart(given: dict[str, str], expected: str) -> None:
    """SnapStart is off by default."""
    made = resources(minimal(), **ASKED, **given)
    for hook in HOOKS:
        assert made[id_of(hook)]["Properties"]["SnapStart"] == {"ApplyOn": expected}


def test_no_canary_by_default() -> None:
    """CodeDeploy has no part in a stack unless it is asked for."""
    made = resources(minimal(), **ASKED)
    assert [name for name, it in made.items() if it["Type"].startswith("AWS::CodeDeploy") or "UpdatePolicy" in it] == []
    assert "CanaryRole" not in made


def test_canary() -> None:
    """CodeDeploy moves each hook's alias gradually, and back if deliveries fail; it touches no other function."""
    template = expanded(**ASKED, Canary="true")
    made = resources(template, **ASKED, Canary="true")
    hooks = {id_of(hook) for hook in HOOKS}
    groups = {name: it["Properties"] for name, it in made.items() if it["Type"] == "AWS::CodeDeploy::DeploymentGroup"}
    assert groups.keys() == {f"{hook}DeploymentGroup" for hook in hooks}
    for group in groups.values():
        assert group["AlarmConfiguration"]["Enabled"] is True
        alarms = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
        assert alarms == {"FailedDeliveriesAlarm", "ServerErrorsAlarm"}
        assert made.keys() >= alarms
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        assert group["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": "Canary10Percent5Minutes"}
        assert group["ServiceRoleArn"] == {"Fn::GetAtt": ["CanaryRole", "Arn"]}
    moved = {name: it["UpdatePolicy"] for name, it in made.items() if "UpdatePolicy" in it}
    assert moved == {
        f"{hook}Alias{ALIAS}": {
            "CodeDeployLambdaAliasUpdate": {
                "ApplicationName": {"Ref": "ServerlessDeploymentApplication"},
                "DeploymentGroupName": {"Ref": f"{hook}DeploymentGroup"},
            }
        }
        for hook in hooks
    }
    assert "CodeDeployServiceRole" not in made, "SAM's own role, which may do more"


def test_canary_publishes_nothing() -> None:
    """Switching it on or off leaves the published versions as they are: Lambda would refuse to publish them again."""
    one, other = (of_type("AWS::Lambda::Version", expanded(**ASKED, Canary=canary)) for canary in ("true", "false"))
    assert one == other


def test_reserved_concurrency() -> None:
    """Each hook has it if it is set; other functions never do, so the stack can't starve its own publishing."""
    template = expanded(**ASKED, ReservedConcurrency="50")
    values = values_of(template, **ASKED, ReservedConcurrency="50")
    for name, function in of_type("AWS::Lambda::Function", template).items():
        reserved = evaluated(dict(function), template, values).get("ReservedConcurrentExecutions")
        assert reserved == ("50" if name in {id_of(hook) for hook in HOOKS} else None)
    for name, it in resources(minimal(), **ASKED).items():
        assert "ReservedConcurrentExecutions" not in it["Properties"], name


def test_digest() -> None:
    """It fits a description, changes with each value and its place, and is otherwise stable."""
    made = [
        content_hash.content_hash(request(kind, {"Of": of})).data["Digest"]
        for kind, of in [
            ("Create", ["a", "b"]),
            ("Update", ["a", "c"]),
            ("Update", ["b", "a"]),
            ("Update", ["a", "b"]),
            ("Delete", ["a", "b"]),
        ]
    ]
    assert made[0] == made[3] == made[4]
    assert len(set(made)) == 3
    assert all(0 < len(text) <= 256 for text in made)
