"""What `make status` finds worth attention, and how it says so."""

import io
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from devtools import screen, status
from devtools.since import age, shown
from devtools.state import BUSY, QUEUES, State
from devtools.target import Target
from hookswitch.dash.hooks import DEFAULT_HOOKS, SELECTABLE_HOOKS
from hookswitch.destinations.record import Health
from hookswitch.reconcile.accounting.ledger import AccountingState, Compared
from tests.unit.devtools.destinations.stack import view

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def target(state: str = "CREATE_COMPLETE", days: int = 30, **parameters: str) -> Target:
    """Return a stack of some status and age."""
    created = NOW - timedelta(days=days)
    given = {"DashAccountId": "0" * 32, "Hooks": ",".join(DEFAULT_HOOKS), "ReconcileRate": "rate(5 minutes)"}
    stack = SimpleNamespace(
        stack="hookswitch-north",
        session=SimpleNamespace(region_name="ap-southeast-2"),
        endpoint=None,
        argument=" STACK=hookswitch-north",
        described={"StackStatus": state, "CreationTime": created},
        parameters=given | parameters,
        outputs={},
    )
    return cast("Target", stack)


WELL = State(
    target=target(),
    looked_at=NOW,
    last_hour=Counter(missed_call=3),
    last_day=Counter(missed_call=30, register=5),
    newest={"event_id": "1", "hook": "register", "occurred_at": "2026-11-25T11:58:00.000Z", "summary": "Device " * 20},
    queues=dict.fromkeys(QUEUES, 0),
    quarantined=Counter(),
    alarms={},
    watermark=NOW - timedelta(minutes=4),
)


def rows(state: State) -> dict[str, status.Row]:
    """Return the lines of the screen by name."""
    return {row.name: row for row in status._rows(state)}  # noqa: SLF001 - needs no stack


def attention(state: State) -> set[str]:
    """Return what needs attention."""
    return {name for name, row in rows(state).items() if row.next_step}


def test_all_is_well() -> None:
    """A stack with events, empty queues and a fresh watermark needs nothing."""
    assert attention(WELL) == set()
    assert rows(WELL)["hooks"].value == f"{len(DEFAULT_HOOKS)} of {len(SELECTABLE_HOOKS)}, without notifications"
    assert rows(WELL)["newest event"].value.startswith("2 minutes ago, ")


MINUTE = int(NOW.timestamp()) // 60 * 60
TWO_HOURS_AGO = shown(NOW - timedelta(hours=2))
COMPARED = Compared(since=MINUTE - 7_200, until=MINUTE, on_dash=1204, here=1204)


def accounting(**fields: Any) -> AccountingState:
    """Return what the accounting remembers."""
    return AccountingState(**{"begins": 0, "read_until": MINUTE, "compared": COMPARED, **fields})


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (accounting(), f"1,204 legs on Dash, 1,204 here since {TWO_HOURS_AGO}"),
        (accounting(compared=None, refused={"legs": 1}), "Dash does not open its call detail records"),
        (accounting(compared=COMPARED.model_copy(update={"on_dash": 1, "here": 1})), "1 leg on Dash, 1 here since"),
        (accounting(compared=None, refused={"faxes": 1}), None),
        (None, None),
    ],
)
def test_legs_on_dash_and_here(found: AccountingState | None, line: str | None) -> None:
    """It says how many legs Dash has and how many of them are here, as soon as they were compared."""
    row = rows(replace(WELL, accounting=found)).get("legs of calls")
    assert (row is None) is (line is None)
    if row and line:
        assert row.value.startswith(line)
        assert not row.next_step


def test_missing_legs_in_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Programs get the numbers, and the ids of the records that are missing."""
    state = replace(WELL, accounting=accounting(missing={"202611-b": MINUTE, "202611-a": MINUTE - 90_000}))
    monkeypatch.setattr(Target, "find", lambda _: state.target)
    monkeypatch.setattr(State, "of", lambda _: state)
    assert not status.show("", "json")
    document = json.loads(capsys.readouterr().out)
    assert document["legs"] == {
        "on_dash": 1204,
        "here": 1204,
        "since": "2026-11-25T10:00:00.000Z",
        "until": "2026-11-25T12:00:00.000Z",
        "missing": ["202611-a", "202611-b"],
    }
    (wrong,) = document["attention"]
    assert wrong["how"].endswith("; 2 records are missing")
    assert "`make reconcile SINCE=2026-11-24 STACK=hookswitch-north` lists them." in wrong["next_step"]


def test_calls_that_just_ended() -> None:
    """A queue that is in use whenever people call needs nobody."""
    assert attention(replace(WELL, queues={**WELL.queues, **dict.fromkeys(BUSY, 3)})) == set()


@pytest.mark.parametrize(
    ("state", "wrong"),
    [
        (replace(WELL, target=target("UPDATE_ROLLBACK_COMPLETE")), "status"),
        (replace(WELL, target=target("UPDATE_IN_PROGRESS")), "status"),
        (replace(WELL, newest=None), "newest event"),
        *((replace(WELL, queues={**WELL.queues, name: 1}), name) for name in sorted(QUEUES.keys() - BUSY)),
        (replace(WELL, quarantined=Counter(parking=2, register=1)), "quarantine"),
        (replace(WELL, alarms={"ServerErrorsAlarm": "The API failed. See docs/runbook.md#server-errors"}), "alarm"),
        (replace(WELL, watermark=NOW - timedelta(hours=2)), "reconcile"),
        (replace(WELL, watermark=None), "reconcile"),
        (replace(WELL, held_back={"channel_destroy": NOW + timedelta(minutes=4)}), "webhook"),
        (replace(WELL, accounting=AccountingState(begins=0, read_until=1, missing={"202611-a": 1})), "legs of calls"),
        (replace(WELL, destinations=[view(), view("crm", dead=1)]), "destination"),
        (replace(WELL, destinations=[view("crm", health=Health(failures=3, failing_since=1))]), "destination"),
        (replace(WELL, watermark=NOW - timedelta(hours=4), target=target(ReconcileRate="rate(1 hour)")), "reconcile"),
    ],
)
def test_attention(state: State, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each finding has its next step, within 80 columns, and makes the command fail."""
    assert attention(state) == {wrong}
    got = io.StringIO()
    console = Console(file=got, highlight=False, width=80)
    monkeypatch.setattr(screen, "console", console)
    monkeypatch.setattr(status, "console", console)
    monkeypatch.setattr(Target, "find", lambda _: state.target)
    monkeypatch.setattr(State, "of", lambda _: state)
    monkeypatch.setenv("COLUMNS", "80")
    assert not status.show("", "table")
    lines = got.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert any(line.startswith(f"✗ {wrong}") for line in lines)
    assert "1 thing needs attention." in got.getvalue()
    assert "→ " in got.getvalue()


