"""The API lets in, refuses and breaks as the real one does."""

import hashlib
from http.client import HTTPConnection, RemoteDisconnected
from urllib.parse import urlsplit

import pytest

from simulator.api import DashApi
from simulator.dash import Dash
from simulator.faults import Fault
from simulator.login import RateLimit
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.tests.client import BELOW, VALID, WEBHOOKS, Client, Clock


def test_a_success_has_the_whole_envelope(call: Client) -> None:
    """Data comes with status, token, request id and revision."""
    status, envelope = call("GET", WEBHOOKS)
    assert status == 200
    assert envelope["data"] == []
    assert envelope["status"] == "success"
    assert envelope["auth_token"] == call.token
    assert envelope["request_id"]
    assert envelope["revision"]


@pytest.mark.parametrize(
    ("key", "status", "message"),
    [("x" * 64, 404, "bad identifier"), ("short", 400, "validation error"), (None, 400, "validation error")],
)
def test_a_wrong_api_key_is_refused(call: Client, key: str | None, status: int, message: str) -> None:
    """An unknown key is not found, one of the wrong length invalid; the code is a string."""
    answered, envelope = call("PUT", "/api_auth", {} if key is None else {"api_key": key})
    assert (answered, envelope["message"], envelope["error"]) == (status, message, str(status))


def test_a_user_logs_in_with_an_md5_sum(call: Client) -> None:
    """The sum of user and password opens the account of that name; another one does not."""
    account = call.api.dash.accounts[DEFAULT_ACCOUNT_ID]
    account.add_user("desk", "secret")
    right = hashlib.md5(b"desk:secret", usedforsecurity=False).hexdigest()
    status, envelope = call("PUT", "/user_auth", {"credentials": right, "account_name": account.name})
    assert status == 201
    call.token = envelope["auth_token"]
    assert call("GET", WEBHOOKS)[0] == 200
    assert call("PUT", "/user_auth", {"credentials": "x", "account_name": account.name})[0] == 401
    assert call("PUT", "/user_auth", {"credentials": right, "account_name": "other"})[0] == 400


def test_a_user_reads_the_api_key(call: Client) -> None:
    """Whoever may act on an account may read its key, and nobody else; it can't be changed."""
    path = f"/accounts/{DEFAULT_ACCOUNT_ID}/api_key"
    assert call("GET", path)[1]["data"] == {"api_key": call.api.dash.accounts[DEFAULT_ACCOUNT_ID].api_key}
    assert call("PUT", path, {})[0] == 405
    call.token = None
    assert call("GET", path)[0] == 401


@pytest.mark.parametrize("token", [None, "broken"])
def test_a_missing_or_broken_token_is_refused(call: Client, token: str | None) -> None:
    """The message of a token that never was has an underscore."""
    call.token = token
    status, envelope = call("GET", WEBHOOKS)
    assert (status, envelope["message"]) == (401, "invalid_credentials")


def test_a_token_expires_after_an_hour(call: Client, clock: Clock) -> None:
    """The message of a token that was has a space."""
    clock.now += 3599
    assert call("GET", WEBHOOKS)[0] == 200
    clock.now += 1
    status, envelope = call("GET", WEBHOOKS)
    assert (status, envelope["message"]) == (401, "invalid credentials")


def test_tokens_can_be_expired_by_hand(call: Client) -> None:
    """A test need not wait an hour."""
    call.api.expire_tokens()
    assert call("GET", WEBHOOKS)[0] == 401


def test_a_token_reaches_down_but_not_up_or_sideways(call: Client) -> None:
    """An account sees itself and its descendants."""
    call.api.dash.add_account("c" * 32)
    assert call("GET", f"/accounts/{BELOW}/webhooks")[0] == 200
    status, envelope = call("GET", f"/accounts/{'c' * 32}/webhooks")
    assert (status, envelope["message"]) == (403, "forbidden")
    call.token = call("PUT", "/api_auth", {"api_key": call.api.dash.accounts[BELOW].api_key})[1]["auth_token"]
    assert call("GET", WEBHOOKS)[0] == 403


def test_beyond_the_bucket_calls_are_refused_until_it_refills() -> None:
    """The limit answers 429, and ten more calls fit after a second."""
    clock = Clock()
    with DashApi(Dash(clock=clock), rate_limit=RateLimit()) as serving:
        call = Client(serving)
        statuses = [call("GET", WEBHOOKS)[0] for _ in range(100)]
        assert statuses == [200] * 99 + [429]
        clock.now += 1
        assert [call("GET", WEBHOOKS)[0] for _ in range(11)] == [200] * 10 + [429]


def test_a_body_that_is_no_json_is_refused(call: Client) -> None:
    """It is a parse error, not a crash."""
    base = urlsplit(call.api.url)
    connection = HTTPConnection(base.hostname or "", base.port or 0, timeout=5)
    connection.request("PUT", f"{base.path}/api_auth", "{")
    assert connection.getresponse().status == 400
    connection.close()


def test_unknown_paths_and_verbs_are_refused(call: Client) -> None:
    """A path that is not there is 404, a verb that does not fit 405."""
    assert call("GET", "/nothing")[0] == 404
    assert call("GET", "/api_auth")[0] == 405
    assert call("DELETE", WEBHOOKS)[0] == 405


def test_a_fault_fails_the_call_it_is_set_for(call: Client) -> None:
    """The calls before and after it go well, and the failed one has done nothing."""
    call.api.faults.add(Fault(method="PUT", path=r"/webhooks$", after=1, count=1, status=500))
    statuses = [call("PUT", WEBHOOKS, VALID)[0] for _ in range(3)]
    assert statuses == [201, 500, 201]
    assert len(call.api.dash.webhooks()) == 2


def test_a_fault_can_lose_the_answer_to_what_was_done(call: Client) -> None:
    """The connection closes, and yet the webhook exists."""
    call.api.faults.add(Fault(method="PUT", drop=True, perform=True))
    with pytest.raises(RemoteDisconnected):
        call("PUT", WEBHOOKS, VALID | {"id": "mine"})
    assert call("PUT", WEBHOOKS, VALID | {"id": "mine"})[0] == 409


def test_a_fault_can_hang_until_the_client_gives_up(call: Client) -> None:
    """A late answer comes late; a client with less patience gets none."""
    call.api.faults.add(Fault(method="GET", delay=0.05))
    assert call("GET", WEBHOOKS)[0] == 200
    call.api.faults.add(Fault(method="GET", delay=60))
    base = urlsplit(call.api.url)
    connection = HTTPConnection(base.hostname or "", base.port or 0, timeout=0.05)
    connection.request("GET", base.path + WEBHOOKS)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()


def test_faults_can_be_cleared(call: Client) -> None:
    """Without a count a fault stays until it is cleared."""
    call.api.faults.add(Fault(status=503, count=None))
    assert [call("GET", WEBHOOKS)[0] for _ in range(3)] == [503] * 3
    call.api.faults.clear()
    assert call("GET", WEBHOOKS)[0] == 200


def test_calls_are_recorded(call: Client) -> None:
    """Each call is kept with verb, path and status, in order."""
    call("PUT", WEBHOOKS, VALID)
    call("GET", f"{WEBHOOKS}?page_size=1")
    recorded = [(kept.method, kept.path, kept.query, kept.status) for kept in call.api.calls]
    assert recorded == [
        ("PUT", "/v2/api_auth", "", 201),
        ("PUT", f"/v2{WEBHOOKS}", "", 201),
        ("GET", f"/v2{WEBHOOKS}", "page_size=1", 200),
    ]
