"""What the benchmark measures with: its processes, its stub of AWS, its quotas; not what it measures."""

import http.client
import ssl
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from urllib.parse import urlsplit

import botocore
import pytest

from bench.cpu_share import PERIOD, share_of_a_core
from bench.measure import measure, stub
from bench.stub import ADDRESS, answer_to
from bench.subjects import Subject, seconds_of
from bench.tls import certified

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
