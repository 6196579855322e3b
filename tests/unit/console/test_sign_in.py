"""Signing in and out, through requests as browsers send them."""

import base64
import re
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from devtools.console.serve import SESSIONS, USERS, LocalConsole
from devtools.console.table import MemoryTables
from hookswitch.console.sessions import IDLE, LONGEST, REFRESHED
from hookswitch.console.sign_in import MOST_SIGN_INS, SESSION, SIGN_IN, SIGN_IN_SECONDS
from hookswitch.errors import SignInUnavailableError
from tests.unit.console.browser import FETCHES, NAVIGATES, Browser
from tests.unit.console.conftest import NOW


def at(console: LocalConsole, seconds: float) -> None:
    """Let so many seconds have passed."""
    console.clock = lambda: NOW + seconds


def sessions(console: LocalConsole) -> int:
    """Return how many sessions the table has."""
    return len(console.tables.tables.get(SESSIONS, {}))


def test_sign_in(console: LocalConsole) -> None:
    """Whoever goes to a page signs in and comes back to it; nothing but one cookie that no script can read is left."""
    browser = Browser(console)
    first = browser.ask("/calls?number=%2B1555", headers=NAVIGATES)
    assert first.status == 303
    second = browser.ask(first.location, headers=NAVIGATES)
    assert second.location == "/calls?number=%2B1555"
    (name,) = browser.cookies
    assert name == SESSION
    made = next(cookie for cookie in second.cookies if cookie.startswith(f"{SESSION}="))
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= {*made.split("; ")}
    assert browser.ask(second.location, headers=NAVIGATES).status == 200
    assert browser.get("me").json["user"] == {
        "email": "operator@example.com",
        "roles": ["calls", "operators", "payloads"],
    }


@pytest.mark.parametrize(
    "headers",
    [
        FETCHES,
        {"sec-fetch-dest": "image", "accept": "image/*"},
        {"sec-fetch-dest": "iframe"},
        {**NAVIGATES, "sec-purpose": "prefetch;prerender"},
        {"accept": "*/*"},
        {},
    ],
)
def test_only_navigations_sign_in(console: LocalConsole, headers: dict[str, str]) -> None:
    """An icon, a script or a look ahead begins no sign-in: it would take the place of the one that somebody makes."""
    answer = Browser(console).ask("/", headers=headers)
    assert (answer.status, answer.code, answer.cookies) == (401, "signed_out", ())


def test_old_browsers_sign_in(console: LocalConsole) -> None:
    """A browser that does not say what it does is asked what it takes."""
    assert Browser(console).ask("/", headers={"accept": "text/html,*/*"}).status == 303


@pytest.mark.parametrize("path", ["/favicon.ico", "/robots.txt", "/../etc", "/calls/xyz", "/api", "/static/", "/.env"])
def test_other_addresses_do_not_sign_in(console: LocalConsole, path: str) -> None:
    """What is no page begins no sign-in, even if somebody goes there."""
    answer = Browser(console).ask(path, headers=NAVIGATES)
    assert (answer.status, answer.cookies) == (404, ())


def test_several_tabs(console: LocalConsole) -> None:
    """Sign-ins that are under way at the same time don't disturb each other."""
    browser = Browser(console)
    begun = [browser.ask(path, headers=NAVIGATES).location for path in ("/calls", "/operations")]
    assert [browser.ask(where, headers=NAVIGATES).location for where in begun] == ["/calls", "/operations"]
    assert list(browser.cookies) == [SESSION]


def test_cookies_stay_few(console: LocalConsole) -> None:
    """Sign-ins that nobody completes leave no more cookies than API Gateway takes."""
    browser = Browser(console)
    for _ in range(3 * MOST_SIGN_INS):
        browser.ask("/", headers=NAVIGATES)
        assert sum(len(name) + len(value) for name, value in browser.cookies.items()) < 8_000
    assert browser.go().status == 200


@pytest.mark.parametrize("query", ["x=<script>", "x=\r\nset-cookie: b", "x=\\\\evil.example.com", "x" * 600])
def test_comes_back_without_an_odd_query(console: LocalConsole, query: str) -> None:
    """An address that no page of ours makes is left out of where a sign-in leads."""
    browser = Browser(console)
    begun = browser.ask(f"/calls?{query}", headers=NAVIGATES)
    assert browser.ask(begun.location, headers=NAVIGATES).location == "/"


@pytest.mark.parametrize("path", ["//evil.example.com", "/\\evil.example.com", "https://evil.example.com/"])
def test_leads_to_no_other_host(console: LocalConsole, path: str) -> None:
    """No sign-in leads to another host."""
    assert Browser(console).ask(path, headers=NAVIGATES).status == 404


def test_code_of_another_browser(console: LocalConsole) -> None:
    """A code that somebody slips into another browser signs nobody in there."""
    begun = Browser(console).ask("/", headers=NAVIGATES)
    victim = Browser(console)
    victim.ask("/", headers=NAVIGATES)  # a sign-in of its own is under way
    answer = victim.ask(begun.location, headers=NAVIGATES)
    assert answer.status == 400
    assert b"not signed in" in answer.body
    assert SESSION not in victim.cookies
    assert sessions(console) == 0


