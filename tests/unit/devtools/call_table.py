"""As much of DynamoDB as the commands about calls need, with small pages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from devtools.calls.log import CallLog
from devtools.feeds import Feeds
from hookswitch.calls.items import CallItem, leg_id, parties, party_item
from hookswitch.calls.record import Call
from hookswitch.events.attributes import item
from tests.unit.devtools.call_records import ACCOUNT

TABLE = "events"
PAGE = 3  # items of a page of a query
BATCH = 2  # items that a BatchGetItem returns at most
IN_FEEDS = ("event_id", "feed", "timeline_key", "hook", "account_id", "occurred_at", "received_at", "summary")


class Table:
    """The items of some calls."""

    def __init__(self, calls: Iterable[Call] = (), events: Iterable[Mapping[str, Any]] = ()) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        for call in calls:
            self.add(call)
        for event in events:
            self.items[event["event_id"]] = dict(event)

    def add(self, call: Call) -> None:
        """Store the items that there are of a call."""
        account = call["account_id"]
        stored = CallItem(call, evidence="", caused_by=frozenset())
        self._put(stored.to_item(at=call.get("ended_at", ""), received_at="", expires_at=None))
        for leg in call["legs"]:
            self._put({"event_id": leg_id(account, leg["leg"]), "kind": "leg", "call": call["call"]})
        for key in parties(call) if call["state"] == "ended" else ():
            self._put(party_item(key, call, None))

    def _put(self, values: Mapping[str, Any]) -> None:
        self.items[values["event_id"]] = {name: value for name, value in values.items() if value is not None}

    def get_paginator(self, name: str) -> "Table":
        """Return what pages through a query."""
        assert name == "query"
        return self

    def paginate(self, **asked: Any) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of an index, newest first."""
        assert (asked["TableName"], asked["ScanIndexForward"]) == (TABLE, False)
        partition = {"feeds": "feed", "subjects": "subject_key"}[asked["IndexName"]]
        assert asked["KeyConditionExpression"] == f"{partition} = :key AND timeline_key BETWEEN :start AND :end"
        key, start, end = (asked["ExpressionAttributeValues"][name]["S"] for name in (":key", ":start", ":end"))
        found = [it for it in self.items.values() if it.get(partition) == key and start <= it["timeline_key"] <= end]
        found.sort(key=lambda it: str(it["timeline_key"]), reverse=True)
        if partition == "feed":
            found = [{name: it[name] for name in IN_FEEDS if name in it} for it in found]
        for at in range(0, len(found) + 1, PAGE):
            yield {"Items": [item(it) for it in found[at : at + PAGE]]}

    def batch_get_item(self, RequestItems: Any) -> Mapping[str, Any]:
        """Return the first items that are asked for, and the keys of the others."""
        keys = RequestItems[TABLE]["Keys"]
        ids = [key["event_id"]["S"] for key in keys]
        assert len(set(ids)) == len(ids) <= 100  # else DynamoDB refuses
        found = [self.items.get(event_id) for event_id in ids[:BATCH]]
        rest = {TABLE: {"Keys": keys[BATCH:]}} if keys[BATCH:] else {}
        return {"Responses": {TABLE: [item(it) for it in found if it]}, "UnprocessedKeys": rest}

    def log(self, account: str = ACCOUNT) -> CallLog:
        """Return the calls of an account."""
        return CallLog.of(Feeds(self, TABLE, account))  # type: ignore[arg-type] # a double


def keys(calls: Iterable[Call]) -> Sequence[str]:
    """Return the keys of calls."""
    return [call["call"] for call in calls]
