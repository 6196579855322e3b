"""What the examination makes of answers, without a stack."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.checks import Check, Result
from devtools.deploying.changes import Change, find_cause
from devtools.doctor import deliveries
from devtools.doctor.dash import check_webhooks, has_action
from devtools.doctor.deliveries import Answer, Listener, Sender
from devtools.since import shown
from hookswitch.webhooks.plan import Create, Delete, Update

if TYPE_CHECKING:
    from devtools.target import Target
    from devtools.webhooks import Registered

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


class Stack:
    """A stack whose functions accept test deliveries, and lose some of them further on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, stores: set[str], publishes: set[str]) -> None:
        self.deleted: set[str] = set()
        self._stores, self._publishes = stores, publishes
        monkeypatch.setattr(Sender, "send", staticmethod(self._send))
        emulator = SimpleNamespace(is_emulated=False, client=lambda _: self, outputs={"EventsTableName": "events"})
        self.target = cast("Target", emulator)
        self.listener = cast("Listener", SimpleNamespace(wait_for=self._wait_for))

    def get_item(self, Key: dict[str, dict[str, str]], **_: Any) -> dict[str, Any]:
        """Return an item, if it was stored."""
        return {"Item": {}} if self._hook(Key["event_id"]["S"]) in self._stores else {}

    def delete_item(self, Key: dict[str, dict[str, str]], **_: Any) -> None:
        """Remember what is deleted."""
        self.deleted.add(self._hook(Key["event_id"]["S"]))

    @staticmethod
    def _send(url: str, payload: dict[str, Any]) -> Answer:
        return Answer(200, {"status": "test", "event_id": f"test-{url.split('/')[-2]}-{payload['hookswitch_test']}"})

    def _wait_for(self, ids: set[str]) -> set[str]:
        return {event_id for event_id in ids if self._hook(event_id) in self._publishes}

    @staticmethod
    def _hook(event_id: str) -> str:
        return event_id.split("-")[1]


URLS = {hook: f"https://api.example.com/hooks/{hook}/token" for hook in ("parking", "register")}


@pytest.mark.parametrize(
    ("stores", "publishes", "expected"),
    [
        ({"parking", "register"}, {"parking", "register"}, {"test deliveries": Result.GOOD}),
        ({"parking", "register"}, {"parking"}, {"test: register": Result.BAD}),
        ({"parking"}, {"parking"}, {"test: register": Result.BAD}),
        ({"parking"}, {"parking", "register"}, {"test: register": Result.BAD}),
        (set(), set(), {"test: parking": Result.BAD, "test: register": Result.BAD}),
    ],
)
def test_delivery_that_is_lost_on_its_way(
    monkeypatch: pytest.MonkeyPatch, stores: set[str], publishes: set[str], expected: dict[str, Result]
) -> None:
    """One that the table or the topic lacks is a fault, and whatever was stored is deleted."""
    stack = Stack(monkeypatch, stores=stores, publishes=publishes)
    checks = list(deliveries.check_deliveries(stack.target, URLS, stack.listener))
    assert {check.name: check.result for check in checks} == expected
    assert stack.deleted == URLS.keys()


@pytest.mark.parametrize(("status", "result"), [(403, Result.GOOD), (200, Result.BAD), (0, Result.BAD)])
def test_wrong_token(monkeypatch: pytest.MonkeyPatch, status: int, result: Result) -> None:
    """It is sent to the hook's own address, and only 403 will do."""
    sent: list[str] = []

    def send(self: Sender, url: str, payload: object) -> Answer:
        del self, payload
        sent.append(url)
        return Answer(status, {})

    monkeypatch.setattr(Sender, "send", send)
    target = cast("Target", SimpleNamespace(is_emulated=False))
    assert deliveries.check_refusal(target, URLS["parking"]).result is result
    (url,) = sent
    assert url.startswith("https://api.example.com/hooks/parking/")
    assert url != URLS["parking"]


def update(*fields: str, reason: str | None = None) -> Update:
    """Return a webhook's change in these fields."""
    return Update("parking", "Hookswitch parking", "1", {}, fields, disable_reason=reason)


@pytest.mark.parametrize(
    ("change", "result", "found"),
    [
        (Create("parking", {"name": "Hookswitch parking"}), Result.BAD, "is missing on Dash"),
        (update("enabled", reason="too many attempts failed"), Result.BAD, "is off: too many attempts failed"),
        (update("enabled"), Result.BAD, "is off: switched off by hand"),
        (update("uri"), Result.BAD, "calls another address"),
        (update("retries", "format"), Result.NOTE, "differs in retries, format"),
        (Delete("", "Hookswitch old", "1"), Result.NOTE, "Hookswitch old is not wanted any more"),
    ],
)
def test_webhook_that_is_not_as_it_should_be(change: Any, result: Result, found: str) -> None:
    """What stops deliveries is a fault; what reconcile corrects by itself is worth a word."""
    registered = SimpleNamespace(plan=(change,), wanted=SimpleNamespace(registered=("parking",)))
    (check,) = check_webhooks(cast("Registered", registered), {})
    assert isinstance(check, Check)
    assert (check.result, check.found) == (result, found)
    assert check.next_step


def test_webhook_that_is_held_back() -> None:
    """It says until when, and where to read what to do."""
    change = update("enabled", reason="too many attempts failed")
    registered = SimpleNamespace(plan=(change,), wanted=SimpleNamespace(registered=("parking",)))
    due = datetime(2026, 11, 26, 14, 5, tzinfo=UTC)
    (check,) = check_webhooks(cast("Registered", registered), {change.hook: due})
    assert check.result is Result.BAD
    assert check.found == f"is off until {shown(due)}: Dash disables it again and again"
    assert check.next_step == "docs/runbook.md#disabled-again-and-again"
