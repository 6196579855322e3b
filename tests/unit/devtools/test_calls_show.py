"""What `make calls` and `make call` print."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len

from devtools import feeds
from devtools.calls import show
from devtools.calls.show import Question
from devtools.errors import LaptopError
from devtools.target import Target
from hookswitch.calls.record import Call
from tests.unit.devtools.call_records import ACCOUNT, CAROL, at, record, unanswered
from tests.unit.devtools.call_table import TABLE, Table
from tests.unit.devtools.here import in_zone

OTHER = "1" * 32

type Stored = Callable[..., None]
type Said = Callable[[], str]


@dataclass
class Double:
    """As much of a `Target` as the commands need."""

    table: Table
    parameters: dict[str, str]
    endpoint: str | None = None
    argument: str = ""
    outputs: dict[str, str] = field(default_factory=lambda: {"EventsTableName": TABLE})

    def client(self, service: str) -> Any:
        """Return the table."""
        assert service == "dynamodb"
        return self.table

    def output(self, name: str) -> str:
        """Return an output of the stack."""
        return self.outputs[name]


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    """Have a stack with some calls, whose office is in New York."""
    monkeypatch.setattr(feeds, "PAUSE", 0)
    monkeypatch.setenv("COLUMNS", "80")

    def store(*calls: Call, events: Any = (), endpoint: str | None = None, **parameters: str) -> None:
        known = {"DashAccountId": ACCOUNT, "BusinessTimeZone": "America/New_York"} | parameters
        target = Double(Table(calls, events), known, endpoint)
        monkeypatch.setattr(Target, "find", lambda _: target)

    return store


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Return what was printed, all of which fits 80 columns."""

    def read() -> str:
        text = capsys.readouterr().out
        assert max(map(cell_len, text.splitlines()), default=0) <= 80
        return text

    return read


def ago(**time: float) -> str:
    """Return a time before now."""
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(**time)
    return moment.isoformat().replace("+00:00", "Z")


def test_today(stored: Stored, said: Said) -> None:
    """Without arguments, the calls of the office's day are shown, then their sum and how to see one of them."""
    stored(record(1, started_at=ago(seconds=1)), unanswered(2, "missed", started_at=ago(days=2)))
    assert show.calls(Question(), "table")
    text = said()
    assert " 000001" in text
    assert " 000002" not in text
    assert "1 call: 1 answered." in text
    assert "make call ID=000001" in text


def test_day_of_the_office(stored: Stored, said: Said) -> None:
    """A day is the office's: in New York it has calls of two days in UTC."""
    times = {1: "2026-11-24T04:59:59Z", 2: "2026-11-24T05:00:00Z", 3: "2026-11-25T04:59:59Z", 4: "2026-11-25T05:00:00Z"}
    stored(*(record(number, started_at=time) for number, time in times.items()))
    show.calls(Question(day="2026-11-24"), "table")
    text = said()
    assert "Tuesday, November 24 2026 (EST)" in text
    assert [line[:5] for line in text.splitlines()[3:5]] == ["23:59", "00:00"]
    assert "2 calls" in text


