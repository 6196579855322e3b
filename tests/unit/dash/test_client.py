"""The client of Dash's API: login, paging, what is repeated and what is not, and errors that say what to do."""

import hashlib
import json
import socket
import time
from datetime import UTC, datetime

import pytest

from devtools.waiting import wait_for
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.dash.credentials import ApiKey, Credentials, User
from hookswitch.dash.wire import clock_ahead
from hookswitch.errors import (
    AccountError,
    CredentialsError,
    DashError,
    DeadlineError,
    InvalidWebhookError,
    LostAnswerError,
    UnavailableError,
    UnknownWebhookError,
)
from simulator.api import DashApi
from simulator.dash import DEFAULT_API_KEY, Dash
from simulator.faults import Fault
from simulator.login import RateLimit
from tests.unit.doubles import ACCOUNT, OTHER_ACCOUNT, Secrets

URI = "https://example.com/hooks/parking/a-token-that-nobody-may-see-0123456789"
DOCUMENT = {"name": "A parking lot", "hook": "parking", "uri": URI}


def paths(api: DashApi, method: str) -> list[str]:
    """Return the paths below the version of all calls of a verb."""
    return [call.path.removeprefix("/v2/") for call in api.calls if call.method == method]


def test_one_login_for_many_calls(api: DashApi, dash_client: DashClient) -> None:
    """A token is used until it expires."""
    for _ in range(3):
        dash_client.webhooks(ACCOUNT)
    assert paths(api, "PUT") == ["api_auth"]


def test_user_login(api: DashApi, dash: Dash) -> None:
    """A user logs in with the MD5 sum that Dash asks for."""
    dash.accounts[ACCOUNT].add_user("anna", "a password")
    user = User(account_name=dash.accounts[ACCOUNT].name, username="anna", password="a password")
    assert user.login()["credentials"] == hashlib.md5(b"anna:a password", usedforsecurity=False).hexdigest()
    assert DashClient(api.url, user).webhooks(ACCOUNT) == []


def test_expired_token_is_renewed(api: DashApi, dash_client: DashClient) -> None:
    """An expired token costs one more login and no call."""
    dash_client.webhooks(ACCOUNT)
    api.expire_tokens()
    dash_client.create(ACCOUNT, DOCUMENT)
    assert paths(api, "PUT").count("api_auth") == 2
    assert len(api.dash.webhooks(ACCOUNT)) == 1


@pytest.mark.parametrize("message", ["invalid credentials", "invalid_credentials"])
def test_token_that_is_never_accepted(api: DashApi, dash_client: DashClient, message: str) -> None:
    """Whichever shape the 401 has, it is renewed once and not for ever."""
    api.faults.add(Fault(method="GET", count=None, status=401, message=message))
    with pytest.raises(CredentialsError, match="just accepted"):
        dash_client.webhooks(ACCOUNT)
    assert paths(api, "PUT") == ["api_auth", "api_auth"]
    assert len(paths(api, "GET")) == 2


def test_all_pages(api: DashApi, dash: Dash, dash_client: DashClient) -> None:
    """An account with more webhooks than a page holds is listed whole."""
    for number in range(120):
        dash.register(ACCOUNT, {**DOCUMENT, "name": str(number)})
    assert len(dash_client.webhooks(ACCOUNT)) == 120
    assert len(paths(api, "GET")) == 3


def test_create_read_edit_delete(dash_client: DashClient) -> None:
    """A webhook's whole life; deleting what is gone is no error, editing it is."""
    made = dash_client.create(ACCOUNT, {**DOCUMENT, "retries": 4})
    assert dash_client.webhook(ACCOUNT, made["id"])["retries"] == 4
    assert dash_client.edit(ACCOUNT, made["id"], DOCUMENT)["retries"] == 2
    for _ in range(2):
        dash_client.delete(ACCOUNT, made["id"], "A parking lot")
    with pytest.raises(UnknownWebhookError):
        dash_client.edit(ACCOUNT, made["id"], DOCUMENT)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="PUT", path="webhooks$", drop=True, perform=True),
        Fault(method="PUT", path="webhooks$", drop=True),
        Fault(method="PUT", path="webhooks$", status=500, perform=True),
        Fault(method="PUT", path="webhooks$", status=502),
        Fault(method="PUT", path="webhooks$", status=429),
        Fault(method="PUT", path="webhooks$", delay=0.5, perform=True),
        Fault(method="PUT", path="webhooks$", delay=0.5),
    ],
    ids=repr,
)
@pytest.mark.parametrize("own_id", [True, False], ids=["own id", "no own id"])
def test_create_with_a_lost_answer(
    api: DashApi, dash: Dash, dash_client: DashClient, monkeypatch: pytest.MonkeyPatch, fault: Fault, *, own_id: bool
) -> None:
    """Whether or not a creation was carried out before its answer got lost, there is one webhook in the end."""
    late = fault.delay and not fault.perform  # nobody can tell on a system that takes no ids
    if not own_id and not late:
        register = dash.register
        monkeypatch.setattr(dash, "register", lambda account, it: register(account, it | {"id": None}))
    api.faults.add(fault)
    made = dash_client.create(ACCOUNT, DOCUMENT)
    if fault.delay:
        wait_for(lambda: all(call.status for call in api.calls), "Dash has carried out what it was late with")
    assert [webhook.id for webhook in dash.webhooks(ACCOUNT)] == [made["id"]]


