"""Nobody acts on what is another account's, or without the role, or from another page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from devtools.console.serve import DESTINATIONS, OTHER_ACCOUNT, TABLE, LocalConsole
from hookswitch.console.action_log import SHOWN, ActionLog, Record
from hookswitch.console.scope import Scope
from hookswitch.console.users import User
from hookswitch.destinations.record import Destination, Filter
from hookswitch.destinations.rows import destination_row
from tests.unit.console.browser import Browser
from tests.unit.console.conftest import NOW
from tests.unit.console.test_accounts import MINE, OF_ALL, OF_DESTINATIONS, UNKNOWN
from tests.unit.console.test_actions import ACTIONS, records
from tests.unit.devtools.call_records import at

THEIRS = OTHER_ACCOUNT
BODIES: dict[str, dict[str, Any]] = {"quarantine/replay": {"hook": "parking", "dry_run": True}} | {
    "webhooks/reconcile": {"dry_run": True}
}

type AsUser = Callable[..., Browser]


@pytest.fixture
def console(console: LocalConsole) -> LocalConsole:
    """A console of a stack with destinations for one account, for the other, for both, and for all."""
    for name, accounts in {"mine": [MINE], "theirs": [THEIRS], "both": [MINE, THEIRS], "all": []}.items():
        made = Destination(name, name, "https", "https://example.com/…", b"", Filter(accounts=tuple(accounts)))
        console.tables.put(DESTINATIONS, destination_row(made), "owner", "sort")
    for account in (MINE, THEIRS):
        item = {"event_id": f"event-{account}", "kind": "event", "account_id": account, "hook": "parking"}
        console.tables.put(TABLE, item)
    return console


@pytest.fixture
def as_user(console: LocalConsole) -> AsUser:
    """Sign in an operator with some accounts, or somebody with other roles."""

    def sign_in(accounts: str = "*", groups: tuple[str, ...] = ("operators",)) -> Browser:
        claims = {"sub": "somebody", "email": "somebody@example.com"}
        console.pool.claims = {**claims, "cognito:groups": [*groups], "custom:accounts": accounts}
        browser = Browser(console)
        browser.go()
        return browser

    return sign_in


def ask(browser: Browser, path: str) -> Any:
    """Ask for something as the page does."""
    return browser.get(path) if path.endswith("attempts") else browser.post(path, BODIES.get(path))


@pytest.mark.parametrize("accounts", ["", MINE, f"{MINE} {UNKNOWN}"])
@pytest.mark.parametrize("name", ["theirs", "both", "all"])
@pytest.mark.parametrize("asked", [one for several in OF_DESTINATIONS.values() for one in several])
def test_destination_of_others(console: LocalConsole, as_user: AsUser, asked: str, name: str, accounts: str) -> None:
    """It is answered as one that does not exist, to the letter, and nothing is done or recorded."""
    browser = as_user(accounts)
    answer, nothing = ask(browser, asked.replace("theirs", name)), ask(browser, asked.replace("theirs", "nobody"))
    assert answer.status == nothing.status == 404
    assert answer.body == nothing.body
    assert answer.headers == nothing.headers
    assert [*console.functions.asked, *records(console)] == []


@pytest.mark.parametrize(("accounts", "name"), [(MINE, "mine"), (f"{MINE} {THEIRS}", "both"), ("*", "all")])
@pytest.mark.parametrize("asked", [one for several in OF_DESTINATIONS.values() for one in several])
def test_destination_of_ones_own(as_user: AsUser, asked: str, name: str, accounts: str) -> None:
    """Who sees all accounts of a destination acts on it, so the test above means something."""
    assert ask(as_user(accounts), asked.replace("theirs", name)).status == 200


@pytest.mark.parametrize("asked", OF_ALL)
@pytest.mark.parametrize("accounts", ["", MINE, f"{MINE} {THEIRS}"])
def test_whole_stack(console: LocalConsole, as_user: AsUser, asked: str, accounts: str) -> None:
    """What is about all accounts takes who sees all that the stack serves, which may be its own alone."""
    browser = as_user(accounts)
    assert ask(browser, asked).status == 403
    assert console.functions.asked == []
    assert browser.get("health").json["may_act"] is False
    console.settings = replace(console.settings, include_subaccounts=False)
    assert ask(browser, asked).status == 200
    assert browser.get("health").json["may_act"] is True


def test_health_of_ones_own(console: LocalConsole, as_user: AsUser) -> None:
    """An operator of one account sees its destinations, quarantine and actions only."""
    for number, account in enumerate((MINE, THEIRS, None, "nonsense")):
        entry = {"feed": "quarantine", "timeline_key": at(number), "account_id": account, "hook": "parking"}
        summary = f"Quarantined parking: reason {number}"
        console.tables.put(TABLE, {"event_id": f"quarantine-{number}", "summary": summary, **entry})
    for name in ("mine", "theirs", "all"):
        as_user("*").post(f"destinations/{name}/pause")
    seen = as_user(MINE).get("health").json
    assert [it["name"] for it in seen["destinations"]] == ["mine"]
    assert [it["account_id"] for it in seen["quarantine"]["newest"]] == [MINE]
    assert seen["quarantine"]["count"]["number"] == 1
    assert seen["quarantine"]["hooks"] == [
        {"hook": "parking", "number": 1, "reasons": [{"reason": "reason 0", "number": 1}]}
    ]
    assert [it["target"] for it in seen["actions"]] == ["mine"]
    everything = as_user("*").get("health").json
    assert [it["name"] for it in everything["destinations"]] == ["all", "both", "mine", "theirs"]
    assert everything["quarantine"]["count"]["number"] == 4
    assert {it["target"] for it in everything["actions"]} == {"mine", "theirs", "all"}


def test_own_action_behind_many(console: LocalConsole, as_user: AsUser) -> None:
    """What somebody did is found behind more of others' actions than are shown; of these, no more is read than that."""
    for second in range(SHOWN + 5):
        at_ = datetime.fromtimestamp(NOW + second, UTC)
        accounts = (THEIRS,) if second else (MINE,)
        record = Record(at_, User("1", "", frozenset(), ()), "destination.pause", "x", {}, accounts, "paused x")
        ActionLog(console.settings).begin(record)
    browsers = {name: as_user(accounts) for name, accounts in {"mine": MINE, "all": "*"}.items()}
    console.clock = lambda: NOW + 60
    read = {}
    for name, browser in browsers.items():
        before = len(console.tables.asked)
        assert len(browser.get("health").json["actions"]) == (1 if name == "mine" else SHOWN)
        read[name] = console.tables.asked[before:].count("BatchGetItem")
    assert read == {"mine": 2, "all": 1}


