"""What operators do: each action with what may come of it, and its record."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from devtools.console.functions import RefusalError
from devtools.console.serve import TABLE, LocalConsole
from devtools.console.table import MemoryTables
from hookswitch.console import actions, functions
from hookswitch.console.acting import GOES_ON
from hookswitch.destinations.requests import AttemptView
from hookswitch.events.attributes import plain
from tests.unit.console.browser import Browser
from tests.unit.console.conftest import NOW

PAUSE, TEST = "destinations/sales/pause", "destinations/sales/test"
RESEND, REPLAY, RECONCILE = "destinations/crm/resend", "quarantine/replay", "webhooks/reconcile"
EVENT = "e" * 32

# Every action that is recorded: where it is asked for, with what, which function is asked what, its verb and target.
ACTIONS: Mapping[str, tuple[dict[str, Any], str, dict[str, Any], str, str]] = {
    TEST: ({}, "Send", {"test": {"name": "sales"}}, "destination.test", "sales"),
    PAUSE: ({}, "Destinations", {"pause": {"name": "sales"}}, "destination.pause", "sales"),
    "destinations/crm/resume": ({}, "Destinations", {"resume": {"name": "crm"}}, "destination.resume", "crm"),
    RESEND: ({}, "Destinations", {"resend": {"name": "crm", "event_id": ""}}, "destination.resend", "crm"),
    REPLAY: (
        {"hook": "parking", "since": "2026-11-25T10:00:00Z", "dry_run": False},
        "Redrive",
        {"quarantine": {"hook": "parking", "since": "2026-11-25T10:00:00+00:00", "dry_run": False}},
        "quarantine.replay",
        "parking",
    ),
    RECONCILE: ({"dry_run": False}, "Reconcile", {"dry_run": False, "at_once": True}, "webhooks.reconcile", ""),
}
DRY: Mapping[str, dict[str, Any]] = {REPLAY: {"hook": "parking", "dry_run": True}, RECONCILE: {"dry_run": True}}


@pytest.fixture
def console(console: LocalConsole) -> LocalConsole:
    """A console of a stack with destinations and what an operator has to see to."""
    console.add_destinations(NOW)
    console.add_trouble(NOW)
    return console


def records(console: LocalConsole) -> list[dict[str, Any]]:
    """Return the records of actions, as plain values."""
    stored = console.tables.tables[TABLE].values()
    items = [{name: plain(value) for name, value in item.items()} for item in stored]
    return [item for item in items if item.get("kind") == "action"]


@pytest.mark.parametrize("path", ACTIONS)
def test_done(console: LocalConsole, browser: Browser, path: str) -> None:
    """The function that commands ask is asked the same, and the record says who did what, and what came of it."""
    body, function, message, verb, target = ACTIONS[path]
    answer = browser.post(path, body)
    assert answer.status == 200
    assert console.functions.asked == [(function, message)]
    (record,) = records(console)
    assert answer.json["action"] == record["event_id"]
    assert record["event_id"].startswith("action-")
    assert (record["feed"], record["hook"], record["account_id"]) == ("actions", verb, console.settings.account_id)
    assert record["summary"].startswith("operator@example.com: ")
    payload = record["payload"]
    assert (payload["user"], payload["email"]) == ("operator", "operator@example.com")
    assert (payload["verb"], payload["target"]) == (verb, target)
    assert payload["outcome"] == answer.json["outcome"] == "done"
    assert (payload["message"], payload["result"]) == (answer.json["message"], answer.json["result"])
    assert int(record["expires_at"]) == int(NOW) + console.settings.retention_days * 86_400


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (TEST, {}, "sales took the sample."),
        (PAUSE, {}, "sales is paused. 0 messages wait for it."),
        ("destinations/crm/resume", {}, "crm is on. 0 messages are on the way to it."),
        (RESEND, {}, "3 messages are on the way to crm."),
        (REPLAY, DRY[REPLAY], "4 quarantined deliveries of parking."),
        (
            REPLAY,
            {**DRY[REPLAY], "dry_run": False},
            "4 quarantined deliveries of parking: 4 were accepted, 0 were refused again.",
        ),
        (RECONCILE, {"dry_run": True}, "Would be done: 2 changes of webhooks."),
        (RECONCILE, {"dry_run": False}, "Done: 2 changes of webhooks."),
    ],
)
def test_what_people_are_told(browser: Browser, path: str, body: dict[str, Any], message: str) -> None:
    """The message says what came of it, with its numbers."""
    assert browser.post(path, body).json["message"] == message


@pytest.mark.parametrize("path", DRY)
def test_dry_run(console: LocalConsole, browser: Browser, path: str) -> None:
    """It says what would be done, and has no record."""
    before = len(console.tables.tables[TABLE])
    answer = browser.post(path, DRY[path]).json
    assert (answer["action"], answer["outcome"]) == (None, "done")
    assert answer["result"]["dry_run"] is True
    assert len(console.tables.tables[TABLE]) == before
    assert records(console) == []


def test_sample_that_is_not_taken(console: LocalConsole, browser: Browser) -> None:
    """The destination's answer is said."""
    answer = browser.post("destinations/crm/test").json
    assert (answer["outcome"], answer["result"]["status"]) == ("failed", 503)
    assert answer["message"] == "crm did not take the sample: 503: Service Unavailable"
    assert records(console)[0]["payload"]["outcome"] == "failed"


