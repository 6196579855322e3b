"""The catalogue of hooks, and that nothing else of the project knows other hooks."""

import pytest

from devtools.local import ROOT
from hookswitch.dash.hooks import CATALOGUE, DEFAULT_HOOKS, HOOKS, SELECTABLE_HOOKS
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.validation import validate


def test_every_hook_has_its_function() -> None:
    """Each folder of functions/hooks is a hook, but for the one that answers all other addresses."""
    folders = {path.parent.name for path in (ROOT / "functions" / "hooks").glob("*/handler.py")}
    assert folders - {"unknown"} == set(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_dash_accepts_every_registration(hook: str) -> None:
    """A webhook with a hook's registration passes Dash's own validation."""
    uri = f"https://example.com/{DEFAULT_ACCOUNT_ID}"
    validate({"name": hook, "uri": uri, **CATALOGUE[hook].registration()})


def test_registrations_differ() -> None:
    """No two hooks are registered as the same thing: Dash would call both for one event."""
    registrations = [str(hook.registration()) for hook in CATALOGUE.values()]
    assert len(set(registrations)) == len(registrations)


def test_the_catch_all_is_opt_in() -> None:
    """All hooks but the catch-all and hookswitch's own are registered by default, in the catalogue's order."""
    assert tuple(name for name in HOOKS if name not in DEFAULT_HOOKS) == ("notifications", "webhook_disabled")


def test_own_hook_is_no_choice() -> None:
    """Fourteen hooks are a customer's to choose; what hookswitch needs for itself is none of them."""
    assert [name for name in HOOKS if name not in SELECTABLE_HOOKS] == ["webhook_disabled"]
    assert len(SELECTABLE_HOOKS) == 14