@pytest.mark.parametrize(
    "fault",
    [Fault(drop=True, count=2), Fault(status=503, count=2), Fault(status=429, count=2), Fault(delay=0.5, count=1)],
    ids=repr,
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_safe_is_repeated(api: DashApi, dash_client: DashClient, fault: Fault, method: str) -> None:
    """Reading, editing and deleting survive two failures in a row."""
    made = dash_client.create(ACCOUNT, DOCUMENT)
    api.faults.add(Fault(method, count=fault.count, drop=fault.drop, status=fault.status, delay=fault.delay))
    if method == "GET":
        assert dash_client.webhook(ACCOUNT, made["id"])["name"] == DOCUMENT["name"]
    elif method == "POST":
        assert dash_client.edit(ACCOUNT, made["id"], {**DOCUMENT, "retries": 0})["retries"] == 0
    else:
        dash_client.delete(ACCOUNT, made["id"], "A parking lot")
        assert not api.dash.webhooks(ACCOUNT)


def test_retries_end(api: DashApi, dash_client: DashClient) -> None:
    """A Dash that is out of order is tried three times."""
    api.faults.add(Fault(method="GET", count=None, status=503))
    with pytest.raises(LostAnswerError, match=r"answered 503 to listing.*Try again"):
        dash_client.webhooks(ACCOUNT)
    assert len(paths(api, "GET")) == 3


def test_creation_that_is_in_doubt(api: DashApi, dash: Dash, dash_client: DashClient) -> None:
    """If every answer is lost the error says so, and that the webhook may be there is for the caller to know."""
    api.faults.add(Fault(method="PUT", path="webhooks$", count=None, delay=5))
    with pytest.raises(LostAnswerError, match="did not answer creating the webhook A parking lot"):
        dash_client.create(ACCOUNT, DOCUMENT)
    assert not dash.webhooks(ACCOUNT)


def test_deadline(api: DashApi, dash_client: DashClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """No call begins after the deadline, and none lasts beyond it: this one would last longer than a test may."""
    monkeypatch.setenv("DASH_READ_SECONDS", "3600")
    dash_client.deadline = time.monotonic() + 0.2
    api.faults.add(Fault(count=None, delay=3600))
    with pytest.raises(UnavailableError):
        dash_client.webhooks(ACCOUNT)
    before = len(api.calls)
    with pytest.raises(DeadlineError, match="too slow"):
        dash_client.webhooks(ACCOUNT)
    assert len(api.calls) == before


def test_rate_limit(dash: Dash) -> None:
    """Beyond the rate limit the sentence says to wait."""
    with DashApi(dash, rate_limit=RateLimit(capacity=2, refill=0)) as api:
        client = DashClient(api.url, ApiKey(api_key=DEFAULT_API_KEY))
        client.webhooks(ACCOUNT)
        with pytest.raises(UnavailableError, match=r"rate limiting us \(429\).*Try again"):
            client.webhooks(ACCOUNT)


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        (ApiKey(api_key="f" * 64), "does not know this API key"),
        (ApiKey(api_key="short"), "not an API key, which has 64 characters"),
        (User(account_name="nobody", username="u", password="p"), "refuses the account name"),
        (User(account_name=f"account-{ACCOUNT[:8]}", username="u", password="p"), "refuses the account name"),
    ],
)
def test_wrong_credentials(api: DashApi, credentials: Credentials, said: str) -> None:
    """However Dash words its refusal, the sentence says what to look at, and shows none of it."""
    with pytest.raises(CredentialsError, match=said) as caught:
        DashClient(api.url, credentials).webhooks(ACCOUNT)
    assert not {"f" * 64, "short"} & {*str(caught.value).split()}
    assert len(api.calls) == 1


@pytest.mark.parametrize("account", [OTHER_ACCOUNT, "c" * 32])
def test_wrong_account(dash_client: DashClient, account: str) -> None:
    """Another's account, or none, is named as what is wrong."""
    with pytest.raises(AccountError, match="DashAccountId"):
        dash_client.webhooks(account)


def test_account_not_found(api: DashApi, dash_client: DashClient) -> None:
    """A system that answers 404 for an unknown account is understood."""
    api.faults.add(Fault(method="GET", status=404, message="bad_identifier"))
    with pytest.raises(AccountError, match=rf"knows no account {ACCOUNT}\. Check DashAccountId"):
        dash_client.webhooks(ACCOUNT)