def test_calls_in_progress(stored: Stored, said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    """They are on top as long as the period lasts until now, whenever they began; else only with its own."""
    old = record(1, state="in_progress", started_at="2026-11-24T20:00:00Z")
    stored(old, record(2, started_at=ago(seconds=1)))
    show.calls(Question(), "table")
    text = said()
    assert text.index(" 000001") < text.index(" 000002")
    show.calls(Question(day="2026-11-24"), "json")
    assert [json.loads(line)["call"] for line in capsys.readouterr().out.splitlines()] == [old["call"]]
    show.calls(Question(day="2026-11-23"), "json")
    assert capsys.readouterr().out == ""


def test_call_that_just_ended(stored: Stored, capsys: pytest.CaptureFixture[str]) -> None:
    """Until it is final it is with those in progress, but listed among the others, in order and once."""
    recent = record(2, final=False)
    stored(
        record(1, started_at=at(-9)),
        recent,
        record(3, started_at=at(9)),
        record(4, final=False, started_at=at(-99_999)),
    )
    for asked in (Question(day="2026-11-25"), Question(day="2026-11-25", number="201")):
        show.calls(asked, "json")
        shown = [json.loads(line)["call"][:6] for line in capsys.readouterr().out.splitlines()]
        assert shown == ["000003", "000002", "000001"]


def test_missed(stored: Stored, said: Said) -> None:
    """Only calls from outside that nobody took are shown, and if there are none, how to see all."""
    stored(record(1, started_at=at(0)), unanswered(2, "voicemail"), unanswered(3, "missed", direction="internal"))
    show.calls(Question(day="2026-11-25", missed=True), "table")
    assert "1 call: 1 voicemail." in said()
    stored(record(1))
    show.calls(Question(day="2026-11-25", missed=True), "table")
    text = " ".join(said().split())
    assert "No calls from outside that nobody took on Wednesday, Nov 25 (EST)." in text
    assert "`make calls DAY=2026-11-25` shows all calls." in text


def test_number(stored: Stored, said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    """All calls of a number, of all days, however it is written; in progress too, though no index has those."""
    stored(
        record(1, started_at="2026-03-01T12:00:00Z"),
        record(2, state="in_progress"),
        record(3, **{"from": {"number": "+15550001111"}}),
    )
    show.calls(Question(number="(555) 123-4567"), "csv")
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert [row["call"][:6] for row in rows] == ["000002", "000001"]
    show.calls(Question(number="555-000-9999"), "table")
    assert "No calls with 555-000-9999." in said()


def test_more_than_are_shown(stored: Stored, capsys: pytest.CaptureFixture[str]) -> None:
    """A number's calls are limited; a note names the command for more, on stderr if a program reads the calls."""
    stored(*(record(number, started_at=at(-number)) for number in range(60)))
    show.calls(Question(number="5551234567", count=10), "table")
    assert "make calls NUMBER=5551234567 COUNT=40" in capsys.readouterr().out
    show.calls(Question(number="5551234567"), "json")
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 50
    assert "Only the newest 50 are shown." in shown.err
    show.calls(Question(day="2026-11-25"), "json")
    shown = capsys.readouterr()
    assert (len(shown.out.splitlines()), shown.err) == (60, "")


@pytest.mark.parametrize(
    ("endpoint", "step"), [(None, "make doctor"), ("http://127.0.0.1:4566", "make fire HOOK=channel_create")]
)
def test_no_calls(endpoint: str | None, step: str, stored: Stored, said: Said) -> None:
    """An empty day says what to do next: on AWS and on this machine."""
    stored(endpoint=endpoint, IncludeSubaccounts="true")
    show.calls(Question(), "table")
    text = " ".join(said().split())
    assert "No calls on " in text
    assert "make calls DAY=7d" in text
    assert step in text
    assert "ACCOUNT=" in text
    show.calls(Question(day="3d"), "table")
    assert "No calls since " in said()


def test_zone(stored: Stored, said: Said) -> None:
    """Where the office's zone is not set, times are in UTC, and people elsewhere are told."""
    stored(record(1), BusinessTimeZone="UTC")
    with in_zone("America/New_York"):
        show.calls(Question(day="2026-11-25"), "table")
    text = said()
    assert "14:03  ↙" in text
    assert "BusinessTimeZone" in text
    stored(BusinessTimeZone="Moon/Tranquility")
    with pytest.raises(LaptopError, match="does not know the time zone Moon/Tranquility"):
        show.calls(Question(), "table")


def test_account(stored: Stored, said: Said) -> None:
    """Another account's calls are found by its id, and the command for one of them names it."""
    stored(record(1, account_id=OTHER))
    show.calls(Question(day="2026-11-25", account=OTHER), "table")
    assert f"make call ID=000001 ACCOUNT={OTHER}" in " ".join(said().split())


def test_one_call(stored: Stored, said: Said) -> None:
    """All that is known of a call: summary, status and why, who, when, legs as a picture, events."""
    event = {
        "event_id": f"{1:032x}",
        "hook": "channel_answer",
        "occurred_at": at(22),
        "call_id": "b@pbx",
        "summary": "Bob answered. " * 9,
    }
    call = record(0xABC, complete=False, missing=["The end of leg c@pbx was not seen."])
    stored(call, events=[event])
    assert show.call("", "000abc", "", "", "table")
    text = said()
    for part in (
        "✓ Call from Jane Doe",
        "status       answered: Bob Smith answered.",
        "from         Jane Doe +1 555-123-4567",
        "answered by  Bob Smith 201",
        "began        Wednesday, November 25 2026 09:03:05 EST",
        "ended        09:05:40, after 2:35",
        "by way of    attendant, 09:03:07 to 09:03:13",
        "missing      The end of leg c@pbx was not seen.",
        "2 phone Bob Smith 201        ····████",
        "09:03:27   0:22    2  channel_answer  Bob answered. Bob",
        "9 events are no longer in the table.",
    ):
        assert part in text


def test_everything_that_a_call_can_have(stored: Stored, said: Said) -> None:
    """Each part of a record is said, and no id of a device or owner."""
    call = record(
        1,
        requested=CAROL,
        voicemail={"id": "v", "at": at(40), "seconds": 32, "transcribed": False},
        missed_call=[{"at": at(50), "recipients": 2}],
        faxes=[{"result": "failed", "error": "no carrier", "at": at(86_400)}],
        via=[
            {"kind": "parking", "slot": "701", "at": at(3), "result": "abandoned"},
            {"kind": "transfer", "number": "202"},
        ],
    )
    stored(call)
    show.call("", call["call"], "2026-11-25", "", "table")
    text = said()
    for part in (
        "asked for    Carol Jones 202",
        "message      0:32, not transcribed, at 09:03:45",
        "alert        missed-call alert to 2 addresses at 09:03:55",
        "fax          failed at Nov 26 09:03:05: no carrier",
        "parked, slot 701, 09:03:08, abandoned",
        "transferred, to 202",
    ):
        assert part in text
    assert "d" * 32 not in text


def test_call_that_became_a_part_of_another(stored: Stored, said: Said) -> None:
    """The other one is shown, with a word about it."""
    stored(record(1), record(2, merged_into=record(1)["call"]))
    show.call("", record(2)["call"], "", "", "table")
    text = " ".join(said().split())
    assert f"turned out to be a part of {record(1)['call']}" in text
    assert "revision 5, final, complete" in text


def test_one_call_as_json(stored: Stored, capsys: pytest.CaptureFixture[str]) -> None:
    """A program gets the record."""
    stored(record(1))
    show.call("", "a@pbx", "", "", "json")
    assert json.loads(capsys.readouterr().out) == record(1)


@pytest.mark.parametrize("text", ["", " "])
def test_no_id(text: str) -> None:
    """Without an id, the error says where to find one."""
    with pytest.raises(LaptopError, match="make calls"):
        show.call("", text, "", "", "table")
