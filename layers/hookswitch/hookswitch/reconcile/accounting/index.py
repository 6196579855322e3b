"""Which of Dash's records are in the table, found by its indexes."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.errors import StorageUnavailableError
from hookswitch.events.attributes import Image, plain
from hookswitch.events.items import feed_key, timestamp
from hookswitch.payloads.channel import ENDS

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

MARGIN = 300  # seconds by which an event's time may differ from its record's
MAX_HOLE = 3_600  # seconds without a record, from which on what lies between is not read


class EventIndex:
    """The events of a table. All methods raise StorageUnavailableError if DynamoDB does not answer.

    The indexes lag behind the table by a fraction of a second, so an event of just now may be found or not.
    """

    def __init__(self, table: str) -> None:
        """Use a table."""
        self._table = table

    def feed(self, account_id: str, hook: str, seconds: Iterable[int]) -> Iterator[Image]:
        """Yield key, subject and summary of a hook's events around some times, in Unix seconds."""
        for first, last in _spans(seconds):
            for start, end in _by_day(first, last):
                yield from self._query(
                    "feeds",
                    "feed = :key AND timeline_key BETWEEN :since AND :until",
                    {
                        ":key": feed_key(account_id, hook, timestamp(start)),
                        ":since": timestamp(start),
                        ":until": timestamp(end),
                    },
                    projection="event_id, subject, summary",
                )

    def has_end(self, call_id: str, hook: str) -> bool:
        """Tell whether the table has the end of a leg, whenever it was; the loss of its media server is none."""
        fields = ", ".join(f"payload.{name}" for name in ENDS)
        events = self._query("calls", "call_id = :key", {":key": call_id}, hook=hook, projection=fields)
        ends = (plain(event["payload"]) for event in events if "payload" in event)
        return any(value is not None for end in ends for value in end.values())

    def has_subject(self, subject: str, hook: str) -> bool:
        """Tell whether the table has an event of a hook about a device, mailbox or fax, whenever it was."""
        events = self._query("subjects", "subject_key = :key", {":key": subject}, hook=hook, projection="event_id")
        return any(True for _ in events)

    def _query(
        self, index: str, condition: str, values: dict[str, str], *, projection: str, hook: str = ""
    ) -> Iterator[Image]:
        given: dict[str, AttributeValueTypeDef] = {name: {"S": value} for name, value in values.items()}
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": index,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {**given, **({":hook": {"S": hook}} if hook else {})},
            "ProjectionExpression": projection,
            **({"FilterExpression": "hook = :hook"} if hook else {}),
        }
        while True:
            try:
                page = clients.dynamodb().query(**query)
            except CALL_ERRORS as error:
                raise StorageUnavailableError(
                    f"The events that Dash's records are compared with can't be read ({error_reason(error)})."
                ) from error
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _spans(seconds: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the ranges that some times are in, with a margin; two of them have a hole between them."""
    ordered = sorted(seconds)
    if not ordered:
        return
    first = last = ordered[0]
    for second in ordered[1:]:
        if second - last > MAX_HOLE:
            yield first - MARGIN, last + MARGIN
            first = second
        last = second
    yield first - MARGIN, last + MARGIN


def _by_day(first: int, last: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield a range day by day, in UTC, as the index is partitioned."""
    while first <= last:
        end = min(last, first - first % 86_400 + 86_399)
        yield datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(end + 0.999, UTC)
        first = end + 1
