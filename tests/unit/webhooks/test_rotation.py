"""Rotation of the callback secret: the order that loses nothing, and what stops it."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.rotate.handler import handler
from hookswitch.callback.secret import CallbackSecret
from hookswitch.callback.token import token_for
from hookswitch.callback.verification import REFRESH_INTERVAL
from hookswitch.dash.client import DashClient
from hookswitch.errors import DashError, RotationError, UnavailableError
from hookswitch.webhooks.apply import apply_desired
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership
from hookswitch.webhooks.rotation import STEPS
from simulator.api import DashApi
from simulator.dash import Dash
from simulator.faults import Fault
from tests.unit.doubles import ACCOUNT, CALLBACK, SECRET, Context, Secrets, properties

SETTLE = 0.3


@pytest.fixture(autouse=True)
def _registered(api: DashApi, dash_client: DashClient, secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack whose webhooks are registered, and a settling time that tests can wait for."""
    desired = Desired.from_properties(properties(ApiUrl=api.url, CallbackBaseUrl="https://hooks.example.com"))
    monkeypatch.setenv("CALLBACK_SECRET_ARN", CALLBACK)
    monkeypatch.setenv("DASH_WEBHOOKS", desired.state())
    monkeypatch.setenv("CALLBACK_SETTLE_SECONDS", str(SETTLE))
    apply_desired(dash_client, desired, Ownership.of(desired))
    assert secrets.current(CALLBACK) == SECRET


def step(name: str, version: str = "v2") -> dict[str, Any]:
    """Carry out a step as Secrets Manager does."""
    return handler({"Step": name, "SecretId": CALLBACK, "ClientRequestToken": version}, Context())


def tokens(dash: Dash) -> set[str]:
    """Return the secrets that the registered tokens derive from."""
    return {webhook.uri.rpartition("/")[2] for webhook in dash.webhooks(ACCOUNT)}


def tokens_of(secret: str) -> set[str]:
    """Return what `tokens` returns if all webhooks have a secret's token."""
    return {token_for(secret, hook) for hook in ("channel_create", "parking", "missed_call")}


def test_by_hand(dash: Dash, secrets: Secrets) -> None:
    """One call does it all: the new version is the current one, the old one the previous, and the webhooks follow."""
    started = time.monotonic()
    said = handler({}, Context())
    assert len(said["webhooks"]) == 3
    assert time.monotonic() - started >= SETTLE
    assert secrets.current(CALLBACK) != SECRET
    assert secrets.get_secret_value(CALLBACK, "AWSPREVIOUS")["SecretString"] == SECRET
    assert tokens(dash) == tokens_of(secrets.current(CALLBACK))


def test_steps_and_their_repetition(dash: Dash, secrets: Secrets) -> None:
    """Each step may be carried out twice; only the last one changes what works."""
    for name in STEPS[:-1]:
        step(name)
        step(name)
    assert secrets.current(CALLBACK) == SECRET
    assert tokens(dash) == tokens_of(SECRET)
    step("finishSecret")
    step("finishSecret")
    assert tokens(dash) == tokens_of(secrets.current(CALLBACK)) != tokens_of(SECRET)