def test_another_run_of_reconcile(console: LocalConsole, browser: Browser) -> None:
    """Somebody else's run is at work: nothing was done."""
    console.functions.is_busy = True
    answer = browser.post(RECONCILE, {"dry_run": False}).json
    assert (answer["outcome"], answer["result"]) == ("failed", {"busy": True})
    assert answer["message"].startswith("Another run is at work.")


def test_deliveries_that_are_not_taken() -> None:
    """A replay that a hook's function ended has failed, though a part of it is done."""
    said = {"dry_run": False, "hook": "parking", "found": 9, "accepted": 3, "refused": 1, "deferred": 3, "truncated": 2}
    outcome, message = actions._tell_replay({**said, "next": "2026-11-25T10:00:00Z"})  # noqa: SLF001 - Redrive does not fail here
    assert outcome == "failed"
    assert message.startswith("9 quarantined deliveries of parking, 2 of which are stored only in part")
    assert "3 were accepted, 1 were refused again. The hook's function did not take the others" in message


@pytest.mark.parametrize("path", ACTIONS)
@pytest.mark.parametrize(
    ("error", "status", "code", "outcome"),
    [
        (RefusalError("InvalidDestinationError", "It is off."), 409, "refused", "refused"),
        (RefusalError("RequestError", "This can't be asked."), 409, "refused", "refused"),
        (RefusalError("UnknownDestinationError", "There is none."), 404, "not_found", "refused"),
        (EndpointConnectionError(endpoint_url="https://lambda"), 503, "unavailable", "failed"),
        (ConnectTimeoutError(endpoint_url="https://lambda"), 503, "unavailable", "failed"),
        (ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"), 503, "unavailable", "failed"),
    ],
)
def test_nothing_done(
    console: LocalConsole, browser: Browser, path: str, error: Exception, status: int, code: str, outcome: str
) -> None:
    """A function that refuses says why; one that can't be reached did nothing. The record says so, too."""
    console.functions.error = error
    answer = browser.post(path, ACTIONS[path][0])
    assert (answer.status, answer.code) == (status, code)
    message = answer.json["error"]["message"]
    assert message == str(error) if status == 409 else status == 404 or "Nothing was done" in message
    assert records(console)[0]["payload"]["outcome"] == outcome


@pytest.mark.parametrize("path", ACTIONS)
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RefusalError("UnavailableError", "Dash can't be reached."), "Dash can't be reached."),
        (RefusalError("KeyError", "'+15551234567'"), "The function failed; its log says why."),
        (RefusalError("Sandbox.Timedout", "Task timed out"), "The function failed; its log says why."),
    ],
)
def test_failed(console: LocalConsole, browser: Browser, path: str, error: Exception, message: str) -> None:
    """A function that fails is no fault of the page's: the answer says it, in words of hookswitch's own only."""
    console.functions.error = error
    answer = browser.post(path, ACTIONS[path][0])
    assert answer.status == 200
    assert (answer.json["outcome"], answer.json["result"], answer.json["message"]) == ("failed", None, message)
    assert records(console)[0]["payload"]["outcome"] == "failed"


@pytest.mark.parametrize("path", ACTIONS)
def test_running(console: LocalConsole, browser: Browser, path: str) -> None:
    """A function that does not answer in time goes on; later, nobody knows what came of it."""
    console.functions.error = ReadTimeoutError(endpoint_url="https://lambda")
    answer = browser.post(path, ACTIONS[path][0]).json
    assert (answer["outcome"], answer["result"], answer["message"]) == ("running", None, GOES_ON)
    assert [it["outcome"] for it in browser.get("health").json["actions"]] == ["running"]
    console.clock = lambda: NOW + 301
    assert [it["outcome"] for it in browser.get("health").json["actions"]] == ["unknown"]


def test_dry_run_that_takes_long(console: LocalConsole, browser: Browser) -> None:
    """What only counts does not go on for anybody."""
    console.functions.error = ReadTimeoutError(endpoint_url="https://lambda")
    answer = browser.post(REPLAY, DRY[REPLAY]).json
    assert (answer["action"], answer["outcome"]) == (None, "failed")
    assert "Nothing was changed." in answer["message"]


def test_one_attempt() -> None:
    """No function is asked twice, and the answer comes before API Gateway gives up."""
    assert functions.WAIT.tries == 1
    assert 20 <= functions.WAIT.seconds <= 25


