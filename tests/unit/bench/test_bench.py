"""The benchmark's page and stub; what it measures is no test's business."""

import http.client
import json
import ssl
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from shutil import rmtree
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import botocore
import pytest

from bench import page
from bench.journey import Journey
from bench.measure import Costs, Spread, measure, stub
from bench.money import MEMORY_SIZES
from bench.page import Figures
from bench.quota import PERIOD, share_of_a_core
from bench.stub import ADDRESS, answer_to
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
from bench.tls import certified
from hookswitch.dash.hooks import HOOKS


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
        machine="a machine of two cores",
        rounds=3,
        calls=3,
        costs={**{name: costs(0.2) for name in (*HOOKS, *built)}, **{name: costs(0.4) for name in peers}},
        publishing={PUBLISH: costs(2.0), PUBLISH_BATCH: costs(1.5)},
        sizes=dict.fromkeys(HOOKS, 4_900_000),
        plain_sizes=dict.fromkeys(HOOKS, 4_000_000),
        emulated={"missed_call": (0.3, 0.4, 0.005)},
        journeys={1: Journey([0.01] * 5, [0.02] * 5, [0.03] * 5)},
        restored={name: costs(0.1) for name in HOOKS},
        secured={**{name: costs(0.3) for name in HOOKS}, **{name: costs(0.5) for name in (BARE, USUAL_COMPILED)}},
        sized={size: costs(102.4 / size) for size in MEMORY_SIZES},
    )


def test_page_says_what_was_measured(figures: Figures) -> None:
    """Ratios first, then all else; no number is written by hand."""
    text = page.document(figures)
    assert "| Cold start, × bare boto3 | ≤ 1.35 | 0.50 | 0.50 | 0.50 | 0.50 |" in text
    assert "| Cold start with AWS by TLS, × bare boto3 | ≤ 1.35 | 0.60 | 0.60 | | |" in text
    assert "| 512 | 0.20 | 2.0 | $1.33 | $0.013 |" in text
    assert "This was a machine of two cores;" in text
    assert "| 1 | 10 / 10 / 10 | 20 / 20 / 20 | 30 / 30 / 30 |" in text
    assert "0.75 × (target: ≥ 0.7)" in text
    assert "| cold start without SnapStart | 200 | 200 |" in text
    assert "| from the restore to the first answer | 100 | 100 |" in text
    assert text.index("## Ratios") < text.index("## Each function") < text.index("## How")


def test_page_without_the_runtime_interface_emulator(figures: Figures) -> None:
    """Where it can't be had, its part is left out."""
    without = Figures(**{**vars(figures), "emulated": {}})
    assert "Runtime Interface Emulator" not in page.document(without)


def test_page_without_quotas(figures: Figures) -> None:
    """Where the kernel lets nobody set them, sizes are reckoned from processor time, and the page says so."""
    text = page.document(Figures(**{**vars(figures), "sized": {}}))
    assert "lets nobody set quotas" in text
    assert "| 512 | 0.71 | 14.9 | $4.71 | $0.099 |" in text  # 0.2 s and 0.002 s of 512/1769 of a core, and 16 and 8 ms


def test_what_other_pages_reckon_with(figures: Figures) -> None:
    """The slowest hook's times, and what is published."""
    assert json.loads(page.summary(figures)) == {"cold": 0.2, "warm": 0.002, "published": 5000}


def test_figures_are_kept(figures: Figures) -> None:
    """The page can be written anew without measuring anew."""
    assert page.document(page.loaded(json.dumps(asdict(figures)))) == page.document(figures)


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


def test_stub_by_tls(tmp_path: Path) -> None:
    """Who trusts the benchmark's own authority gets an answer; who trusts only the world's does not."""
    world = Path(botocore.__file__).with_name("cacert.pem")
    certificate, authorities = certified(tmp_path, world)
    with stub(certificate=certificate) as endpoint:
        assert endpoint.startswith("https://")
        ask(endpoint, authorities)
        with pytest.raises(ssl.SSLCertVerificationError):
            ask(endpoint, world)


def ask(endpoint: str, authorities: Path) -> None:
    """Call the stub."""
    context = ssl.create_default_context(cafile=str(authorities))
    connection = http.client.HTTPSConnection(ADDRESS, urlsplit(endpoint).port or 0, timeout=10, context=context)
    with closing(connection):
        connection.request("POST", "/", b"{}", {"x-amz-target": "DynamoDB_20120810.PutItem"})
        assert connection.getresponse().read() == b"{}"


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the kernel's groups: it lets a group be removed with its files in it."""
    monkeypatch.setattr(Path, "rmdir", rmtree)
    return tmp_path


def test_quota_of_version_1(kernel: Path) -> None:
    """A quarter of a core is a quarter of each period; the group is gone afterwards."""
    (kernel / "cpu").mkdir()
    (kernel / "cpu" / "cpu.cfs_quota_us").write_text("-1")
    with share_of_a_core(0.25, kernel) as group:
        assert group
        assert int((group.parent / "cpu.cfs_quota_us").read_text()) == PERIOD / 4
        assert int((group.parent / "cpu.cfs_period_us").read_text()) == PERIOD
        assert group.parent.parent == kernel / "cpu"
    assert not group.parent.exists()


def test_quota_of_version_2(kernel: Path) -> None:
    """The same in one file."""
    with share_of_a_core(0.25, kernel) as group:
        assert group
        assert (group.parent / "cpu.max").read_text() == f"{PERIOD // 4} {PERIOD}"
    assert not group.parent.exists()


def test_no_quota(tmp_path: Path) -> None:
    """Where there are no groups, nobody joins one."""
    with share_of_a_core(0.25, tmp_path / "nothing") as group:
        assert group is None


def test_quota_that_is_refused(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that can't be limited is removed, and nobody joins it."""
    write = Path.write_text

    def refusing(path: Path, *given: str, **named: str) -> int:
        if path.name == "cpu.max":
            raise PermissionError(path.name)
        return write(path, *given, **named)

    monkeypatch.setattr(Path, "write_text", refusing)
    with share_of_a_core(0.25, kernel) as group:
        assert group is None
    assert [path.name for path in kernel.iterdir()] == ["cgroup.subtree_control"]
