"""Nobody sees anything of an account that is not theirs, whichever endpoint they ask."""

import json
from collections.abc import Callable, Mapping

import pytest

from devtools.console.serve import OTHER_ACCOUNT, TABLE, USERS, LocalConsole
from hookswitch.console import messages
from hookswitch.console.api import DESTINATION, ENDPOINTS, Endpoint
from hookswitch.console.questions import cursor_after
from hookswitch.console.users import User
from hookswitch.events.items import feed_key
from tests.unit.console.browser import Browser
from tests.unit.devtools.call_records import ACCOUNT as RECORDED
from tests.unit.devtools.call_records import START, at, record

MINE, THEIRS = "5a2d994fbae69b1d6b01eb9f0e7dfe62", OTHER_ACCOUNT
UNKNOWN = "9" * 32
SECRET = "of the other account"
DAY = START.date().isoformat()

CALL = record(7, account_id=THEIRS, summary=f"Call {SECRET}", **{"from": {"number": "+15551234567", "name": SECRET}})
OPEN = record(8, account_id=THEIRS, state="in_progress", summary=f"Call {SECRET}")
OWN = record(9, account_id=MINE)
MESSAGE, DROP = (
    {
        "event_id": name * 32,
        "hook": hook,
        "account_id": THEIRS,
        "summary": SECRET,
        "subject": f"device/{SECRET}",
        "occurred_at": at(30),
        "timeline_key": f"{at(30)}#50#{at(30)}",
        "feed": feed_key(THEIRS, hook, at(30)),
        "payload": {"x": SECRET},
    }
    for name, hook in (("d", "voicemail_new"), ("e", "deregister"))
)

# How each endpoint is asked for what belongs to another account. A new endpoint has to be here.
ASKED: Mapping[str, tuple[str, ...]] = {
    "me": ("me?account={account}",),
    "calls": (
        "calls?day={day}&account={account}",
        "calls?number=%2B15551234567&account={account}",
        "calls?party=device/" + "d" * 32 + "&account={account}",
        "calls?status=open&account={account}",
        "calls?day={day}&account={account}&cursor={cursor}",
    ),
    r"calls\.csv": ("calls.csv?day={day}&account={account}",),
    "calls/([0-9a-f]{32})": ("calls/{call}",),
    "calls/([0-9a-f]{32})/events": ("calls/{call}/events",),
    "day": ("day?day={day}&account={account}",),
    "now": ("now?account={account}",),
    "messages": (
        "messages?day={day}&account={account}",
        "messages?kind=voicemail&account={account}",
        "messages?day={day}&account={account}&cursor={after}",
        "messages?call={call}",
    ),
    "health": ("health?account={account}",),
}
# What is asked of a destination; test_actions_of_accounts.py asks for another account's.
OF_DESTINATIONS = {
    f"{DESTINATION}/attempts": ("destinations/theirs/attempts",),
    f"{DESTINATION}/test": ("destinations/theirs/test",),
    f"{DESTINATION}/pause": ("destinations/theirs/pause",),
    f"{DESTINATION}/resume": ("destinations/theirs/resume",),
    f"{DESTINATION}/resend": ("destinations/theirs/resend",),
}
READ = f"{DESTINATION}/attempts"  # changes nothing
# What is asked of the whole stack, and takes who sees all of it.
OF_ALL = {"quarantine/replay": ("quarantine/replay",), "webhooks/reconcile": ("webhooks/reconcile",)}
OF_THE_STACK = {"me", "health"}  # which are about who asks, or about no account

# What asks for another account's data in the name of one's own.
DISGUISED = (
    "calls?day={day}&cursor={cursor}",
    "calls?party=owner/../" + THEIRS,
    "calls?number=" + THEIRS + "/number/15551234567",
    "calls?number=../" + THEIRS + "/number/15551234567",
    "calls?day={day}&account=",
    "calls?day={day}&account=*",
    "calls?day={day}&account={account}/call/x",
    "calls?day={day}&account=%00{account}",
    "calls?account={own}&account={account}&day={day}",
    "calls?day={day}&account={account}&account=",
    "now?account=",
    "now?account=*",
    "now?account={account}/",
    "messages?day={day}&cursor={after}",
    "messages?day={day}&account={own}&cursor={after}",
    "messages?account={account}%2Fvoicemail_new",
    "messages?call={call}&account={own}",
    "messages?day={day}&kind=voicemail/{account}",
)

