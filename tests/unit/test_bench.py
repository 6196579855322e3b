"""The benchmark's page and stub; what it measures is no test's business."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import page
from bench.journey import Journey
from bench.local import HOOKS
from bench.measure import Costs, Spread, measure
from bench.page import Figures
from bench.stub import answer_to
from bench.subjects import (
    AS_BUILT,
    BARE,
    FASTAPI,
    FASTAPI_COMPILED,
    FLOOR,
    PUBLISH,
    PUBLISH_BATCH,
    USUAL,
    USUAL_COMPILED,
    Subject,
    seconds_of,
)


def costs(seconds: float) -> Costs:
    """Return the same costs for everything."""
    many = [seconds] * 3
    return Costs(many, many, many, [40e6] * 3, [seconds / 100] * 3, [seconds / 100] * 3)


@pytest.fixture
def figures() -> Figures:
    """Figures of which the ratios are known: a hook costs half of what its peers do."""
    built = [AS_BUILT.format(hook) for hook in HOOKS]
    peers = (BARE, USUAL, USUAL_COMPILED, FASTAPI, FASTAPI_COMPILED, FLOOR)
    return Figures(
        rounds=3,
        calls=3,
        costs={**{name: costs(0.2) for name in (*HOOKS, *built)}, **{name: costs(0.4) for name in peers}},
        publishing={PUBLISH: costs(2.0), PUBLISH_BATCH: costs(1.5)},
        sizes=dict.fromkeys(HOOKS, 4_900_000),
        plain_sizes=dict.fromkeys(HOOKS, 4_000_000),
        emulated={"missed_call": (0.3, 0.4, 0.005)},
        journeys={1: Journey([0.01] * 5, [0.02] * 5, [0.03] * 5)},
        restored={name: costs(0.1) for name in HOOKS},
    )


def test_page_says_what_was_measured(figures: Figures) -> None:
    """Ratios first, then all else; no number is written by hand."""
    text = page.document(figures)
    assert "| Cold start, × bare boto3 | ≤ 1.35 | 0.50 | 0.50 | 0.50 | 0.50 |" in text
    assert "| 1 | 10 / 10 / 10 | 20 / 20 / 20 | 30 / 30 / 30 |" in text
    assert "0.75 × (target: ≥ 0.7)" in text
    assert "| cold start without SnapStart | 200 | 200 |" in text
    assert "| from the restore to the first answer | 100 | 100 |" in text
    assert text.index("## Ratios") < text.index("## Each function") < text.index("## How")


def test_page_without_the_runtime_interface_emulator(figures: Figures) -> None:
    """Where it can't be had, its part is left out."""
    without = Figures(**{**vars(figures), "emulated": {}})
    assert "Runtime Interface Emulator" not in page.document(without)


def test_chart_is_well_formed(figures: Figures) -> None:
    """Two panels, and a bar for each of the hooks' three sums and the five peers."""
    picture = ET.fromstring(page.chart(figures))  # noqa: S314 - our own
    bars = [it for it in picture.iter("{http://www.w3.org/2000/svg}rect") if it.get("x")]
    assert len(bars) == 2 * 8


HANDLER = """
answers = iter({answers})


def handler(event, context):
    return next(answers) | {{"time": context.get_remaining_time_in_millis()}}
"""


def a_function(folder: Path, *answers: dict[str, object]) -> Subject:
    """Return a function with a script: how it answers, one call after the other."""
    (folder / "handler.py").write_text(HANDLER.format(answers=list(answers)), encoding="utf-8")
    expect = {"batchItemFailures": [], "body": "stored", "time": 120_000}
    return Subject("scripted", (folder,), {}, expect=expect, seconds=seconds_of("Publish"))


def test_work_that_is_done_is_measured(tmp_path: Path) -> None:
    """Each call is, and a function has the time that the template gives it: publish needs more than a hook has."""
    answer: dict[str, object] = {"batchItemFailures": [], "body": '{"status": "stored"}'}
    found = measure([a_function(tmp_path, *[answer] * 20)], "http://127.0.0.1:9", 1, 3, lambda _: None)["scripted"]
    assert len(found.cold_cpu) == 1
    assert len(found.warm_cpu) == 3


@pytest.mark.parametrize(
    "answers",
    [
        [{"batchItemFailures": [{"itemIdentifier": "1"}], "body": "stored"}],
        [{"batchItemFailures": [], "body": "refused"}],
        [{"body": "stored"}],
        [*[{"batchItemFailures": [], "body": "stored"}] * 12, {"batchItemFailures": []}],
    ],
    ids=["gives records back", "refuses", "says nothing", "stops working when warm"],
)
def test_work_that_is_not_done_is_not_measured(answers: list[dict[str, object]], tmp_path: Path) -> None:
    """What answers at once because it gives up would be the fastest of all."""
    with pytest.raises(SystemExit, match="scripted failed"):
        measure([a_function(tmp_path, *answers)], "http://127.0.0.1:9", 1, 10, lambda _: None)


def test_spread() -> None:
    """A median with its quartiles; one value is all three."""
    assert Spread.of([1, 2, 3, 4, 5]) == Spread(2, 3, 4)
    assert Spread.of([7]) == Spread(7, 7, 7)


@pytest.mark.parametrize(
    ("head", "body", "part"),
    [
        (b"POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.PutItem", b"{}", b"\r\n\r\n{}"),
        (b"POST / HTTP/1.1\r\nx-amz-target: secretsmanager.GetSecretValue", b"{}", b'"SecretString"'),
        (b"POST / HTTP/1.1", b"PublishBatchRequestEntries.member.1.Id=a", b"<member><Id>a</Id>"),
    ],
)
def test_stub_answers_as_the_service(head: bytes, body: bytes, part: bytes) -> None:
    """Each kind of call gets what its client takes for success."""
    answer = answer_to(head, body)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert part in answer
