"""The page of a deployed stack: signing in with Cognito, looking at calls, acting, and signing out."""

import json
import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from devtools.console import local_users
from devtools.local import DASH_ACCOUNT_ID
from devtools.stack import Stack
from devtools.waiting import wait_for
from hookswitch.calls.items import call_id, leg_id
from hookswitch.console.sign_in import SESSION
from hookswitch.console.users import ROLES
from hookswitch.destinations.record import Filter
from hookswitch.destinations.requests import Add, Remove
from simulator.calls.scenarios import SCENARIOS
from simulator.confidential import note
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.integration.browsing import Browser
from tests.integration.conftest import Stored
from tests.integration.delivering import Deliver

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

REFRESHED = 2.5  # seconds: more than the emulator's functions wait
ANOTHER = "e" * 32

type SignIn = Callable[..., Browser]


@pytest.fixture(scope="module")
def sign_in(stack: Stack, *, in_container: bool) -> SignIn:
    """Make a user and sign in."""
    if in_container:
        pytest.skip("The emulator in the container has no user pools.")
    password = note(f"password-{uuid4().hex}", "password")

    def signed_in(accounts: str = "", roles: tuple[str, ...] = ROLES) -> Browser:
        email, browser = f"{uuid4().hex}@example.com", Browser(stack)
        local_users.add_user(stack, email, roles=roles, accounts=accounts, password=password)
        assert Browser(stack).sign_in(email, "not the password").status != 303
        assert browser.sign_in(email, password).status == 303
        return browser

    return signed_in


@pytest.fixture(scope="module")
def call(deliver: Deliver, stored: Stored) -> str:
    """The key of a call that has just taken place."""
    rng, began = random.Random(), time.time() - 600
    steps = SCENARIOS["answered"].events(rng=rng, account_id=DASH_ACCOUNT_ID, now=began)
    for step in steps:
        assert deliver(step.hook, encode_json(step.payload)).outcome == "stored"
    leg = leg_id(DASH_ACCOUNT_ID, str(steps[0].payload["call_id"]))

    def final() -> str:
        key = str((stored(leg) or {}).get("call", ""))
        found = stored(call_id(key)) if key else None
        return key if found and found["final"] else ""

    return wait_for(final, "the call is final")


def test_session(sign_in: SignIn, call: str) -> None:
    """Somebody signs in, sees a call with its events, is asked about at the pool meanwhile, and signs out for good."""
    browser = sign_in("*")
    assert list(browser.cookies) == [SESSION]
    for address in ("/", "/calls", f"/calls/{call}", "/now", "/messages", "/operations"):
        assert b"<script" in browser.ask(address).data, address
    status, me = browser.get("me")
    assert status == 200
    assert me["user"]["roles"] == sorted(ROLES)
    numbered = browser.get("calls?number=%2B1%20555-234-0017&status=answered")[1]["calls"]
    assert numbered
    assert {row["account_id"] for row in [*numbered, *browser.get("calls")[1]["calls"]]} == {DASH_ACCOUNT_ID}
    assert browser.get(f"calls/{call}")[1]["call"]["status"] == "answered"
    events = browser.get(f"calls/{call}/events")[1]["events"]
    assert {"channel_create", "channel_destroy"} <= {event["hook"] for event in events}
    assert all("payload" in event for event in events)
    time.sleep(REFRESHED)
    status, health = browser.get("health")
    assert status == 200
    assert all(queue["messages"] is not None for queue in health["queues"])
    cookies = dict(browser.cookies)
    origin = browser.page.rstrip("/")
    left = browser.ask("/sign-out", "POST", {"origin": origin, "sec-fetch-site": "same-origin"})
    assert "/logout?" in json.loads(left.data)["location"]
    assert browser.cookies == {}
    browser.cookies = cookies
    assert browser.get("me")[0] == 401


@pytest.fixture
def destination(stack: Stack, lambda_: "LambdaClient") -> Iterator[str]:
    """The name of a destination at which nothing listens."""
    name, manages = f"desk-{uuid4().hex[:8]}", stack.resources["Destinations"]
    which, url = Filter(hooks=("voicemail_full",)), "https://receiver.invalid/"
    for request in (Add(name=name, type="https", url=url, filter=which), Remove(name=name)):
        answer = lambda_.invoke(FunctionName=manages, Payload=json.dumps(request.to_message()))
        assert "FunctionError" not in answer, answer["Payload"].read()
        if isinstance(request, Add):
            yield name