AFTER = messages.cursor_after(MESSAGE | {"event_id": "f" * 32})  # after which their message comes


def filled(text: str, call: str = CALL["call"], account: str = THEIRS) -> str:
    """Return an address with what it asks for."""
    return text.format(account=account, call=call, day=DAY, cursor=cursor_after(OPEN), own=MINE, after=AFTER)


@pytest.fixture
def console(console: LocalConsole) -> LocalConsole:
    """A console with calls of two accounts."""
    assert RECORDED not in {MINE, THEIRS}
    for call in (CALL, OPEN, OWN):
        console.tables.put_call(TABLE, call)
    for event_id in CALL["events"]:
        console.tables.put(TABLE, MESSAGE | {"event_id": event_id, "feed": None})
    for event in (MESSAGE, DROP):
        console.tables.put(TABLE, event)
    return console


@pytest.fixture
def as_user(console: LocalConsole) -> Callable[..., Browser]:
    """Sign in somebody with some claims."""

    def sign_in(**claims: object) -> Browser:
        console.pool.claims = {"sub": "somebody", "cognito:groups": ["calls", "payloads"], **claims}
        browser = Browser(console)
        browser.go()
        return browser

    return sign_in


def test_every_endpoint_is_tested() -> None:
    """Each endpoint has its questions here."""
    tables = {**ASKED, **OF_DESTINATIONS, **OF_ALL}
    assert {endpoint.path.pattern for endpoint in ENDPOINTS} == tables.keys()
    for endpoint in ENDPOINTS:
        assert (endpoint.method == "POST") is (endpoint.path.pattern in tables.keys() - ASKED.keys() - {READ})
        for asked in tables[endpoint.path.pattern]:
            assert endpoint.path.fullmatch(filled(asked).partition("?")[0])


@pytest.mark.parametrize("groups", [["calls", "payloads"], ["calls", "payloads", "operators"]])
@pytest.mark.parametrize("accounts", ["", MINE, f"{MINE} {UNKNOWN}"])
@pytest.mark.parametrize("asked", [one for path, all_of in ASKED.items() if path not in OF_THE_STACK for one in all_of])
def test_account_of_others(as_user: Callable[..., Browser], asked: str, accounts: str, groups: list[str]) -> None:
    """The answer is the one about what does not exist, to the letter, whatever role the user has."""
    browser = as_user(**{"custom:accounts": accounts, "cognito:groups": groups})
    answer, nothing = browser.get(filled(asked)), browser.get(filled(asked, UNKNOWN, "8" * 32))
    assert answer.status == nothing.status == 404
    assert answer.body == nothing.body == browser.get("no-such-endpoint").body
    assert answer.headers == nothing.headers


@pytest.mark.parametrize("asked", [one for path in sorted(OF_THE_STACK) for one in ASKED[path]])
def test_what_is_about_no_account(as_user: Callable[..., Browser], asked: str) -> None:
    """Naming an account changes nothing in an answer that is about none."""
    browser = as_user(**{"cognito:groups": ["operators"]})
    assert browser.get(filled(asked)).json == browser.get(asked.partition("?")[0]).json
    assert SECRET not in browser.get(filled(asked)).body.decode()


@pytest.mark.parametrize("asked", DISGUISED)
def test_disguises(as_user: Callable[..., Browser], asked: str) -> None:
    """No parameter leads out of the account."""
    answer = as_user().get(filled(asked))
    assert answer.status in {200, 400, 404}
    assert SECRET not in answer.body.decode()
    if answer.status == 200:
        shown = [*answer.json.get("calls", ()), *answer.json.get("open", ())]
        assert {call["account_id"] for call in shown} <= {MINE}