@pytest.mark.parametrize("path", ACTIONS)
def test_nothing_without_a_record(
    console: LocalConsole, browser: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the record can't be written, nothing is done."""

    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "PutItem")

    monkeypatch.setattr(MemoryTables, "put_item", refuse)
    answer = browser.post(path, ACTIONS[path][0])
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.json["error"]["message"].startswith("Nothing was done")
    assert console.functions.asked == []


def test_record_comes_first(console: LocalConsole, browser: Browser) -> None:
    """While a function is at work, the record is there."""
    seen: list[str] = []
    invoke = console.functions.invoke

    def look(**asked: Any) -> Any:
        seen.extend(it["payload"]["outcome"] for it in records(console))
        return invoke(**asked)

    console.functions.invoke = look  # type: ignore[method-assign]
    assert browser.post(PAUSE).status == 200
    assert seen == ["running"]


def test_outcome_that_is_not_recorded(
    console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was done is answered as done, though the record can't say so."""

    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "InternalServerError"}}, "UpdateItem")

    monkeypatch.setattr(MemoryTables, "update_item", refuse)
    assert browser.post(PAUSE).json["outcome"] == "done"
    assert records(console)[0]["payload"]["outcome"] == "running"
    assert "The outcome of an action can't be recorded: InternalServerError" in caplog.messages


def test_log(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    """The log names the action and the user by their ids, and has no address."""
    action = browser.post(PAUSE).json["action"]
    said = [vars(line) for line in caplog.records]
    (begun,) = [line for line in said if line["message"] == "Somebody acts."]
    assert (begun["action"], begun["user"], begun["verb"]) == (action, "operator", "destination.pause")
    assert "@example.com" not in str(said)


def test_event_again(console: LocalConsole, browser: Browser) -> None:
    """One event is sent again by its id, if it is stored; what is no event or call can't be."""
    event = {"event_id": EVENT, "kind": "event", "account_id": console.settings.account_id}
    console.tables.put(TABLE, event)
    console.tables.put(TABLE, {**event, "event_id": "quarantine-x", "kind": "quarantine"})
    answer = browser.post(RESEND, {"event_id": EVENT})
    assert answer.json["message"] == "1 message is on the way to crm."
    assert records(console)[0]["payload"]["arguments"] == {"event_id": EVENT}
    for unknown in ("quarantine-x", "f" * 32, records(console)[0]["event_id"], ""):
        answer = browser.post(RESEND, {"event_id": unknown})
        assert (answer.status, answer.json["error"]["message"]) == (409, actions.NO_EVENT)
    assert len(console.functions.asked) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PAUSE, {"name": "crm"}),
        (RESEND, {"event_id": 5}),
        (RESEND, {"event_id": "e" * 65}),
        (RESEND, {"url": "https://example.com"}),
        (REPLAY, {}),
        (REPLAY, {"hook": "parking"}),
        (REPLAY, {"hook": "no_hook", "dry_run": True}),
        (REPLAY, {"hook": ["parking"], "dry_run": True}),
        (REPLAY, {"hook": "parking", "since": "yesterday", "dry_run": True}),
        (REPLAY, {"hook": "parking", "dry_run": "no"}),
        (RECONCILE, {}),
        (RECONCILE, {"dry_run": None}),
        (RECONCILE, {"dry_run": True, "skip_until": "2026-11-25T10:00:00Z"}),
        (PAUSE, ["a"]),
        (PAUSE, {"x": "y" * 5_000}),
    ],
)
def test_invalid(console: LocalConsole, browser: Browser, path: str, body: Any) -> None:
    """What a body must not say is refused before anything is asked or recorded."""
    answer = browser.post(path, body)
    assert (answer.status, answer.code) == (400, "invalid_parameter")
    assert [*console.functions.asked, *records(console)] == []


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "\ud800", "[" * 4_000, "{}" + " " * 4_096])
def test_no_json(console: LocalConsole, browser: Browser, text: str) -> None:
    """A body that is no JSON object is refused, and so is a large one."""
    headers = {"origin": console.settings.address, "content-type": "application/json"}
    assert browser.ask(f"/api/{PAUSE}", method="POST", headers=headers, body=text).status == 400


def test_attempts(console: LocalConsole, browser: Browser) -> None:
    """The newest attempts come first, and no more than are shown; who asks changes nothing and has no record."""
    found = browser.get("destinations/crm/attempts").json["attempts"]
    assert len(found) == 12
    assert {frozenset(it) for it in found} == {frozenset(AttemptView.model_fields)}
    assert [it["at"] for it in found] == sorted((it["at"] for it in found), reverse=True)
    assert found[0] | {"at": 0} == {
        "at": 0,
        "event_id": "0" * 32,
        "number": 1,
        "outcome": "retry",
        "status": 503,
        "answer": "503",
        "milliseconds": 87,
        "is_test": False,
    }
    assert [*console.functions.asked, *records(console)] == []
    assert browser.get("destinations/nobody/attempts").status == 404
