"""`make replay TO=`, and SINCE= of `make destination`: which stored events a destination gets, and how."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from devtools.destinations import owing
from devtools.destinations.asked import Asked
from devtools.destinations.commands import destination
from devtools.destinations.owing import Progress
from devtools.destinations.replay import Replayed, replay
from devtools.destinations.wishes import Wishes
from devtools.errors import LaptopError
from devtools.feeds import Item
from hookswitch.calls.items import CallItem
from hookswitch.calls.record import Call
from hookswitch.destinations.record import Filter
from hookswitch.events.items import feed_key
from tests.unit.devtools.call_records import ACCOUNT, JANE, START, at, leg, record, unanswered
from tests.unit.devtools.destinations.conftest import Screen
from tests.unit.devtools.destinations.stack import Functions, Table, view

CALLS = [
    record(1),
    unanswered(2, "missed"),
    unanswered(3, "voicemail", voicemail={"id": "1", "transcribed": False}),
    unanswered(4, "abandoned", legs=[leg("a@pbx", "caller", 0, 2, 20, party=JANE)]),
    unanswered(5, "missed", started_at=at(-86_400)),
    unanswered(6, "missed", started_at=at(-30 * 86_400)),
    unanswered(7, "missed", account_id="1" * 32),
]
PERIOD: dict[str, Any] = {"first": "2026-11-24T00:00:00Z", "last": "2026-11-26T00:00:00Z"}
IDS = {number: f"call-{number:06x}".ljust(37, "f") for number in range(1, 8)}

type Use = Callable[..., Functions]


def call_item(call: Call) -> Item:
    """Return the item of a call."""
    item = CallItem(call, evidence="", caused_by=frozenset())
    found = item.to_item(at=call.get("ended_at", ""), received_at=at(30), expires_at=None)
    return {name: value for name, value in found.items() if value is not None}


def raw_item(number: int, hook: str, seconds: float, **payload: Any) -> Item:
    """Return the item of an event."""
    event_id, moment = f"{number:032x}", (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    occurred_at = moment.replace("+00:00", "Z")
    return {
        "event_id": event_id,
        "kind": "event",
        "hook": hook,
        "account_id": ACCOUNT,
        "occurred_at": occurred_at,
        "received_at": occurred_at,
        "summary": "",
        "payload": payload,
        "feed": feed_key(ACCOUNT, hook, occurred_at),
        "timeline_key": f"{occurred_at}#{event_id}",
    }


EVENTS = [
    *(raw_item(number, "parking", number, caller_id_number=f"+1555000000{number}") for number in range(8)),
    raw_item(99, "register", 5),
]


def table() -> Table:
    """Return a table with calls and events."""
    return Table([*map(call_item, CALLS), *EVENTS])


def keys(functions: Functions, use: Use, which: Filter, **more: Any) -> list[str]:
    """Return what a destination gets."""
    functions.views["sales"] = view(filter=which)
    use(functions, table())
    replay(Replayed(to="sales", **(PERIOD | more)))
    return functions.owed


MISSED = Filter(when=("missed",))


@pytest.mark.parametrize(
    ("which", "more", "expected"),
    [
        (MISSED, {}, [IDS[5], IDS[2]]),
        (Filter(when=("missed", "voicemail")), {}, [IDS[5], IDS[2], IDS[3]]),
        (Filter(), {}, [IDS[5], IDS[1], IDS[2], IDS[3], IDS[4]]),
        (Filter(), {"status": "answered,abandoned"}, [IDS[1], IDS[4]]),
        (MISSED, {"first": "2026-11-25T12:00:00Z"}, [IDS[2]]),
        (MISSED, {"last": "2026-11-25T12:00:00Z"}, [IDS[5]]),
        (MISSED, {"account": "1" * 32}, [IDS[7]]),
        (Filter(when=("missed",), accounts=("1" * 32, ACCOUNT)), {}, [IDS[5], IDS[2], IDS[7]]),
        (Filter(hooks=("register",)), {}, [f"{99:032x}"]),
        (Filter(types=("parking",)), {}, [f"{number:032x}" for number in range(8)]),
        (Filter(types=("parking",), numbers=("+15550000003",)), {}, [f"{3:032x}"]),
        (Filter(when=("missed",), hooks=("register",)), {"hook": "register"}, [f"{99:032x}"]),
        (Filter(when=("missed",), hooks=("register",)), {"hook": "call"}, [IDS[5], IDS[2]]),
        (Filter(types=("call", "register")), {"status": "answered"}, [IDS[1]]),
    ],
)
def test_what_is_sent(which: Filter, more: dict[str, str], expected: list[str], use: Use) -> None:
    """Exactly what the destination asks for, of the period and what else is said, oldest first."""
    assert keys(Functions(view()), use, which, **more) == expected


def test_descendants(use: Use, shown: Screen) -> None:
    """An account stands for its descendants; those of the stack's own account are asked for by name."""
    functions = Functions(view(filter=Filter(when=("missed",), accounts=(ACCOUNT,)), descendants=("1" * 32,)))
    use(functions, table(), IncludeSubaccounts="true")
    replay(Replayed(to="sales", **PERIOD))
    assert functions.owed == [IDS[5], IDS[2], IDS[7]]
    assert "descendant" not in shown()
    functions.views["sales"], functions.asked = view(filter=MISSED), []
    replay(Replayed(to="sales", **PERIOD))
    assert functions.owed == [IDS[5], IDS[2]]
    assert "Events of a descendant: make replay TO=sales" in shown()