def test_actions(sign_in: SignIn, destination: str, stored: Stored) -> None:
    """An operator acts through the functions of the stack, which leaves a record; a dry run does not."""
    browser = sign_in("*")
    paused = browser.act(f"destinations/{destination}/pause")
    assert (paused["outcome"], paused["result"]) == ("done", {"owed": 0})
    record = stored(paused["action"])
    assert record is not None
    assert (record["kind"], record["hook"], record["account_id"]) == ("action", "destination.pause", DASH_ACCOUNT_ID)
    payload, email = record["payload"], browser.get("me")[1]["user"]["email"]
    assert (payload["email"], payload["target"], payload["outcome"]) == (email, destination, "done")
    sample = browser.act(f"destinations/{destination}/test")
    assert (sample["outcome"], sample["result"]["outcome"]) == ("failed", "retry")
    assert [it["is_test"] for it in browser.get(f"destinations/{destination}/attempts")[1]["attempts"]] == [True]
    for path, hook in (("quarantine/replay", {"hook": "voicemail_full"}), ("webhooks/reconcile", {})):
        looked = browser.act(path, dry_run=True, **hook)
        assert (looked["action"], looked["result"]["dry_run"]) == (None, True)
    _, health = browser.get("health")
    assert {"ServerErrors", "DeadLetters"} <= {alarm["name"] for alarm in health["alarms"]}
    (shown,) = [it for it in health["destinations"] if it["name"] == destination]
    assert shown["state"] == "paused"
    done = [(it["verb"], it["outcome"]) for it in health["actions"] if it["target"] == destination]
    assert done == [("destination.test", "failed"), ("destination.pause", "done")]


def test_views(sign_in: SignIn, call: str, deliver: Deliver) -> None:
    """A device that drops is called as in its newest call; a full mailbox leads to the call that found it full."""
    browser = sign_in()
    known = browser.get(f"calls/{call}")[1]["call"]
    bob = known["answered_by"]
    dropped = payload("deregister", authorizing_id=bob["device"], username=f"user_{uuid4().hex}")
    full = payload("voicemail_full", system_log_id=known["legs"][0]["leg"], voicemail_box=uuid4().hex)
    for event in (dropped, full):
        assert deliver(event["event_name"], encode_json(event)).outcome == "stored"
    status, now = browser.get("now")
    assert status == 200
    row = next(row for row in now["devices"] if row["device"].startswith(f"{dropped['username']}@"))
    assert (row["state"], row["name"], row["party"]) == ("dropped", bob["name"], f"device/{bob['device']}")
    status, listed = browser.get("messages?kind=voicemail&failed=1")
    assert status == 200
    assert [row["call"] for row in listed["messages"] if row["mailbox"] == full["voicemail_box"]] == [call]


def test_another_account(sign_in: SignIn, call: str) -> None:
    """Whoever has another account sees nothing of the stack's, and its id is as good as any that does not exist."""
    browser = sign_in(ANOTHER, ("calls", "payloads"))
    status, listed = browser.get("calls")
    assert (status, listed["account"], listed["calls"], listed["open"]) == (200, ANOTHER, [], [])
    for asked in (
        f"calls/{call}",
        f"calls/{call}/events",
        f"calls?account={DASH_ACCOUNT_ID}",
        f"day?account={'1' * 32}",
        f"now?account={DASH_ACCOUNT_ID}",
        f"messages?call={call}",
    ):
        assert browser.get(asked) == browser.get("nothing")
    assert browser.get("health")[0] == 403


def test_without_signing_in(stack: Stack, sign_in: SignIn) -> None:
    """Nobody gets anything but a place to sign in."""
    del sign_in
    browser = Browser(stack)
    assert browser.get("calls")[0] == 401
    assert browser.ask("/favicon.ico", headers={"sec-fetch-dest": "image"}).status == 404
    assert browser.ask("/", headers={"sec-fetch-dest": "image"}).status == 401
    assert browser.cookies == {}
