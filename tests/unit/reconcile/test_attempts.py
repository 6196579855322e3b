"""What an entry of Dash's attempt log means, and how gaps are kept few."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.deliveries.delivery import FORM
from hookswitch.reconcile.recognition import JSON, FailedDelivery, Recognition
from hookswitch.reconcile.state import MERGE_DISTANCE, Gap, State, merge_gaps
from hookswitch.webhooks.ownership import Ownership
from simulator.attempts import UNIX_EPOCH_GREGORIAN

AT = 1_795_000_000
NOW = datetime(2026, 11, 23, tzinfo=UTC)
ADDRESS = "https://phones.execute-api.us-east-1.amazonaws.com/v1/hooks/"
RECOGNITION = Recognition(Ownership("(phones 01234567)", (ADDRESS,)), {"mine"}, "a" * 32)


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


def read(**changed: Any) -> FailedDelivery | None:
    """Return what such an entry means."""
    return RECOGNITION.failure(entry(**changed), NOW)


def test_answered_failure() -> None:
    """A status is final; body, type, account and time are taken over, whatever the token, and nothing else is."""
    failure = read()
    assert failure
    assert (failure.hook, failure.at, failure.reason) == ("missed_call", AT, "answered 500")
    assert failure.delivery
    assert failure.delivery.body == b'{"call_id": "c"}'
    assert failure.delivery.headers == {"content-type": JSON, "x-account-id": "b" * 32}
    assert (failure.delivery.received_at, failure.delivery.moment.timestamp()) == (NOW, AT)


@pytest.mark.parametrize(
    ("left", "final"), [("retries exceeded", True), (0, True), ("0", True), (1, False), ("2", False), (None, True)]
)
def test_client_failure(left: object, *, final: bool) -> None:
    """Without an answer only the last try is final."""
    assert (read(resp_status_code=None, client_error="timeout", retries_left=left) is not None) is final


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
    """Ours is what went to our address, or to whatever address a webhook of ours had."""
    failure = read(uri=uri, hook_id=hook_id)
    assert (failure.hook if failure else "") == hook


@pytest.mark.parametrize(("body", "kind"), [('{"a": 1}', JSON), ("a=1&b=2", FORM)])
def test_body_without_its_type(body: str, kind: str) -> None:
    """If the log lacks the type, the body tells; if it lacks the account, it is the one whose log it is."""
    failure = read(req_headers=None, req_body=body)
    assert failure
    assert failure.delivery
    assert failure.delivery.content_type == kind
    assert failure.delivery.headers["x-account-id"] == "a" * 32


def test_type_that_is_given() -> None:
    """The type that Dash sent counts, whatever the body looks like."""
    failure = read(req_headers={"content-type": FORM})
    assert failure
    assert failure.delivery
    assert failure.delivery.content_type == FORM


@pytest.mark.parametrize("body", ["", None])
def test_no_body(body: str | None) -> None:
    """A get, or an older system, has no body: there is nothing to bring in."""
    failure = read(req_body=body)
    assert failure
    assert failure.delivery is None


def test_reason_says_nothing_private() -> None:
    """Of an error that repeats an address only its name is kept."""
    said = "malformed_url: https://x/hooks/a/token?from=%2B15551234567"
    failure = read(resp_status_code=None, client_error=said, retries_left="retries exceeded")
    assert failure
    assert failure.reason == "malformed_url"


GAPS = st.lists(
    st.builds(
        lambda start, length, hook: Gap(start, start + length, hook),
        st.integers(0, 10_000_000),
        st.integers(0, 5_000),
        st.sampled_from(["", "parking", "missed_call"]),
    ),
    max_size=120,
)


@given(GAPS)
def test_gaps_stay_few(gaps: list[Gap]) -> None:
    """However many there are, few are kept, apart from each other, and nothing that was in one is lost."""
    few = merge_gaps(gaps)
    assert len(few) <= 50
    for gap in gaps:
        assert any(it.hook == gap.hook and it.start <= gap.start and gap.end <= it.end for it in few)
    for one in few:
        near = [it for it in few if it.hook == one.hook and one.start < it.start <= one.end + MERGE_DISTANCE]
        assert not near


@given(GAPS, st.integers(0, 10_000_000))
def test_state_is_remembered(gaps: list[Gap], until: int) -> None:
    """What is written down is read again; the watermark is before every gap."""
    state = State(read_until=until, gaps=merge_gaps(gaps), reported={"off/a": 1})
    state.news.restored.append(("parking", "was missing"))
    again = State.from_json(state.to_json())
    assert again == state
    assert all(again.watermark < gap.start for gap in again.gaps)
