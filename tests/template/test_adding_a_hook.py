"""Adding a hook: its folder, its block in the template, a sample event. Each test names the line that is missing.

The lists in the template stay lists: docs/engineering/decisions/0065-lists-of-hooks.md.
"""

import json

import pytest

from devtools.local import ROOT
from devtools.sample_events import function_of
from devtools.template import parsed
from hookswitch.dash.hooks import CATALOGUE, DEFAULT_HOOKS, HOOKS
from simulator.payloads import payload
from tests.template.views import HOOK_FOLDERS

RESOURCES = parsed()["Resources"]
BLOCK = """
  {name}:
    Type: AWS::Serverless::Function
    Properties:
      VersionDescription: !GetAtt HookConfiguration.Digest
      CodeUri: functions/hooks/{hook}/
      Role: !GetAtt HookRole.Arn
      Events:
        Delivery: {{Type: Api, Properties: {{RestApiId: !Ref Api, Method: any, Path: "/hooks/{hook}/{{token}}"}}}}
"""


def test_catalogue() -> None:
    """Every folder of a hook is in the catalogue, and every hook of the catalogue has a folder."""
    catalogue = "layers/hookswitch/hookswitch/dash/hooks.py"
    assert not HOOK_FOLDERS - set(HOOKS), f"Add {HOOK_FOLDERS - set(HOOKS)} to the CATALOGUE in {catalogue}."
    missing = [f"functions/hooks/{hook}/handler.py" for hook in HOOKS if hook not in HOOK_FOLDERS]
    assert not missing, f"Write {missing}."


@pytest.mark.parametrize("hook", HOOKS)
def test_block_in_the_template(hook: str) -> None:
    """A hook's function has a block that is like every other hook's."""
    block = BLOCK.format(name=function_of(hook), hook=hook)
    assert function_of(hook) in RESOURCES, f"Add to the Resources of template.yaml:\n{block}"


@pytest.mark.parametrize("hook", HOOKS)
def test_routes_are_there_before_the_webhooks(hook: str) -> None:
    """Dash may call once API Gateway may invoke every hook, and webhooks are removed before the first route is."""
    line = f"{function_of(hook)}DeliveryPermissionStage"
    assert line in RESOURCES["Webhooks"]["DependsOn"], f"template.yaml: add `- {line}` to Webhooks, DependsOn."


@pytest.mark.parametrize("hook", HOOKS)
def test_deliveries_can_be_handed_over(hook: str) -> None:
    """Redrive and Reconcile may invoke the hook's function, by its alias."""
    (statement,) = RESOURCES["InvokeHooksPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    line = f"{function_of(hook)}.Alias"
    assert {"Ref": line} in statement["Resource"], f"template.yaml: add `- !Ref {line}` to InvokeHooksPolicy, Resource."


@pytest.mark.parametrize("hook", HOOKS)
def test_registered_by_default(hook: str) -> None:
    """Every hook is registered unless told otherwise, but for the catch-all; and one of our own, whatever it says."""
    listed = parsed()["Parameters"]["Hooks"]["Default"].split(",")
    if CATALOGUE[hook].is_catch_all or CATALOGUE[hook].is_own:
        assert hook not in listed, f"template.yaml: remove {hook} from the Default of the parameter Hooks."
    else:
        assert hook in listed, f"template.yaml: add {hook} to the Default of the parameter Hooks."


@pytest.mark.parametrize("hook", HOOKS)
def test_sample_event(hook: str) -> None:
    """The simulator makes the hook's events; the files of events/ and docs/schemas/ are written from there."""
    assert payload(hook), f"Add a builder of {hook} to BUILDERS in simulator/, channel_ or notification_payloads.py."
    for path in (f"events/{hook}.json", f"docs/schemas/{hook}.json"):
        assert (ROOT / path).exists(), f"{path} is missing: run `make sample-events schemas`."
        assert json.loads((ROOT / path).read_text(encoding="utf-8"))


def test_lists_name_hooks_only() -> None:
    """A hook that is removed leaves the lists, too."""
    permissions = {f"{function_of(hook)}DeliveryPermissionStage" for hook in HOOKS}
    assert set(RESOURCES["Webhooks"]["DependsOn"]) <= permissions
    (statement,) = RESOURCES["InvokeHooksPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {it["Ref"] for it in statement["Resource"]} <= {f"{function_of(hook)}.Alias" for hook in HOOKS}
    assert set(parsed()["Parameters"]["Hooks"]["Default"].split(",")) <= set(DEFAULT_HOOKS)
