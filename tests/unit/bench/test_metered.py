"""The table that counts what DynamoDB would charge for."""

from typing import Any

import pytest

from bench.metered import ConditionalCheckFailedError, MeteredTable, size

KEY = {"event_id": {"S": "leg-1"}}


def item(**attributes: str) -> dict[str, Any]:
    """Return an item of the kind `call`."""
    return {"event_id": {"S": "call-1"}, "kind": {"S": "call"}} | {name: {"S": it} for name, it in attributes.items()}


def test_size() -> None:
    """Names and text count by the byte, numbers by two digits and one more, lists and maps by what they have."""
    assert size({"a": {"S": "é"}}) == 3
    assert size({"a": {"N": "1234"}}) == 4
    assert size({"a": {"BOOL": True}}) == 2
    assert size({"a": {"L": [{"S": "bc"}]}}) == 1 + 3 + 1 + 2
    assert size({"a": {"M": {"b": {"S": "c"}}}}) == 1 + 3 + 1 + 2


def test_writes() -> None:
    """A write costs a unit for each KB of the item, the one before or the one after, whichever is larger."""
    table = MeteredTable()
    table.put_item(Item=item(text="x" * 2100))
    table.put_item(Item=item())
    assert table.writes == {"call": 6}
    assert not table.index_writes.total()


@pytest.mark.parametrize(
    ("changed", "units"),
    [({}, 0), ({"revision": "2"}, 0), ({"summary": "new"}, 1), ({"feed": "account/call/day"}, 2), ({"feed": None}, 1)],
    ids=["nothing", "what it has not", "what it has", "its key", "its key is gone"],
)
def test_writes_to_an_index(changed: dict[str, str | None], units: int) -> None:
    """An index costs if something that it has of the item changes; another key is a deletion and a write."""
    table = MeteredTable()
    before = {"feed": "calls/open", "timeline_key": "now", "summary": "old"}
    table.put_item(Item=item(**before))
    table.index_writes.clear()
    after = {name: value for name, value in (before | changed).items() if value is not None}
    table.put_item(Item=item(**after))
    assert table.index_writes.total() == units


def test_conditions() -> None:
    """A write whose condition does not hold costs as much, and changes nothing."""
    table = MeteredTable()
    table.put_item(Item=item(), ConditionExpression="attribute_not_exists(event_id)")
    with pytest.raises(ConditionalCheckFailedError):
        table.put_item(Item=item(text="x"), ConditionExpression="attribute_not_exists(event_id)")
    assert table.writes == {"call": 2}
    assert table.get_item(Key={"event_id": {"S": "call-1"}}) == {"Item": item()}
    assert table.reads == 1


def test_updates() -> None:
    """Assignments happen, those that keep what there is included; the answer is the whole item."""
    table = MeteredTable()
    names, values = {"#0": "kind", "#1": "call"}, {":0": {"S": "leg"}, ":1": {"S": "first"}}
    given = {"Key": KEY, "UpdateExpression": "SET #0 = :0, #1 = if_not_exists(#1, :1)"}
    table.update_item(**given, ExpressionAttributeNames=names, ExpressionAttributeValues=values)
    values[":1"] = {"S": "second"}
    answer = table.update_item(**given, ExpressionAttributeNames=names, ExpressionAttributeValues=values)
    assert answer["Attributes"] == KEY | {"kind": {"S": "leg"}, "call": {"S": "first"}}
    assert table.writes == {"leg": 2}
    assert table.operations == {"UpdateItem": 2}
