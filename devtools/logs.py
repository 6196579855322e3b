"""Follows the log of a stack's functions."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

OVERLAP = 30_000  # milliseconds that are read again: a function's lines may arrive later than another's

type Line = tuple[str, int, str]


class LogReader:
    """Returns the lines of one log group, each once.

    The emulator answers with 10,000 events at most and has no next page, so each read begins at a time.
    """

    def __init__(self, client: "CloudWatchLogsClient", group: str) -> None:
        self._client, self._group = client, group
        self._seen: set[Line] = set()
        self._last = 0

    def read(self) -> list[str]:
        """Return the lines since the last read, in order of time."""
        lines: list[str] = []
        start, last = -1, max(0, self._last - OVERLAP)
        while last > start:  # a page that ends where it began is the last one
            start = last
            answer = self._client.filter_log_events(logGroupName=self._group, startTime=start)
            for event in answer["events"]:
                line = (event["logStreamName"], event["timestamp"], event["message"])
                last = line[1]
                if line not in self._seen:
                    self._seen.add(line)
                    lines.append(line[2])
        self._last = max(self._last, last)
        self._seen = {line for line in self._seen if line[1] >= self._last - OVERLAP}
        return lines
