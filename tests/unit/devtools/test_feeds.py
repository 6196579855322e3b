"""Events by the index `feeds`, in the order of time, however many hooks, days and pages they are in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools import feeds
from devtools.feeds import Feeds, days
from hookswitch.events.attributes import item
from hookswitch.events.items import feed_key, timestamp
from hookswitch.events.kinds import QUARANTINE

ACCOUNT, TABLE = "0" * 32, "events"
NOW = datetime.now(UTC).replace(microsecond=0)
PAGE = 3  # items of a page of a query
BATCH = 2  # items that a BatchGetItem returns at most


class Table:
    """As much of DynamoDB as the feeds need, with small pages."""

    def __init__(self, events: Sequence[tuple[str, datetime]]) -> None:
        self.items = {
            f"{hook}-{at}": {
                "event_id": f"{hook}-{at}",
                "hook": hook,
                "feed": QUARANTINE if hook == "bad" else feed_key(ACCOUNT, hook, timestamp(moment)),
                "timeline_key": f"{timestamp(moment)}#00#{timestamp(moment)}",
                "payload": {"number": at},
            }
            for at, (hook, moment) in enumerate(events)
        }

    def query(self, **asked: Any) -> Mapping[str, Any]:
        """Return a page of an index, newest first."""
        assert asked["TableName"] == TABLE
        assert asked["IndexName"] == "feeds"
        assert asked["ScanIndexForward"] is False
        values = {name: value["S"] for name, value in asked["ExpressionAttributeValues"].items()}
        found = [it for it in self.items.values() if it["feed"] == values[":feed"]]
        found = [it for it in found if str(it["timeline_key"]) >= values[":since"]]
        found.sort(key=lambda it: str(it["timeline_key"]), reverse=True)
        start = int(asked.get("ExclusiveStartKey", {"at": {"N": "0"}})["at"]["N"])
        end = start + min(PAGE, asked.get("Limit", PAGE))
        page: dict[str, Any] = {"Count": len(found[start:end])}
        if asked.get("Select") != "COUNT":
            page["Items"] = [item({name: it[name] for name in it if name != "payload"}) for it in found[start:end]]
        return page | ({"LastEvaluatedKey": {"at": {"N": str(end)}}} if end < len(found) else {})

    def batch_get_item(self, RequestItems: Any) -> Mapping[str, Any]:
        """Return the first items that are asked for, and the keys of the others."""
        keys = RequestItems[TABLE]["Keys"]
        found = [self.items.get(key["event_id"]["S"]) for key in keys[:BATCH]]
        rest = {TABLE: {"Keys": keys[BATCH:]}} if keys[BATCH:] else {}
        return {"Responses": {TABLE: [item(it) for it in found if it]}, "UnprocessedKeys": rest}


def of(table: Table) -> Feeds:
    """Return the feeds of a table."""
    return Feeds(table, TABLE, ACCOUNT)  # type: ignore[arg-type] # a double


events = st.tuples(
    st.sampled_from(["missed_call", "parking", "register"]),
    st.integers(0, 3 * 24 * 3600).map(lambda back: NOW - timedelta(seconds=back)),
)


@given(st.lists(events, max_size=30), st.integers(1, 12), st.integers(0, 3 * 24 * 3600))
def test_newest_and_number(sent: list[tuple[str, datetime]], limit: int, back: int) -> None:
    """The newest come first, whatever their hook and day, at most as many as asked for; all are counted."""
    since = NOW - timedelta(seconds=back)
    hooks = ("missed_call", "parking")
    expected = sorted((moment for hook, moment in sent if hook in hooks and moment >= since), reverse=True)
    found = of(Table(sent))
    got = [str(it["timeline_key"])[:24] for it in found.newest(hooks, since, limit)]
    assert got == [timestamp(moment) for moment in expected[:limit]]
    counts = Counter(hook for hook, moment in sent if hook in hooks and moment >= since)
    assert found.count(hooks, since) == counts
    assert all(found.count(hooks, since).values())


def test_whole_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """They keep their order, and DynamoDB is asked again for what it left out; one that is gone is left out."""
    monkeypatch.setattr(feeds, "PAUSE", 0)
    table = Table([("missed_call", NOW - timedelta(seconds=second)) for second in range(7)])
    found = of(table)
    newest = found.newest(["missed_call"], NOW - timedelta(days=1), 7)
    del table.items["missed_call-3"]
    assert [it["payload"]["number"] for it in found.full(newest)] == [0, 1, 2, 4, 5, 6]


def test_quarantined() -> None:
    """Quarantined deliveries are counted by their hook."""
    table = Table([("bad", NOW)] * 4 + [("missed_call", NOW), ("bad", NOW - timedelta(days=9))])
    for at, it in enumerate(table.items.values()):
        it["hook"] = "parking" if at % 2 else "missed_call"
    assert of(table).quarantined(NOW - timedelta(days=7)) == {"parking": 2, "missed_call": 2}


def test_days() -> None:
    """The feeds are those of UTC's days, with tomorrow's shortly before midnight: Dash's clock may be ahead."""
    noon, late = datetime(2026, 11, 25, 12, tzinfo=UTC), datetime(2026, 11, 25, 23, 55, tzinfo=UTC)
    assert days(noon, noon) == [date(2026, 11, 25)]
    assert days(late, late) == [date(2026, 11, 26), date(2026, 11, 25)]
    assert days(noon - timedelta(days=2), noon) == [date(2026, 11, 25), date(2026, 11, 24), date(2026, 11, 23)]
    here = datetime.fromisoformat("2026-11-25T23:00:00-05:00")
    assert days(here, here) == [date(2026, 11, 26)]