def test_state_of_another_sign_in(console: LocalConsole) -> None:
    """A cookie counts only for the sign-in that it was made for."""
    browser = Browser(console)
    first, second = (browser.ask("/", headers=NAVIGATES).location for _ in range(2))
    state, other = (re.findall("state=([^&]+)", where)[0] for where in (first, second))
    browser.cookies[SIGN_IN + other[:8]] = browser.cookies[SIGN_IN + state[:8]]
    assert browser.ask(first.replace(state, other), headers=NAVIGATES).status == 400
    assert browser.ask(second, headers=NAVIGATES).status == 400


def test_code_is_taken_once(console: LocalConsole) -> None:
    """Going back in the history signs nobody in again."""
    browser = Browser(console)
    begun = browser.ask("/", headers=NAVIGATES).location
    cookies = dict(browser.cookies)
    assert browser.ask(begun, headers=NAVIGATES).status == 303
    browser.cookies = cookies
    assert browser.ask(begun, headers=NAVIGATES).status == 400


def test_too_late(console: LocalConsole) -> None:
    """A sign-in that takes too long fails, and can be begun anew."""
    browser = Browser(console)
    begun = browser.ask("/", headers=NAVIGATES).location
    at(console, SIGN_IN_SECONDS)
    assert browser.ask(begun, headers=NAVIGATES).status == 400
    assert browser.go().status == 200


def test_refused(console: LocalConsole) -> None:
    """Who is refused by the pool sees a page that says so, which holds nothing of what the pool said."""
    browser = Browser(console)
    state = re.findall("state=([^&]+)", browser.ask("/", headers=NAVIGATES).location)[0]
    answer = browser.ask(f"/signed-in?state={state}&error=access_denied&error_description=<b>", headers=NAVIGATES)
    assert answer.status == 400
    assert b"<b>" not in answer.body
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("change", ["", "x", ".", "a.b", "{}", "x" * 5_000, "ä"])
def test_forged_cookie(browser: Browser, change: str) -> None:
    """A cookie that we did not make, or one that was changed, is none, and costs no read of the table."""
    genuine = browser.cookies[SESSION]
    for forged in (change, genuine + change if change else genuine[:-1], change + genuine[1:]):
        browser.cookies[SESSION] = forged
        browser.console.tables.asked.clear()
        assert browser.get("me").code == "signed_out"
        assert browser.console.tables.asked == []


def test_strangers_cost_nothing(console: LocalConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no cookie is refused without asking the user pool or the table for anything."""

    def away() -> bytes:
        raise SignInUnavailableError("nobody asked")

    monkeypatch.setattr(console.pool, "secret", away)
    assert Browser(console).get("me").code == "signed_out"
    assert console.tables.asked == []


def test_cookie_of_a_sign_in_is_no_session(console: LocalConsole) -> None:
    """What is signed for one use is not valid for another."""
    browser = Browser(console)
    browser.ask("/", headers=NAVIGATES)
    (cookie,) = browser.cookies.values()
    browser.cookies = {SESSION: cookie}
    assert browser.get("me").code == "signed_out"


def test_table_has_no_cookie(browser: Browser) -> None:
    """Who reads the table of sessions can't make a cookie of it."""
    stored = str(browser.console.tables.tables[SESSIONS])
    text = browser.cookies[SESSION].partition(".")[0]
    said = base64.urlsafe_b64decode(text + "==").decode()
    session_id = re.findall('"id":"([^"]+)"', said)[0]
    assert session_id not in stored


def test_sign_out(browser: Browser) -> None:
    """Signing out ends the session for every copy of its cookie, and the pool's, and says where to go."""
    copy = dict(browser.cookies)
    answer = browser.sign_out()
    assert (answer.status, answer.json) == (200, {"location": "/signed-out"})
    assert browser.cookies == {}
    assert sessions(browser.console) == 0
    assert browser.console.pool.revoked == {"refresh-code-1"}
    browser.cookies = copy
    assert browser.get("me").code == "signed_out"
    assert browser.ask("/signed-out", headers=NAVIGATES).status == 200


def test_sign_out_without_the_pool(browser: Browser) -> None:
    """It ends the session even if the pool is away."""
    browser.console.pool.is_away = True
    assert browser.sign_out().status == 200
    assert sessions(browser.console) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example.com"},
        {"origin": "null"},
        {},
        {"origin": "https://console.example.com", "sec-fetch-site": "cross-site"},
        {"origin": "https://console.example.com.evil.example.com"},
    ],
)
def test_others_do_not_sign_out(browser: Browser, headers: dict[str, str]) -> None:
    """Another site's page can't sign anybody out."""
    assert browser.ask("/sign-out", method="POST", headers=headers).status == 403
    assert browser.get("me").status == 200


def test_sign_in_again_ends_the_old_session(browser: Browser) -> None:
    """One browser has one session."""
    before = dict(browser.cookies)
    browser.cookies.pop(SESSION)
    begun = browser.ask("/", headers=NAVIGATES).location
    browser.cookies |= before
    assert browser.ask(begun, headers=NAVIGATES).status == 303
    assert sessions(browser.console) == 1
    assert browser.cookies[SESSION] != before[SESSION]
    assert browser.get("me").status == 200


