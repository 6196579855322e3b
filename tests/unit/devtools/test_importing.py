"""`make import`: counts, imports until nothing is left, shows how far it is, and goes on where it was interrupted."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from devtools import importing as command
from devtools.errors import LaptopError
from devtools.importing import Question
from hookswitch.reconcile.importing import answer, run
from tests.unit.reconcile.test_import import add, folded, imported, legs_on_dash
from tests.unit.reconcile.world import START, World, running

DAY = 86_400
FROM = datetime.fromtimestamp(START - 9 * DAY, UTC).date().isoformat()


class Aws:
    """Lambda, and a stack whose Dash had some calls before the stack was there.

    Attributes:
        world: The stack and its Dash.
        fault: Called with the number of each invocation before it; raises what goes wrong.
        answers: What an invocation answers instead, by its number.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.fault: Callable[[int], None] = lambda _: None
        self.answers: dict[int, dict[str, Any]] = {}
        self.invoked: list[dict[str, Any]] = []
        for number, name in enumerate(("ring_group", "answered", "abandoned")):
            add(world, name, ago=(2 * number + 1) * DAY, seed=number)
        world.reconcile()

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:
        """Do as Lambda does."""
        assert FunctionName == "reconcile"
        number, asked = len(self.invoked), json.loads(Payload)
        self.invoked.append(asked)
        self.fault(number)
        try:
            said = self.answers.get(number) or self.world.reconcile(**asked)
        except Exception as error:  # noqa: BLE001 - whatever the function raises
            failed = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__}).encode()
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(failed)}
        return {"Payload": io.BytesIO(json.dumps(said).encode())}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A stack, slices of one batch each, and the command, which waits for nothing."""
    monkeypatch.delenv("COLUMNS", raising=False)  # what is printed is not wrapped
    monkeypatch.setattr(answer, "SLICE_SECONDS", 0)
    monkeypatch.setattr("hookswitch.dash.pace.PER_SECOND", 1_000_000)
    monkeypatch.setattr(run, "BATCH", 4)
    monkeypatch.setattr("devtools.functions.PAUSE", 0)
    monkeypatch.setattr(command, "BUSY_SECONDS", 0)
    with running() as world:
        found = Aws(world)
        target = SimpleNamespace(client=lambda _: found, resources={"Reconcile": "reconcile"})
        monkeypatch.setattr(command, "Target", SimpleNamespace(find=lambda _: target))
        feeds = SimpleNamespace(count_of_days=lambda *_: 3)
        monkeypatch.setattr(command, "Feeds", SimpleNamespace(of=lambda _: feeds))
        yield found


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what was printed, without the logs of the functions."""
    return [line for line in capsys.readouterr().out.splitlines() if not line.startswith("{")]


