"""The template's values become documents; what can't be used is named by its parameter."""

import json

import pytest

from hookswitch.callback.token import token_for
from hookswitch.dash.hooks import CATALOGUE, HOOKS, SELECTABLE_HOOKS
from hookswitch.errors import InvalidTemplateError
from hookswitch.receiving.processing import TEST_FIELD
from hookswitch.webhooks.desired import RESERVED, Desired
from simulator.validation import validate
from tests.unit.doubles import SECRET, properties
from tests.unit.events.test_event import ELSEWHERE, IDENTITY, NEEDED


@pytest.mark.parametrize("hook", HOOKS)
def test_registration_of_each_hook(hook: str) -> None:
    """Each hook is registered as Dash expects it, at its own route with its own token, and passes Dash's checks."""
    given = {"Hooks": hook} if hook in SELECTABLE_HOOKS else {"ReconcileAtOnce": "on"}
    document = Desired.from_properties(properties(**given)).documents(SECRET)[hook]
    validate(document)
    assert {name: document.get(name) for name in ("hook", "custom_data")} == {
        "custom_data": None,
        **CATALOGUE[hook].registration(),
    }
    base = "https://phones.execute-api.us-east-1.amazonaws.com/v1/hooks"
    assert document["uri"] == f"{base}/{hook}/{token_for(SECRET, hook)}"
    assert document["name"].startswith(f"Hookswitch {hook} (phones ")


def test_every_value_of_the_template() -> None:
    """All of them arrive, as the types that Dash wants."""
    desired = Desired.from_properties(
        properties(
            Hooks="missed_call",
            HttpVerb="get",
            PayloadFormat="form-data",
            Retries="0",
            IncludeSubaccounts="true",
            IncludeInternalLegs="false",
            CustomData='{"site": "north"}',
            NamePrefix="Phones of",
            CallbackBaseUrl="https://hooks.example.com/pbx/",
        )
    )
    document = desired.documents(SECRET)["missed_call"]
    assert document == {
        "name": f"Phones of missed_call {desired.mark}",
        "hook": "notifications",
        "uri": f"https://hooks.example.com/pbx/hooks/missed_call/{token_for(SECRET, 'missed_call')}",
        "http_verb": "get",
        "format": "form-data",
        "retries": 0,
        "enabled": True,
        "include_subaccounts": True,
        "include_internal_legs": False,
        "custom_data": {"site": "north", "type": "missed_call"},
    }


def test_own_hook_is_registered_unless_switched_off() -> None:
    """It comes in addition to the hooks that are asked for, for the account's own webhooks only."""
    given = properties(Hooks="parking", IncludeSubaccounts="true", ReconcileAtOnce="on")
    documents = Desired.from_properties(given).documents(SECRET)
    assert {hook: document["include_subaccounts"] for hook, document in documents.items()} == {
        "parking": True,
        "webhook_disabled": False,
    }
    without = Desired.from_properties(given | {"ReconcileAtOnce": "off"})
    assert [*without.documents(SECRET)] == ["parking"]


def test_state_of_an_earlier_release() -> None:
    """A state without ReconcileAtOnce, from a release that knew no such webhook, still says what to register."""
    state = json.loads(Desired.from_properties(properties()).state())
    del state["ReconcileAtOnce"]
    assert Desired.from_state(json.dumps(state)).reconcile_at_once


def test_state_comes_back_and_holds_no_token() -> None:
    """Other functions of the stack get the same desired state, as text that may be seen."""
    desired = Desired.from_properties(
        properties(CustomData='{"site": "north"}', CallbackBaseUrl="https://hooks.example.com")
    )
    assert Desired.from_state(desired.state()) == desired
    assert token_for(SECRET, "parking") not in desired.state()


def test_mark_is_a_stacks_own() -> None:
    """Stacks of one name in two regions differ; one that is made again finds its predecessor's webhooks."""
    here, there = Desired.from_properties(properties()), Desired.from_properties(properties(region="eu-west-1"))
    again = Desired.from_properties(properties() | {"StackId": properties()["StackId"].replace("0a1b", "ffff")})
    assert here.mark == again.mark != there.mark


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Hooks", "parking,nonsense", "names unknown hooks: nonsense"),
        ("Hooks", "parking,webhook_disabled", "names unknown hooks: webhook_disabled"),
        ("Hooks", "", "Hooks"),
        ("CustomData", "{not json}", "must be JSON text"),
        ("CustomData", '{"a": 1}', "valid string"),
        ("CustomData", '["a"]', "valid dictionary"),
        ("CustomData", '{"call_id": "x", "type": "y"}', "would overwrite fields that identify events: call_id, type"),
        ("CustomData", '{"hook_id": "x"}', "would overwrite fields that identify events: hook_id"),
        ("CustomData", '{"to": "x", "preview": "y"}', "would overwrite fields that identify events: preview, to"),
        ("CustomData", '{"site=1&call_id": "x"}', "invalid names"),
        ("CustomData", '{"call_id[]": "x"}', "invalid names"),
        ("CustomData", '{"call%5Fid": "x"}', "invalid names"),
        ("CustomData", '{"call id": "x"}', "invalid names"),
        ("CustomData", '{"": "x"}', "invalid names"),
        ("CustomData", '{"a\\n": "x"}', "invalid names"),
        ("Retries", "5", "less than or equal to 4"),
        ("HttpVerb", "put", "'post' or 'get'"),
        ("AccountId", "nobody", "AccountId"),
        ("ApiUrl", "example.com", "ApiUrl"),
        ("CallbackBaseUrl", "https://u@example.com", "CallbackBaseUrl"),
        ("CallbackBaseUrl", "http://hooks.example.com", "CallbackBaseUrl"),
        ("ApiUrl", "http://public-api.virtualpbx.com:8443/v2", "ApiUrl"),
        ("ApiUrl", "http://127.0.0.1.example.com/v2", "ApiUrl"),
        ("ApiUrl", "http://localhost:80@example.com/v2", "ApiUrl"),
        ("ApiUrl", "http://localhost:x/v2", "ApiUrl"),
        ("ApiUrl", "https://", "ApiUrl"),
    ],
)
def test_values_that_can_not_be_used(name: str, value: str, said: str) -> None:
    """The sentence names the parameter and what is wrong with it."""
    with pytest.raises(InvalidTemplateError) as caught:
        Desired.from_properties(properties(**{name: value}))
    assert name in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost/v2", "http://127.0.0.1:4567", "http://[::1]:8000/v2/"])
def test_plain_http_on_this_machine(url: str) -> None:
    """Tests reach a Dash on loopback without TLS; the template takes the same addresses."""
    assert Desired.from_properties(properties(ApiUrl=url)).api_url == url.rstrip("/")


def test_names_that_identify_events_are_reserved() -> None:
    """No field that any hook's events are told apart by can be overwritten by custom data."""
    needed = {name for names in (*IDENTITY.values(), *NEEDED.values()) for name in names}
    assert needed | set(ELSEWHERE.values()) | {"preview", "type", "account_id", TEST_FIELD} <= RESERVED