def test_idle_session_is_over(browser: Browser) -> None:
    """A session that nobody uses for an hour is over, whether or not DynamoDB has deleted its item."""
    at(browser.console, IDLE - 1)
    browser.console.pool.is_away = True
    assert browser.get("me").status == 200
    at(browser.console, IDLE)
    assert browser.get("me").code == "signed_out"


def test_used_session_goes_on(browser: Browser) -> None:
    """One that is used goes on for half a day, and no longer."""
    for seconds in range(0, LONGEST, IDLE // 2):
        at(browser.console, seconds)
        session = browser.get("me").json["session"]
        assert session["expires_at"] <= session["ends_at"] == NOW + LONGEST
    at(browser.console, LONGEST)
    assert browser.get("me").code == "signed_out"


FEDERATED: dict[str, Any] = {
    "sub": "f4c8a4b8-0091-70d2-7e54-3b2f6d0f1c11",
    "cognito:username": "Company_9c1f0d62",
    "cognito:groups": ["us-east-1_EXAMPLE_Company"],
    "email": "somebody@example.com",
    "email_verified": False,
    "identities": [
        {
            "userId": "9c1f0d62",
            "providerName": "Company",
            "providerType": "SAML",
            "issuer": "https://sts.example.com/tenant/",
            "primary": "true",
            "dateCreated": "1795600000000",
        }
    ],
}
"""The claims of somebody whom an identity provider signed in: Amazon Cognito Developer Guide, "Understanding the
identity (ID) token", and "Adding groups to a user pool" for the group of all its users."""


def test_user_of_an_identity_provider(console: LocalConsole) -> None:
    """Whom a company's provider signs in sees nothing until somebody gives them a group, and then what it is for."""
    console.pool.claims = dict(FEDERATED)
    browser = Browser(console)
    assert browser.go("/calls").status == 200
    assert browser.get("me").json["user"] == {"email": "somebody@example.com", "roles": []}
    for path in ("calls", "day", "health"):
        assert browser.get(path).code == "forbidden"
    console.pool.claims["cognito:groups"] = [*FEDERATED["cognito:groups"], "calls"]
    at(console, REFRESHED)
    assert browser.get("calls").json["account"] == console.settings.account_id
    assert browser.get("health").code == "forbidden"


def test_address_of_somebody_else(console: LocalConsole) -> None:
    """An e-mail address gives nothing: a provider that says another's gets no roles of theirs. One without is named."""
    operator = Browser(console)
    operator.go()
    email = operator.get("me").json["user"]["email"]
    for claims, shown in (({"email": email}, email), ({"email": ""}, "Company_9c1f0d62")):
        console.pool.claims = FEDERATED | claims
        browser = Browser(console)
        browser.go()
        assert browser.get("me").json["user"] == {"email": shown, "roles": []}


def test_changed_groups_count(browser: Browser) -> None:
    """Whoever loses a role loses it within a quarter of an hour; nobody is asked at every request."""
    browser.console.pool.claims |= {**USERS["reader"], "custom:accounts": ""}
    assert browser.get("health").status == 200
    at(browser.console, REFRESHED)
    assert browser.get("health").code == "forbidden"
    assert browser.get("me").json["accounts"]["all"] is False


def test_disabled_user_is_out(browser: Browser) -> None:
    """Whom the pool does not know any more is signed out within a quarter of an hour."""
    browser.console.pool.revoked.add("refresh-code-1")
    at(browser.console, REFRESHED)
    assert browser.get("me").code == "signed_out"
    assert sessions(browser.console) == 0


def test_session_outlives_a_pool_that_is_away(browser: Browser) -> None:
    """If the pool does not answer, the session lasts as long as an idle one."""
    browser.console.pool.is_away = True
    at(browser.console, REFRESHED)
    assert browser.get("me").status == 200


def test_session_that_ends_while_it_is_refreshed(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing out in one tab is not undone by another that refreshes the session at the same time."""
    refresh = browser.console.pool.refresh

    def slow(token: str, now: float) -> object:
        found = refresh(token, now)
        browser.console.tables.tables[SESSIONS].clear()
        return found

    monkeypatch.setattr(browser.console.pool, "refresh", slow)
    at(browser.console, REFRESHED)
    assert browser.get("me").code == "signed_out"
    assert sessions(browser.console) == 0


def test_pool_away(console: LocalConsole) -> None:
    """Whoever can't sign in because the pool is away is told to try again; the cookie stays for that."""
    browser = Browser(console)
    begun = browser.ask("/", headers=NAVIGATES).location
    console.pool.is_away = True
    answer = browser.ask(begun, headers=NAVIGATES)
    assert (answer.status, answer.code) == (503, "unavailable")
    console.pool.is_away = False
    assert browser.ask(begun, headers=NAVIGATES).status == 303


def test_table_away(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the table nobody is taken for signed in, or for signed out."""

    def away(*_: object, **__: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(MemoryTables, "get_item", away)
    assert browser.get("me").code == "unavailable"