def test_validation_error(dash_client: DashClient) -> None:
    """All fields that Dash refuses are named, and no value."""
    wrong = {"name": "Wrong", "hook": "parking", "uri": f"ftp{URI}", "retries": 9, "custom_data": {"a": 4155550100}}
    with pytest.raises(InvalidWebhookError) as caught:
        dash_client.create(ACCOUNT, wrong)
    said = str(caught.value)
    assert all(name in said for name in ("creating the webhook Wrong", "retries", "uri", "custom_data.a"))
    assert "at most 4" in said
    assert "a-token" not in said
    assert "4155550100" not in said


def test_message_of_dash_is_masked(api: DashApi, dash_client: DashClient) -> None:
    """Dash may repeat what it was given: addresses, keys and numbers of its messages don't get on."""
    api.faults.add(Fault(status=400, method="PUT", path="webhooks$", message=f"{URI} +14155550100 {'a' * 32} no"))
    with pytest.raises(InvalidWebhookError) as caught:
        dash_client.create(ACCOUNT, DOCUMENT)
    assert str(caught.value) == "Dash refused creating the webhook A parking lot: […] […] […] no."


def test_unreachable() -> None:
    """Nothing listens there: the sentence has the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(UnavailableError, match=rf"can't be reached at 127.0.0.1:{port}. Check DashApiUrl"):
            DashClient(f"http://127.0.0.1:{port}/v2", ApiKey(api_key=DEFAULT_API_KEY)).webhooks(ACCOUNT)


def test_no_tls(api: DashApi) -> None:
    """A server that does not speak TLS is told from one that is away."""
    with pytest.raises(UnavailableError, match="does not speak TLS"):
        DashClient(api.url.replace("http:", "https:"), ApiKey(api_key=DEFAULT_API_KEY)).webhooks(ACCOUNT)


@pytest.mark.parametrize("path", ["", "/v1"])
def test_wrong_path(api: DashApi, path: str) -> None:
    """A base without the version is an error of the login, not an endless loop."""
    with pytest.raises(DashError):
        DashClient(api.url.removesuffix("/v2") + path, ApiKey(api_key=DEFAULT_API_KEY)).webhooks(ACCOUNT)


@pytest.mark.parametrize("text", ["", "{}", "[]", "key", '{"api_key": ""}', '{"username": "u", "password": "p"}'])
def test_secret_of_no_form(text: str) -> None:
    """A secret that holds something else is refused with both forms, and without what it holds."""
    with pytest.raises(CredentialsError, match="must be JSON text") as caught:
        credentials.parse(text)
    assert not caught.value.__cause__


def test_credentials_from_a_secret(secrets: Secrets) -> None:
    """Both forms are read; a secret that is not there is named by its parameter."""
    assert credentials.read("arn:aws:secretsmanager:us-east-1:111111111111:secret:dash").login() == {
        "api_key": DEFAULT_API_KEY
    }
    secrets.put("user", json.dumps({"account_name": "a", "username": "u", "password": "p"}))
    assert isinstance(credentials.read("user"), User)
    assert "p" not in repr(credentials.read("user")).split("=")
    with pytest.raises(CredentialsError, match=r"ResourceNotFoundException\. Check DashCredentialsArn"):
        credentials.read("missing")


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        ("Tue, 24 Nov 2026 12:00:00 GMT", 0.0),  # it says whole seconds
        ("Tue, 24 Nov 2026 11:59:59 GMT", -0.5),
        ("Tue, 24 Nov 2026 12:00:02 GMT", 0.0),  # the response may have taken all the time
        ("Tue, 24 Nov 2026 12:02:00 GMT", 118.0),
        ("Tue, 24 Nov 2026 11:58:00 GMT", -119.5),
        ("", 0.0),
        ("noon", 0.0),
    ],
)
def test_clock_ahead(date: str, ahead: float) -> None:
    """The Date of a response tells how far Dash's clock is from ours, if it is not between request and response."""
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
    assert clock_ahead(date, noon + 0.5, noon + 2) == ahead


def test_descendants_of_all_pages(api: DashApi, dash: Dash, dash_client: DashClient) -> None:
    """All accounts below an account are listed, however many pages they fill, each with those above it."""
    dash.page_limit = 2
    for number in range(5):
        dash.add_account(f"{number:032x}", parent=ACCOUNT if number < 3 else f"{1:032x}")
    dash.add_account("f" * 32)
    found = {account["id"]: account["tree"] for account in dash_client.descendants(ACCOUNT)}
    assert [*found] == [f"{number:032x}" for number in range(5)]
    assert found[f"{0:032x}"] == [ACCOUNT]
    assert found[f"{4:032x}"] == [ACCOUNT, f"{1:032x}"]
    assert len(paths(api, "GET")) == 3


def test_descendants_of_an_account_that_is_none(dash_client: DashClient) -> None:
    """An account that Dash does not know is named."""
    with pytest.raises(AccountError):
        dash_client.descendants("e" * 32)