def test_marked_as_a_replay(use: Use, shown: Screen) -> None:
    """The function is told so, and the screen counts first."""
    functions = Functions(view())
    keys(functions, use, Filter(when=("missed",), hooks=("parking",)))
    assert all(asked["owe"]["replay"] for asked in functions.asked)
    functions.asked = []
    assert len(keys(functions, use, Filter(types=("parking",)), rate="1000")) == 8
    said = " ".join(shown().split())
    assert "sales is to get 2 calls (2 missed), 8 parking, from Nov 23 19:00 EST to Nov 25 19:00 EST." in said
    assert "10 deliveries are on the way to sales." in said


def test_dry_run(use: Use, shown: Screen) -> None:
    """It only counts."""
    functions = Functions(view())
    assert keys(functions, use, MISSED, dry_run=True) == []
    assert "Nothing was sent. Without DRY_RUN=1 it would be." in shown()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"first": ""}, "Say from when on: FROM="),
        ({"first": "then"}, "FROM=then is not a time"),
        ({"first": "2026-11-26T00:00:01Z", "last": "2026-11-26T00:00:00Z"}, "is after UNTIL"),
        ({"hook": "parkin"}, "There is no hook 'parkin'"),
        ({"hook": "register"}, "The destination gets no register"),
        ({"status": "mist"}, "STATUS=mist is none. A call can be answered, voicemail"),
        ({"rate": "-1"}, "RATE=-1 is no number"),
        ({"account": "acme"}, "not a Dash account id"),
        ({"to": "sale"}, "There is no destination sale."),
    ],
)
def test_what_cannot_be_replayed(more: dict[str, Any], said: str, use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what is wrong, and nothing is sent."""
    monkeypatch.setattr("devtools.since.datetime", Later)
    functions = use(Functions(view(filter=MISSED)), table())
    with pytest.raises(LaptopError, match=said):
        replay(Replayed(**{"to": "sales", **PERIOD, **more}))
    assert not functions.asked


class Later(datetime):
    """A clock on which nothing of these tests is in the future."""

    @classmethod
    def now(cls, tz: Any = None) -> "Later":
        """Return a day of 2027."""
        return cls(2027, 1, 1, tzinfo=tz)


def fails_at(number: int, error: BaseException) -> Callable[[int], None]:
    """Return a fault at one of the requests."""

    def fault(asked: int) -> None:
        if asked == number:
            raise error

    return fault


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_interrupted(stop: int, use: Use, shown: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command goes on where it was, and nothing is left out; done, it begins anew."""
    monkeypatch.setattr(owing, "MOST_KEYS", 2)
    monkeypatch.setattr("devtools.functions.AT_ONCE", 1)
    which = Filter(types=("parking",))
    functions = Functions(view())
    functions.fault = fails_at(stop, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        keys(functions, use, which)
    functions.asked, functions.fault = [], lambda _: None
    expected = [f"{number:032x}" for number in range(8)]
    assert keys(functions, use, which) == expected[2 * (stop - 1) :]
    said = shown()
    if stop > 1:
        assert "The same command goes on from there:\n  make replay TO=sales FROM=2026-11-24" in said
        assert "Going on from Nov 25 09:03 EST, where the same command stopped." in said
    functions.asked = []
    assert len(keys(functions, use, which)) == 8


def test_function_that_fails_at_times(use: Use) -> None:
    """It is asked again."""
    functions = Functions(view())
    busy = ClientError({"Error": {"Code": "TooManyRequestsException", "Message": ""}}, "Invoke")
    functions.fault = fails_at(1, busy)
    keys(functions, use, MISSED)
    assert functions.owed == [IDS[5], IDS[2]] * 2


def test_destination_that_is_removed_meanwhile(use: Use) -> None:
    """Nothing is tried a second time that can't succeed."""
    functions = Functions(view())
    functions.error = ("UnknownDestinationError", "There is no destination sales.")
    with pytest.raises(LaptopError, match="There is no destination sales"):
        keys(functions, use, MISSED)
    assert len(functions.asked) == 1


def test_since(use: Use, shown: Screen) -> None:
    """A destination that is added or resumed gets what it did not get yet: not marked, and not twice."""
    recent = unanswered(8, "missed", started_at=f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
    functions = use(Functions(view(state="off")), Table([call_item(recent)]))
    assert destination(Asked(resume="sales", since="2h"))
    assert functions.asked[0] == {"resume": {"name": "sales"}}
    assert functions.asked[1]["owe"] == {"name": "sales", "keys": [f"call-{recent['call']}"], "replay": False}
    assert destination(Asked(resume="sales", since="2h", wishes=Wishes(account="1" * 32)))
    assert [*functions.asked[-1]] == ["resume"]
    assert destination(Asked(add="more", url="https://hooks.slack.com/services/x", since="2h"))
    assert [*functions.asked[-1]] == ["owe"]
    assert "1 delivery is on the way to more." in shown()


def test_rate() -> None:
    """Not more than a rate are handed over, evenly, and the line of progress fits."""
    clock = [100.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    progress = Progress(1_000_000, 50.0, lambda: clock[0], sleep)
    assert progress.at_once == 50
    said: list[str] = []
    for _ in range(10):
        clock[0] += random.Random(1).random() / 2
        progress.note(50, said.append)
    assert clock[0] == pytest.approx(110.0)
    assert said[-1].startswith("500 of 1,000,000, ")
    assert said[-1].endswith(" left")
    assert Progress(3, 0.5).at_once == 1
    assert Progress(3, 0).at_once == 100
