"""Webhooks in the template: order of creation, timeouts, and the hook functions' cold start."""

import subprocess
import sys
from typing import Any

import pytest

from devtools.local import ROOT
from devtools.template import ASKED, expanded, parsed, references, resources
from hookswitch.dash.hooks import DEFAULT_HOOKS
from hookswitch.webhooks.dash_login import CHECKED
from hookswitch.webhooks.desired import Desired


def properties(resource: str) -> dict[str, Any]:
    """Return the properties of a resource."""
    found: dict[str, Any] = parsed()["Resources"][resource]["Properties"]
    return found


def test_webhooks_follow_the_api() -> None:
    """They are made after its stage, removed before it, and updated at each deployment."""
    assert "${Api.Stage}" in str(properties("Webhooks")["ApiAddress"])
    assert properties("Webhooks")["Deployment"] == {"Ref": "Api.Deployment"}


def test_every_property_is_understood() -> None:
    """The custom resource has exactly the properties that `Desired` reads, plus those that it needs itself."""
    aliases = {field.alias for field in Desired.model_fields.values()}
    assert properties("Webhooks").keys() - aliases == {"ServiceToken", "ServiceTimeout", "Deployment"}
    assert aliases <= properties("Webhooks").keys()


def needed(resource: str) -> set[str]:
    """Return everything that has to exist before a resource, directly or not."""
    made = resources(expanded(**ASKED), **ASKED)
    found: set[str] = set()
    waiting = [resource]
    while waiting:
        direct = set(references(made[waiting.pop()])) & made.keys()
        waiting += direct - found
        found |= direct
    return found


def test_login_is_checked_before_the_table_is_made() -> None:
    """Nothing that outlives a stack whose creation fails is made before the check."""
    made = resources(expanded(**ASKED | {"AccessLog": "on-with-account-role"}), **ASKED)
    retained = {name for name, it in made.items() if it.get("DeletionPolicy") == "Retain"}
    assert "EventsTable" in retained
    for name in retained:
        assert "DashLogin" in needed(name)
    assert not retained & needed("DashLogin")


def test_login_is_checked_again_when_it_may_fail() -> None:
    """CloudFormation sends an update when the account, the address or the secret is another."""
    login = properties("DashLogin")
    assert login.keys() - {"ServiceToken", "ServiceTimeout"} == set(CHECKED)
    assert login["ServiceTimeout"] > properties("Provision")["Timeout"]


def test_time_limits() -> None:
    """CloudFormation waits longer than the function may take, and Lambda does not retry a failed request."""
    assert properties("Webhooks")["ServiceTimeout"] > properties("Provision")["Timeout"]
    assert properties("Provision")["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


def test_no_secret_among_the_properties() -> None:
    """CloudFormation shows properties, so they contain only the ARNs of secrets."""
    secret = {name for name, it in parsed()["Parameters"].items() if it.get("NoEcho")}
    assert secret == {"DashApiKey"}
    assert not secret & set(references(properties("Webhooks")))


def test_the_catch_all_is_opt_in() -> None:
    """Every hook except the catch-all is registered by default."""
    default = parsed()["Parameters"]["Hooks"]["Default"].split(",")
    assert tuple(default) == DEFAULT_HOOKS


def test_rotation_is_opt_in() -> None:
    """The rotation schedule, which some emulators don't support, has a condition that is false by default."""
    assert parsed()["Resources"]["CallbackRotation"]["Condition"] == "RotatesCallbackSecret"
    assert parsed()["Parameters"]["CallbackRotationDays"]["Default"] == 0


@pytest.mark.parametrize("hook", ["channel_create", "notifications"])
def test_cold_start_of_hooks(hook: str) -> None:
    """No hook function imports the Dash client or the CloudFormation protocol."""
    code = (
        f"import sys; sys.path.insert(0, 'functions/hooks/{hook}'); import handler; "
        "print([name for name in sys.modules if name.startswith(('hookswitch.dash', 'hookswitch.cloudformation'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
