"""The quarantined deliveries in the table."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_code, error_reason
from hookswitch.errors import StorageUnavailableError
from hookswitch.events.attributes import attribute
from hookswitch.events.items import quarantine_summary, timestamp
from hookswitch.events.kinds import QUARANTINE

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

_PLAIN = TypeDeserializer().deserialize


class Quarantine:
    """The quarantined deliveries of one table.

    All methods raise StorageUnavailableError if DynamoDB does not answer.
    """

    def __init__(self, table: str) -> None:
        """Use a table."""
        self._table = table

    def find(self, hook: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Yield the key and the time of receipt of a hook's deliveries, oldest first, both ends included."""
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "feeds",
            "KeyConditionExpression": "feed = :feed AND timeline_key BETWEEN :since AND :until",
            "FilterExpression": "hook = :hook",
            "ExpressionAttributeValues": {
                ":feed": {"S": QUARANTINE},
                ":since": {"S": timestamp(since.astimezone(UTC))},
                ":until": {"S": timestamp(until.astimezone(UTC))},
                ":hook": {"S": hook},
            },
        }
        while True:
            try:
                page = clients.dynamodb().query(**query)
            except CALL_ERRORS as error:
                raise _unavailable(error_reason(error)) from error
            for item in page["Items"]:
                yield item["event_id"]["S"], item["timeline_key"]["S"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def read(self, key: str) -> Mapping[str, Any] | None:
        """Return an item as plain values; None if it no longer exists."""
        try:
            answer = clients.dynamodb().get_item(
                TableName=self._table, Key={"event_id": {"S": key}}, ConsistentRead=True
            )
        except CALL_ERRORS as error:
            raise _unavailable(error_reason(error)) from error
        item: Mapping[str, AttributeValueTypeDef] | None = answer.get("Item")
        return {name: _PLAIN(value) for name, value in item.items()} if item else None

    def remove(self, key: str) -> None:
        """Remove an item, if it still exists."""
        try:
            clients.dynamodb().delete_item(TableName=self._table, Key={"event_id": {"S": key}})
        except CALL_ERRORS as error:
            raise _unavailable(error_reason(error)) from error

    def update_reasons(self, key: str, hook: str, reasons: tuple[str, ...]) -> None:
        """Record why a delivery is still rejected, and when that was found; never recreate a deleted item."""
        try:
            clients.dynamodb().update_item(
                TableName=self._table,
                Key={"event_id": {"S": key}},
                UpdateExpression="SET reasons = :reasons, summary = :summary, replayed_at = :now",
                ConditionExpression="attribute_exists(event_id)",
                ExpressionAttributeValues={
                    ":reasons": attribute(reasons),
                    ":summary": attribute(quarantine_summary(hook, reasons)),
                    ":now": attribute(timestamp(datetime.now(UTC))),
                },
            )
        except CALL_ERRORS as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise _unavailable(error_reason(error)) from error


def _unavailable(code: str) -> StorageUnavailableError:
    return StorageUnavailableError(f"The quarantine can't be read or written: DynamoDB says {code}.")
