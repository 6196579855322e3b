"""The log of the functions, read as it grows."""

from typing import Any

from devtools.logs import OVERLAP, LogReader


class Logs:
    """CloudWatch Logs as the emulator has it: pages of three events, and no token for the next."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, *timestamps: int) -> None:
        """Let lines come, each named after its time."""
        for at in timestamps:
            self.events.append({"logStreamName": f"stream-{len(self.events)}", "timestamp": at, "message": str(at)})

    def filter_log_events(self, logGroupName: str, startTime: int) -> dict[str, Any]:
        """Return the first three from a time on."""
        assert logGroupName == "group"
        found = sorted((it for it in self.events if it["timestamp"] >= startTime), key=lambda it: it["timestamp"])
        return {"events": found[:3]}


def test_each_line_once() -> None:
    """Pages that overlap, lines that arrive late, and ones of the same moment come once each."""
    logs = Logs()
    reader = LogReader(logs, "group")  # type: ignore[arg-type] # a double
    assert reader.read() == []
    logs.add(*range(1_000_000, 1_000_010))
    assert reader.read() == [str(at) for at in range(1_000_000, 1_000_010)]
    logs.add(1_000_020, 1_000_005 - OVERLAP // 2)
    assert sorted(reader.read()) == sorted(["1000020", str(1_000_005 - OVERLAP // 2)])
    assert reader.read() == []


def test_more_lines_than_a_page_in_the_overlap() -> None:
    """What was read before does not hide what follows it."""
    logs = Logs()
    reader = LogReader(logs, "group")  # type: ignore[arg-type] # a double
    logs.add(*range(2_000_000, 2_000_020))
    assert len(reader.read()) == 20
    logs.add(2_000_030)
    assert reader.read() == ["2000030"]


class PagedLogs:
    """CloudWatch Logs as AWS has it: it names the next page, which may follow an empty one."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        """Return two lines, then nothing, then two more."""
        self.asked.append(asked)
        event = {"logStreamName": "stream", "message": "same"}
        pages = [
            [event | {"timestamp": 5_000, "eventId": "1"}, event | {"timestamp": 5_000, "eventId": "2"}],
            [],
            [event | {"timestamp": 5_001, "eventId": "3"}, event | {"timestamp": 5_001, "eventId": "4"}],
        ]
        at = int(asked.get("nextToken", "0"))
        found = [it for it in pages[at] if int(str(it["timestamp"])) >= asked["startTime"]]
        return {"events": found, **({"nextToken": str(at + 1)} if at + 1 < len(pages) else {})}


def test_pages_of_aws() -> None:
    """All pages are read, and lines that differ only in their id are different lines."""
    logs = PagedLogs()
    reader = LogReader(logs, "group", 1_000, '{ $.hook = "parking" }')  # type: ignore[arg-type] # a double
    assert [event["eventId"] for event in reader.events()] == ["1", "2", "3", "4"]
    assert list(reader.events()) == []
    assert logs.asked[0]["startTime"] == 1_000
    assert {asked["filterPattern"] for asked in logs.asked} == {'{ $.hook = "parking" }'}