@pytest.mark.parametrize(
    ("accounts", "name", "event", "status"),
    [
        (MINE, "mine", MINE, 200),
        (MINE, "mine", THEIRS, 409),
        (f"{MINE} {THEIRS}", "mine", THEIRS, 409),
        (f"{MINE} {THEIRS}", "both", THEIRS, 200),
        ("*", "mine", THEIRS, 409),
        ("*", "all", THEIRS, 200),
    ],
)
def test_event_of_others(
    console: LocalConsole, as_user: AsUser, accounts: str, name: str, event: str, status: int
) -> None:
    """An event goes only where its account's events go, at the word of who sees that account; for others it is not."""
    browser = as_user(accounts)
    answer = browser.post(f"destinations/{name}/resend", {"event_id": f"event-{event}"})
    assert answer.status == status
    if status != 200:
        assert answer.body == browser.post(f"destinations/{name}/resend", {"event_id": "event-nobody"}).body
        assert [*console.functions.asked, *records(console)] == []


@pytest.mark.parametrize("path", [*ACTIONS, "destinations/mine/attempts"])
@pytest.mark.parametrize("groups", [(), ("calls",), ("payloads",), ("calls", "payloads"), ("administrators",)])
def test_role(console: LocalConsole, as_user: AsUser, path: str, groups: tuple[str, ...]) -> None:
    """All of it takes operators."""
    answer = ask(as_user("*", groups), path)
    assert (answer.status, answer.code) == (403, "forbidden")
    assert [*console.functions.asked, *records(console)] == []


@pytest.mark.parametrize("path", ACTIONS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": ""}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://example.org"}, 403),
        ({"origin": "https://console.example.com.example.org"}, 403),
        ({"origin": "http://console.example.com"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "text/plain; application/json"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, 415),
        ({"content_type": ""}, 415),
    ],
)
def test_other_pages(console: LocalConsole, as_user: AsUser, path: str, headers: dict[str, str], status: int) -> None:
    """Only the console's own page acts, with the cookie of somebody who may; and no form of another page is JSON."""
    answer = as_user().post(path, ACTIONS[path][0], **headers)
    assert answer.status == status
    assert [*console.functions.asked, *records(console)] == []


def test_without_origin(console: LocalConsole, as_user: AsUser) -> None:
    """What does not say where it comes from does nothing."""
    headers = {"content-type": "application/json"}
    answer = as_user().ask("/api/destinations/mine/pause", method="POST", headers=headers, body="{}")
    assert answer.status == 403
    headers |= {"origin": console.settings.address, "content-type": "Application/JSON; charset=utf-8"}
    answer = as_user().ask("/api/destinations/mine/pause", method="POST", headers=headers, body="{}")
    assert answer.status == 200


@pytest.mark.parametrize("path", [*ACTIONS, "destinations/mine/attempts"])
def test_without_a_session(console: LocalConsole, path: str) -> None:
    """Nobody does anything without having signed in, or after signing out."""
    assert ask(Browser(console), path).status == 401
    assert [*console.functions.asked, *records(console)] == []


@pytest.mark.parametrize("path", ACTIONS)
def test_get_changes_nothing(console: LocalConsole, as_user: AsUser, path: str) -> None:
    """An address that acts can't be linked to."""
    assert as_user().get(path).status == 405
    assert console.functions.asked == []


@pytest.mark.parametrize("name", ["..", "MINE", "mine%2f", "-", "a" * 41, "mine\n", ""])
def test_names(as_user: AsUser, name: str) -> None:
    """What can't be a destination's name is none of the API's addresses."""
    assert as_user().post(f"destinations/{name}/pause").status == 404


def test_descendants() -> None:
    """A destination that gets the events of subaccounts takes who sees these, too."""
    user = User("1", "", frozenset({"operators"}), (MINE,))
    scope = Scope(user, MINE, includes_subaccounts=True)
    destination = Destination("a", "a", "https", "", b"", Filter(accounts=(MINE,)))
    assert scope.has_destination(destination)
    assert not scope.has_destination(replace(destination, descendants=(THEIRS,)))