def test_everything(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """It counts first, imports all legs, shows how far it is, and says what was done."""
    assert command.bring_in(Question(FROM))
    assert imported(aws.world).keys() == legs_on_dash(aws.world)
    assert folded(aws.world)
    said, legs = lines(capsys), len(legs_on_dash(aws.world))
    assert said[0] == "Counting the legs of calls on Dash"
    assert said[1].startswith(f"{legs} legs of calls ended on Dash from {FROM}")
    assert said[1].endswith(f"; {legs} are not here.")
    assert any(f" of {legs} legs, " in line for line in said[3:-2])
    assert said[-2].startswith(f"{legs} legs of calls were imported from {FROM}")
    assert said[-1] == "There are 3 calls of these days. Nothing was published, and nobody was alerted."


def test_dry_run(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run only counts."""
    assert command.bring_in(Question(FROM, dry_run=True))
    assert {asked["import"]["do"] for asked in aws.invoked} == {"count"}
    assert "Nothing was imported." in lines(capsys)[-1]


def test_published_if_asked(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """With PUBLISH=1 it says how many events were published."""
    assert command.bring_in(Question(FROM, publishes=True))
    legs = len(legs_on_dash(aws.world))
    assert lines(capsys)[-1].endswith(f"{legs} events were published, and nobody was alerted.")


def test_interrupted(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """After Ctrl-C, the same command goes on where it was, without counting again, and everything is done."""

    def interrupt(_: int) -> None:
        if len(imported(aws.world)) >= 4:
            raise KeyboardInterrupt

    aws.fault = interrupt
    question = Question(FROM, stack="office")
    with pytest.raises(KeyboardInterrupt):
        command.bring_in(question)
    said = lines(capsys)
    assert said[-2:] == ["The same command goes on where it stopped:", f"  make import STACK=office FROM={FROM}"]
    aws.fault, aws.invoked = lambda _: None, []
    command.bring_in(question)
    assert "count" not in {asked["import"]["do"] for asked in aws.invoked}
    assert lines(capsys)[0].startswith("Going on from ")
    assert imported(aws.world).keys() == legs_on_dash(aws.world)


def test_busy(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another slice is at work, as after Ctrl-C, it waits; for a few minutes."""
    aws.answers = {2: {"busy": True}, 3: {"busy": True}}
    command.bring_in(Question(FROM))
    assert imported(aws.world).keys() == legs_on_dash(aws.world)
    monkeypatch.setattr(command, "BUSY_TRIES", 3)
    aws.answers = {number: {"busy": True} for number in range(len(aws.invoked), len(aws.invoked) + 9)}
    with pytest.raises(LaptopError, match="Another import is at work"):
        command.bring_in(Question(FROM))


def test_function_that_fails_at_times(aws: Aws) -> None:
    """A slice that fails is tried again."""

    def fail(number: int) -> None:
        aws.world.down = {"channel_destroy"} if number % 2 else set()

    aws.fault = fail
    command.bring_in(Question(FROM))
    assert imported(aws.world).keys() == legs_on_dash(aws.world)


def test_dash_that_does_not_open_them(aws: Aws) -> None:
    """Where Dash does not open its records, that is said at once."""
    aws.world.dash.records.closed["cdrs"] = 404
    with pytest.raises(LaptopError, match="does not open its call detail records"):
        command.bring_in(Question(FROM))
    assert len(aws.invoked) == 2


def test_stack_of_an_earlier_version(aws: Aws) -> None:
    """A function that knows no import is not taken for one that has nothing to do."""
    aws.answers = {0: {"dry_run": False, "changes": [], "complete": True}}
    with pytest.raises(LaptopError, match="Deploy this one first"):
        command.bring_in(Question(FROM))


def test_missing_legs(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Legs that could not be stored are named, and the command fails."""
    report = {"from": f"{FROM}T00:00:00Z", "until": f"{FROM}T09:00:00Z", "publish": False, "complete": True}
    report |= {"done_until": f"{FROM}T09:00:00Z", "accounts": 2, "legs": 3, "done": 3, "stored": 1, "published": 0}
    aws.answers[1] = {"count": report | {"here": 0, "next": None, "retention_days": 90}}
    aws.answers[2] = {"import": report | {"missing": 2, "missing_legs": ["202611-a", "202611-b"]}}
    assert not command.bring_in(Question(FROM))
    said = lines(capsys)
    assert "RetentionDays is 90: what is older would have been deleted, and is left out." in said
    assert said[-5].startswith("1 leg of calls was imported")
    assert said[-4:] == [
        "Nothing was published, and nobody was alerted.",
        "2 legs could not be stored; the log of Reconcile says why:",
        "  202611-a",
        "  202611-b",
    ]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (Question(""), "Say from when on"),
        (Question("2026-11-02", "2026-11-01"), "is after UNTIL"),
        (Question("yesteryear"), "is not a time"),
    ],
)
def test_no_period(question: Question, reason: str, aws: Aws) -> None:
    """A period that is none is refused before anything is asked."""
    with pytest.raises(LaptopError, match=reason):
        command.bring_in(question)
    assert not aws.invoked


def test_same_command_means_the_same_period() -> None:
    """A period that begins some days ago begins with a day."""
    assert Question("30d").message()["from"] == Question("30d").message()["from"]
    assert datetime.fromisoformat(Question("30d").message()["from"]).astimezone().hour == 0


def test_line_of_progress() -> None:
    """It has the day, the numbers and an estimate, and fits."""
    progress = command.Progress(123_456)
    report = {"done": 10_000, "stored": 9_999, "done_until": "2026-09-14T12:00:00.000Z"}
    assert progress.line(report) == "2026-09-14: 10,000 of 123,456 legs, 9,999 of them new"
    progress._began -= 3_600  # noqa: SLF001
    line = progress.line(report | {"done": 20_000, "stored": 19_998})
    assert line == "2026-09-14: 20,000 of 123,456 legs, 19,998 of them new, 10 hours left"
    assert len(line) <= 80