@pytest.mark.parametrize(
    "state",
    [
        replace(WELL, newest=None, watermark=None, target=target(days=0)),
        replace(WELL, watermark=None, target=target(ReconcileRate="off")),
        replace(WELL, watermark=NOW - timedelta(hours=2), target=target(ReconcileRate="rate(1 hour)")),
        replace(WELL, target=target(IncludeSubaccounts="true")),
        replace(WELL, destinations=[]),
        replace(WELL, destinations=[view(), view("crm", state="paused", backlog=3)]),
        replace(WELL, destinations=[view("crm", health=Health(failures=3, failing_since=int(NOW.timestamp()) * 1000))]),
    ],
)
def test_no_attention(state: State) -> None:
    """A new stack may be without events, and one without reconciliation without a watermark."""
    assert attention(state) == set()


def test_destinations() -> None:
    """How they stand, when one last got something, what waits for all of them."""
    assert "destinations" not in rows(WELL)
    assert rows(replace(WELL, destinations=[]))["destinations"].value == "none"
    last = Health(last_success=int((NOW - timedelta(minutes=5)).timestamp() * 1000))
    states = [view(health=last, backlog=2), view("old", state="off", state_reason="It failed.", health=Health())]
    found = rows(replace(WELL, destinations=states))
    assert found["destinations"].value == "1 on, 1 off; last sent 5 minutes ago; 2 deliveries wait"
    assert "make destination RESUME=old SINCE=" in found["destination"].next_step


def test_next_steps_are_about_the_same_stack() -> None:
    """A command that is recommended names the stack."""
    state = replace(WELL, quarantined=Counter(parking=2), newest=None, watermark=None)
    for name in ("quarantine", "newest event", "reconcile"):
        assert " STACK=hookswitch-north`" in rows(state)[name].next_step
    assert "`make replay HOOK=parking DRY_RUN=1" in rows(state)["quarantine"].next_step


def test_as_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON has numbers, times in UTC, and the same findings."""
    monkeypatch.setattr(Target, "find", lambda _: WELL.target)
    monkeypatch.setattr(State, "of", lambda _: WELL)
    assert status.show("", "json")
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["events"] == {"last_hour": {"missed_call": 3}, "last_24_hours": {"missed_call": 30, "register": 5}}
    assert document["queues"] == {
        "redrive_queue": 0,
        "publish_dead_letter_queue": 0,
        "calls_queue": 0,
        "dead_letter_queue": 0,
    }
    assert document["watermark"] == "2026-11-25T11:56:00.000Z"
    assert document["attention"] == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *(
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (3600, "1 hour"),
            (-5, "0 seconds"),
        ),
        *((5400, "90 minutes"), (7200, "2 hours"), (86_400, "1 day"), (100_000, "27 hours"), (172_800, "2 days")),
    ],
)
def test_age(seconds: int, said: str) -> None:
    """An age is a number of the largest unit that still tells something."""
    assert age(timedelta(seconds=seconds)) == said


@given(st.integers(0, 10**9))
def test_any_age(seconds: int) -> None:
    """It is short, whatever it is."""
    assert len(age(timedelta(seconds=seconds))) <= len("99999 seconds")


@pytest.mark.parametrize(
    ("at_once", "said"), [("on", "only when Dash disables a webhook (ReconcileRate)"), ("off", "off (ReconcileRate)")]
)
def test_without_polling(at_once: str, said: str) -> None:
    """Without a schedule, Dash's word still starts a run, unless that is off too."""
    given = target(ReconcileRate="off", ReconcileAtOnce=at_once)
    assert rows(replace(WELL, target=given))["reconcile"].value == said
