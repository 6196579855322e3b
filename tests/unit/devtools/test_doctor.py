"""What the examination makes of answers, without a stack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.checks import Result
from devtools.deploying.changes import Change, find_cause
from devtools.doctor import deliveries
from devtools.doctor.dash import has_action
from devtools.doctor.deliveries import Answer

FLOWS = st.recursive(
    st.fixed_dictionaries({"module": st.sampled_from(["ring_group", "menu", "voicemail"])}),
    lambda inner: st.fixed_dictionaries(
        {"module": st.sampled_from(["ring_group", "menu"]), "children": st.dictionaries(st.text(), inner, max_size=3)}
    ),
)


@given(FLOWS, FLOWS)
def test_action_anywhere_in_a_callflow(flow: dict[str, object], branch: dict[str, object]) -> None:
    """The action is found at any depth, and only there."""
    assert not has_action(flow)
    assert has_action({"module": "menu", "children": {"1": flow, "2": {"module": "missed_call_alert"}, "3": branch}})


@pytest.mark.parametrize(
    ("answer", "result", "said"),
    [
        (Answer(0, {"message": "ConnectTimeoutError"}), Result.BAD, "no answer"),
        (Answer(403, {"message": "This address accepts"}), Result.BAD, "answered 403"),
        (Answer(500, {}), Result.BAD, "answered 500: nothing"),
        (Answer(200, {"status": "queued"}), Result.NOTE, "redrive queue"),
        (Answer(200, {"status": "quarantined"}), Result.BAD, "answered 200: quarantined"),
    ],
)
def test_refused_test_delivery(answer: Answer, result: Result, said: str) -> None:
    """Each answer but the right one says what it means and where to go on."""
    check = deliveries._refused("parking", answer)  # noqa: SLF001 - needs no stack
    assert check.result is result
    assert said in check.found
    assert check.next_step


def test_cause_of_a_failure() -> None:
    """It is the first failure that is not the consequence of another one."""
    events = [
        {"LogicalResourceId": "hookswitch", "ResourceStatus": "UPDATE_ROLLBACK_COMPLETE", "Timestamp": 4},
        {
            "LogicalResourceId": "Publish",
            "ResourceStatus": "CREATE_FAILED",
            "ResourceStatusReason": "Resource creation cancelled",
            "Timestamp": 1,
        },
        {"LogicalResourceId": "Late", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "no", "Timestamp": 3},
        {
            "LogicalResourceId": "Webhooks",
            "ResourceStatus": "CREATE_FAILED",
            "ResourceStatusReason": "Dash does not know this API key.",
            "Timestamp": 2,
        },
    ]
    assert find_cause(iter(events)) == "Webhooks: Dash does not know this API key."  # type: ignore[arg-type]
    assert "gives no reason" in find_cause(iter([]))


@pytest.mark.parametrize(
    ("logical_id", "name"),
    [("ApiDeployment41cc2f45e9", "ApiDeployment"), ("EventsTable", "EventsTable"), ("0123456789", "0123456789")],
)
def test_name_of_a_change(logical_id: str, name: str) -> None:
    """SAM names each deployment and version anew, which is no change that people care about."""
    assert Change("Add", logical_id, "").name == name
