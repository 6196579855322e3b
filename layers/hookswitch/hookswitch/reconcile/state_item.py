"""An item of the table in which a state outlives an invocation: reconcile's own, the accounting's, or an import's."""

from typing import TYPE_CHECKING

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_code, error_reason
from hookswitch.errors import StorageUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, UpdateItemInputTypeDef

    type Attributes = Mapping[str, AttributeValueTypeDef]


class ConditionFailedError(Exception):
    """The item is not as a write requires."""


class StateItem:
    """One item, of the kind `state`. Its methods raise StorageUnavailableError if DynamoDB does not answer."""

    def __init__(self, table: str, key: str, whose: str) -> None:
        """Use the item of a key.

        Args:
            table: The name of the table.
            key: The item's key.
            whose: Whose state it is, for errors.
        """
        self._table, self._key, self._whose = table, key, whose

    def read(self) -> "Attributes":
        """Return the item's attributes; none before the first write."""
        try:
            answer = clients.dynamodb().get_item(
                TableName=self._table, Key={"event_id": {"S": self._key}}, ConsistentRead=True
            )
        except CALL_ERRORS as error:
            raise self.unavailable(error_reason(error)) from error
        return answer.get("Item", {})

    def write(self, attributes: "Attributes", condition: str = "", values: "Attributes | None" = None) -> "Attributes":
        """Set attributes, and return all that the item has then.

        Args:
            attributes: Those to set; each is also a value of the condition, by its name.
            condition: What has to hold, in DynamoDB's syntax; empty for nothing.
            values: Further values of the condition.

        Raises:
            ConditionFailedError: The condition does not hold.
        """
        changes: Attributes = {"kind": {"S": "state"}, **attributes}
        request: UpdateItemInputTypeDef = {
            "TableName": self._table,
            "Key": {"event_id": {"S": self._key}},
            "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in changes),
            "ExpressionAttributeValues": {f":{name}": value for name, value in {**changes, **(values or {})}.items()},
            "ReturnValues": "ALL_NEW",
        }
        if condition:
            request["ConditionExpression"] = condition
        try:
            answer = clients.dynamodb().update_item(**request)
        except CALL_ERRORS as error:
            if error_code(error) == "ConditionalCheckFailedException":
                raise ConditionFailedError from error
            raise self.unavailable(error_reason(error)) from error
        return answer["Attributes"]

    def unavailable(self, reason: str) -> StorageUnavailableError:
        """Return the error that says why the state can't be read or written."""
        return StorageUnavailableError(f"The state of {self._whose} can't be read or written: DynamoDB says {reason}.")