@pytest.mark.parametrize("asked", [one for path, all_of in ASKED.items() if path not in OF_THE_STACK for one in all_of])
@pytest.mark.parametrize("claims", [USERS["other"], USERS["operator"]], ids=["theirs", "all"])
def test_those_who_may(as_user: Callable[..., Browser], asked: str, claims: Mapping[str, object]) -> None:
    """Whoever has the account, or an operator who has all, does get something, so the tests above mean something."""
    answer = as_user(**claims).get(filled(asked))
    assert answer.status == 200
    assert SECRET in answer.body.decode() or asked.partition("?")[0].removesuffix("/events") in {"calls.csv", "day"}


def test_other_account_only(as_user: Callable[..., Browser]) -> None:
    """A customer of a reseller sees their own account, and not the stack's."""
    browser = as_user(**USERS["other"])
    assert browser.get("me").json["accounts"] == {"own": None, "usual": THEIRS, "all": False, "listed": [THEIRS]}
    assert [call["call"] for call in browser.get("calls", day=DAY).json["calls"]] == [CALL["call"]]
    assert browser.get(f"calls/{OWN['call']}").status == 404


def test_event_of_another_account(as_user: Callable[..., Browser], console: LocalConsole) -> None:
    """An event that a call names is shown only if it is of the same account."""
    stolen = record(10, account_id=MINE, events=[*CALL["events"][:1]])
    console.tables.put_call(TABLE, stolen)
    answer = as_user().get(f"calls/{stolen['call']}/events")
    assert answer.json["events"] == []
    assert SECRET not in json.dumps(answer.json)


@pytest.mark.parametrize(
    ("accounts", "groups", "seen"),
    [
        ("", (), {MINE}),
        ("   ", (), {MINE}),
        ("*", (), set()),
        ("*", ("operators",), {MINE, THEIRS, UNKNOWN}),
        (f"* {THEIRS}", (), {THEIRS}),
        (f"* {THEIRS}", ("operators",), {MINE, THEIRS, UNKNOWN}),
        (THEIRS.upper(), (), {THEIRS}),
        (f"{THEIRS}\n{MINE}", (), {MINE, THEIRS}),
        ("anything", ("operators",), set()),
        (f"{THEIRS},{MINE}", (), set()),
    ],
)
def test_claims(accounts: str, groups: tuple[str, ...], seen: set[str]) -> None:
    """Accounts are separated by spaces; none means the stack's own; `*` means all, but to operators only."""
    user = User.from_claims({"sub": "1", "custom:accounts": accounts, "cognito:groups": [*groups]}, MINE)
    assert {account for account in (MINE, THEIRS, UNKNOWN) if user.sees_account(account)} == seen
    assert User.from_attributes(user.to_attributes()) == user


@pytest.mark.parametrize("groups", [None, "calls operators", "calls", {"calls": True}, 5])
def test_odd_groups(groups: object) -> None:
    """Only a list of groups gives roles."""
    assert User.from_claims({"sub": "1", "cognito:groups": groups}, MINE).roles == frozenset()


@pytest.mark.parametrize("account", ["*", "", None, 5, "x", "A" * 32, MINE + "/"])
def test_what_is_no_account(account: object) -> None:
    """Nobody sees what is no account's, not even who sees all."""
    user = User.from_claims({"sub": "1", "custom:accounts": "*", "cognito:groups": ["operators"]}, MINE)
    assert not user.sees_account(account)


@pytest.mark.parametrize(
    "endpoint", [it for it in ENDPOINTS if it.path.pattern in ASKED], ids=lambda endpoint: endpoint.path.pattern
)
def test_roles(as_user: Callable[..., Browser], endpoint: Endpoint) -> None:
    """Each endpoint needs its role, and no other one suffices."""
    path, role = endpoint.path.pattern, endpoint.role
    asked = filled(ASKED[path][0], OWN["call"], MINE)
    for groups in ([], ["calls"], ["payloads"], ["operators"], ["administrators", "CALLS"]):
        answer = as_user(**{"cognito:groups": groups}).get(asked)
        assert answer.status == (200 if role is None or role in groups else 403), groups