def test_waits_before_new_tokens(dash: Dash, secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    """No webhook gets its new token before every function is sure to accept it: more than a minute, by default."""
    monkeypatch.delenv("CALLBACK_SETTLE_SECONDS")
    waits: list[tuple[float, bool]] = []
    monkeypatch.setattr(
        CallbackSecret,
        "wait_until_settled",
        lambda self, _: waits.append((self.settled_at - time.time(), tokens(dash) == tokens_of(SECRET))),
    )
    handler({}, Context())
    ((seconds, untouched),) = waits
    assert untouched
    assert seconds > REFRESH_INTERVAL + 1
    assert secrets.current(CALLBACK) != SECRET


def test_webhooks_of_a_stack_that_is_deleted_stay_away(dash: Dash, monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks that are deleted while the rotation waits are not made again."""

    def delete_all(*_: object) -> None:
        for webhook in dash.webhooks(ACCOUNT):
            dash.remove(webhook.id)

    monkeypatch.setattr(CallbackSecret, "wait_until_settled", delete_all)
    assert handler({}, Context())["webhooks"] == []
    assert dash.webhooks(ACCOUNT) == []


def test_no_time_to_wait(dash: Dash, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the function's time does not suffice for the wait, it says so instead of skipping it."""
    monkeypatch.delenv("CALLBACK_SETTLE_SECONDS")
    with pytest.raises(DashError, match="Try again in two minutes"):
        handler({}, Context(seconds=30))
    assert tokens(dash) == tokens_of(SECRET)


def test_dash_away_after_the_promotion(dash: Dash, api: DashApi, secrets: Secrets) -> None:
    """The webhooks go on with the previous version's tokens, and the repeated step gives them the new ones."""
    for name in STEPS[:-1]:
        step(name)
    api.faults.add(Fault("POST", count=None, status=503))
    with pytest.raises(UnavailableError):
        step("finishSecret")
    assert secrets.get_secret_value(CALLBACK, "AWSPREVIOUS")["SecretString"] == SECRET
    assert tokens(dash) == tokens_of(SECRET)
    api.faults.clear()
    step("finishSecret")
    assert tokens(dash) == tokens_of(secrets.current(CALLBACK))


def test_second_rotation_brings_stragglers_along(dash: Dash, api: DashApi, secrets: Secrets) -> None:
    """Webhooks that still have the previous token get the current one before it becomes the previous."""
    secrets.put(CALLBACK, "a second secret, which no webhook has seen yet.", changed=datetime.now(UTC))
    handler({}, Context())
    assert tokens(dash) == tokens_of(secrets.current(CALLBACK))
    uris = [call.method for call in api.calls].count("POST")
    assert uris == 6


@pytest.mark.parametrize("name", ["testSecret", "finishSecret"])
def test_never_promotes_over_stragglers(dash: Dash, secrets: Secrets, name: str) -> None:
    """If a webhook got an older token meanwhile, the secret stays as it is and the sentence says what to do."""
    step("createSecret")
    step("setSecret")
    webhook = dash.webhooks(ACCOUNT)[0]
    hook = webhook.uri.split("/")[-2]
    webhook.uri = webhook.uri.replace(token_for(SECRET, hook), token_for("the oldest", hook))
    with pytest.raises(RotationError, match="Rotate again") as caught:
        step(name)
    assert webhook.name in str(caught.value)
    assert secrets.current(CALLBACK) == SECRET


def test_dash_away_before_the_promotion(api: DashApi, secrets: Secrets) -> None:
    """Nothing changes while Dash can't be looked at."""
    api.faults.add(Fault(count=None, status=503))
    with pytest.raises(UnavailableError):
        handler({}, Context())
    assert secrets.current(CALLBACK) == SECRET


def test_two_rotations_at_once(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was overtaken by another does not promote."""
    step("createSecret")
    promote = secrets.update_secret_version_stage

    def overtaken(**given: str) -> None:
        secrets.put(CALLBACK, "the other one's secret, 32 characters and more")
        promote(**given)

    monkeypatch.setattr(secrets, "update_secret_version_stage", overtaken)
    with pytest.raises(ClientError):
        step("finishSecret")
    assert secrets.current(CALLBACK).startswith("the other one's")


def test_leaves_the_rest_alone(dash: Dash) -> None:
    """A rotation changes tokens only: what somebody edited, or switched off, stays so."""
    webhook = dash.webhooks(ACCOUNT)[0]
    webhook.disable()
    before = webhook.document()
    handler({}, Context())
    after = webhook.document()
    assert {name for name in before if before[name] != after.get(name)} == {"uri"}


@pytest.mark.parametrize("event", [{"Step": "nonsense"}, {"Step": "createSecret", "SecretId": "another"}])
def test_what_it_does_not_do(event: dict[str, str]) -> None:
    """Unknown steps and other secrets are refused."""
    with pytest.raises(RotationError):
        handler(event, Context())


def test_a_short_secret_is_no_secret(secrets: Secrets) -> None:
    """A pending version that somebody else has put there is not promoted when it is too short."""
    secrets.put_secret_value(CALLBACK, "v2", "x" * 31, ["AWSPENDING"])
    with pytest.raises(RotationError, match="fewer than 32"):
        step("testSecret")


@pytest.mark.parametrize("length", [32, 40, 63])
def test_a_secret_of_the_template_is_long_enough(dash: Dash, secrets: Secrets, length: int) -> None:
    """The schedule's test passes with a secret of any length that the template allows, and rotates it."""
    value = "x" * length
    secrets.put(CALLBACK, value)
    apply_all_tokens(dash, value)
    secrets.put_secret_value(CALLBACK, "a test", value, ["AWSPENDING"])
    step("testSecret", "a test")
    handler({}, Context())
    assert secrets.current(CALLBACK) != value
    assert tokens(dash) == tokens_of(secrets.current(CALLBACK))


def test_the_schedules_own_test_has_an_empty_version(dash: Dash, secrets: Secrets) -> None:
    """When a schedule is made, Secrets Manager tests it with a version that holds nothing yet."""
    step("testSecret", "a version that holds nothing")
    assert secrets.current(CALLBACK) == SECRET
    assert tokens(dash) == tokens_of(SECRET)


def test_an_empty_version_is_never_promoted(secrets: Secrets) -> None:
    """Out of order, the last step does not make a version current that holds nothing."""
    with pytest.raises(RotationError, match="has no value"):
        step("finishSecret", "a version that holds nothing")
    assert secrets.current(CALLBACK) == SECRET


def apply_all_tokens(dash: Dash, secret: str) -> None:
    """Give all webhooks the tokens of a secret."""
    for webhook in dash.webhooks(ACCOUNT):
        address, _, _ = webhook.uri.rpartition("/")
        webhook.uri = f"{address}/{token_for(secret, address.rpartition('/')[2])}"
