"""Parsing entries of Dash's attempt log."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookswitch.deliveries.delivery import FORM
from hookswitch.reconcile.attempt import RETRIES_OVER, Attempt
from hookswitch.reconcile.recognition import JSON, FailedDelivery, Recognition
from hookswitch.webhooks.ownership import Ownership
from simulator.attempts import UNIX_EPOCH_GREGORIAN
from simulator.encoding import encode_form, encode_json, form_pieces

AT = 1_795_000_000
NOW = datetime(2026, 11, 23, tzinfo=UTC)
ADDRESS = "https://phones.execute-api.us-east-1.amazonaws.com/v1/hooks/"
RECOGNITION = Recognition("a" * 32, Ownership("(phones 01234567)", (ADDRESS,)), {"mine"})


def entry(**changed: Any) -> dict[str, Any]:
    """Return an entry of a delivery that was answered 500."""
    return {
        "result": "failure",
        "hook_id": "mine",
        "uri": f"{ADDRESS}missed_call/an-old-token",
        "req_headers": {"Content-Type": "application/json", "X-Account-ID": "b" * 32, "other": "x"},
        "req_body": '{"call_id": "c"}',
        "timestamp": AT + UNIX_EPOCH_GREGORIAN,
        "resp_status_code": "500",
        "retries_left": 2,
        **changed,
    }


def parse(**changed: Any) -> Attempt:
    """Return such an entry as an attempt."""
    attempt = Attempt.from_entry(entry(**changed))
    assert attempt
    return attempt


def read(**changed: Any) -> FailedDelivery | None:
    """Return the failed delivery that such an entry describes."""
    attempt = parse(**changed)
    hook = RECOGNITION.find_hook(attempt)
    return RECOGNITION.failed_delivery(attempt, hook, NOW) if hook else None


def test_answered_failure() -> None:
    """A status is final; only body, type, account and time are used, whatever the token."""
    failure = read()
    assert failure
    assert (failure.hook, failure.at, failure.reason) == ("missed_call", AT, "answered 500")
    assert failure.delivery
    assert failure.delivery.body == b'{"call_id": "c"}'
    assert failure.delivery.headers == {"content-type": JSON, "x-account-id": "b" * 32}
    assert (failure.delivery.received_at, failure.delivery.moment.timestamp()) == (NOW, AT)


@pytest.mark.parametrize(
    ("left", "retried"), [("retries exceeded", False), (0, False), ("0", False), (1, True), ("2", True), (None, False)]
)
def test_client_failure(left: object, *, retried: bool) -> None:
    """Without a response, Dash retries while attempts are left, and no longer than those take."""
    attempt = parse(resp_status_code=None, client_error="timeout", retries_left=left)
    assert attempt.may_be_retried(AT + RETRIES_OVER - 1) is retried
    assert not attempt.may_be_retried(AT + RETRIES_OVER)


def test_answered_failure_is_final() -> None:
    """Dash does not retry after a response, whatever the entry says is left."""
    assert not parse(retries_left=4).may_be_retried(AT)


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        "text",
        7,
        [],
        {},
        entry() | {"timestamp": None},
        entry() | {"timestamp": "soon"},
        entry() | {"timestamp": 1e400},
        entry() | {"timestamp": True},
        entry() | {"timestamp": 10**30},
        entry() | {"timestamp": "9" * 5000},
        entry() | {"timestamp": 0},
        entry() | {"uri": None},
        entry() | {"uri": ["https://example.com/"]},
    ],
)
def test_malformed_entry(malformed: object) -> None:
    """An entry without a time or an address is not an attempt, and raises nothing."""
    assert Attempt.from_entry(malformed) is None


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*entry(), "client_error", "event_id", "result"]), JSON_VALUES))
def test_entry_with_any_value(changed: dict[str, Any]) -> None:
    """Whatever a field contains, parsing raises nothing, and each attempt has a time and an address."""
    attempt = Attempt.from_entry(entry() | changed)
    if attempt:
        assert attempt.at >= 0
        assert RECOGNITION.failed_delivery(attempt, "parking", NOW).at == attempt.at


SCALARS = st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
PAYLOADS = st.dictionaries(
    st.text(min_size=1),
    st.recursive(
        SCALARS | st.lists(SCALARS | st.dictionaries(st.text(), SCALARS, max_size=3), max_size=4),
        lambda inner: st.dictionaries(st.text(min_size=1), inner, max_size=4),
        max_leaves=10,
    ),
    min_size=1,
    max_size=6,
)


@example({"account_id": "5a2d", "empty": {}, "a": 1})
@example({"empty": {}, "o": {"l": ["x", {"b": None}], "é&=": "+ %"}})
@given(PAYLOADS)
def test_form_body_is_recovered_exactly(payload: dict[str, Any]) -> None:
    """Any form-encoded event, logged in pieces, is restored to the exact bytes that were sent."""
    logged = json.loads(json.dumps(form_pieces(payload)))
    assert (parse(req_body=logged).body or b"") == encode_form(payload)


@given(PAYLOADS)
def test_json_body_is_recovered_exactly(payload: dict[str, Any]) -> None:
    """The same applies to JSON, which is logged as text."""
    body = encode_json(payload)
    assert parse(req_body=json.loads(json.dumps(body.decode()))).body == body


def test_piece_that_is_a_byte() -> None:
    """A number among the pieces is one byte, as in any Erlang iolist."""
    assert parse(req_body=["a=", [37, [50, 48]], ""]).body == b"a=%20"


@pytest.mark.parametrize("body", [7, True, {"a": 1}, [["a", None]], [256], [True], [{"a": 1}]])
def test_body_in_an_unknown_form(body: object) -> None:
    """A value that is neither text nor pieces is not a body."""
    assert parse(req_body=body).body is None


@pytest.mark.parametrize(
    ("uri", "hook_id", "hook"),
    [
        (f"{ADDRESS}parking/token", "gone", "parking"),
        ("https://old.example.com/v1/hooks/parking/token", "mine", "parking"),
        ("https://old.example.com/v1/hooks/parking/token", "theirs", ""),
        ("https://example.com/other", "mine", ""),
        (f"{ADDRESS}nonsense/token", "mine", ""),
    ],
)
def test_ours_or_not(uri: str, hook_id: str, hook: str) -> None:
    """An attempt is ours if it went to our address, or to a former address of one of our webhooks."""
    failure = read(uri=uri, hook_id=hook_id)
    assert (failure.hook if failure else "") == hook


@pytest.mark.parametrize(("body", "kind"), [('{"a": 1}', JSON), ("a=1&b=2", FORM)])
def test_body_without_its_type(body: str, kind: str) -> None:
    """Without a content type, the body decides; without an account, it is the log's."""
    failure = read(req_headers=None, req_body=body)
    assert failure
    assert failure.delivery
    assert failure.delivery.content_type == kind
    assert failure.delivery.headers["x-account-id"] == "a" * 32


def test_type_that_is_given() -> None:
    """Dash's content type counts, whatever the body looks like."""
    failure = read(req_headers={"content-type": FORM})
    assert failure
    assert failure.delivery
    assert failure.delivery.content_type == FORM


@pytest.mark.parametrize("body", ["", None])
def test_no_body(body: str | None) -> None:
    """Deliveries with GET or of older systems have no body, so they can't be recovered."""
    failure = read(req_body=body)
    assert failure
    assert failure.delivery is None


def test_reason_says_nothing_private() -> None:
    """If an error repeats an address, only the error's name is used."""
    said = "malformed_url: https://x/hooks/a/token?from=%2B15551234567"
    failure = read(resp_status_code=None, client_error=said, retries_left="retries exceeded")
    assert failure
    assert failure.reason == "malformed_url"
