"""Follows the log of a stack's functions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_logs.type_defs import FilteredLogEventTypeDef

OVERLAP = 30_000  # milliseconds that are read again: a function's lines may arrive later than another's


class LogReader:
    """Returns the lines of one log group, each once.

    AWS names the next page, and may return an empty one before it. The emulator returns 10,000 events at most and names
    no next page, so each read goes on from the last time until there is nothing later.
    """

    def __init__(self, client: "CloudWatchLogsClient", group: str, start: int = 0, pattern: str = "") -> None:
        """Read a group.

        Args:
            client: A client of CloudWatch Logs.
            group: The group's name.
            start: The time to begin at, in Unix milliseconds.
            pattern: A filter pattern. The emulator ignores those of JSON fields.
        """
        self._client, self._group = client, group
        self._filter: dict[str, Any] = {"filterPattern": pattern} if pattern else {}
        self._seen: dict[object, int] = {}
        self._start = self._last = start

    def read(self) -> list[str]:
        """Return the lines since the last read, in order of time."""
        return [event["message"] for event in self.events()]

    def events(self) -> Iterator["FilteredLogEventTypeDef"]:
        """Yield the lines since the last read, with their times, in order of time."""
        start, last = -1, max(self._start, self._last - OVERLAP)
        while last > start:  # a page that ends where it began is the last one
            start = last
            for event in self._from(start):
                last = max(last, event["timestamp"])
                key = event.get("eventId") or (event["logStreamName"], event["timestamp"], event["message"])
                if key not in self._seen:
                    self._seen[key] = event["timestamp"]
                    self._last = max(self._last, last)
                    yield event
        self._seen = {key: at for key, at in self._seen.items() if at >= self._last - OVERLAP}

    def _from(self, start: int) -> Iterator["FilteredLogEventTypeDef"]:
        asked = {"logGroupName": self._group, "startTime": start, **self._filter}
        while True:
            answer = self._client.filter_log_events(**asked)
            yield from answer["events"]
            if not answer.get("nextToken"):
                return
            asked["nextToken"] = answer["nextToken"]
