"""The table item of an import."""

from typing import TYPE_CHECKING

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_code, error_reason
from hookswitch.errors import StorageUnavailableError
from hookswitch.reconcile.importing.job import Job

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

KEY = "state-import"


class OvertakenError(Exception):
    """Another invocation has come further with the import."""


class JobStorage:
    """The item that has the last import. It is written only over what was read, so that one invocation gets ahead."""

    def __init__(self, table: str) -> None:
        """Use the item of a table."""
        self._table = table
        self._revision = 0

    def read(self) -> Job | None:
        """Return the last import; None before the first one.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        try:
            found = clients.dynamodb().get_item(
                TableName=self._table, Key={"event_id": {"S": KEY}}, ConsistentRead=True
            )
        except CALL_ERRORS as error:
            raise _unavailable(error_reason(error)) from error
        item = found.get("Item")
        if not item:
            return None
        self._revision = int(item["revision"]["N"])
        return Job.model_validate_json(item["progress"]["S"])

    def write(self, job: Job) -> None:
        """Write the import.

        Raises:
            OvertakenError: Another invocation has written it since it was read.
            StorageUnavailableError: DynamoDB did not accept it.
        """
        values: dict[str, AttributeValueTypeDef] = {
            ":kind": {"S": "state"},
            ":progress": {"S": job.model_dump_json()},
            ":before": {"N": str(self._revision)},
            ":revision": {"N": str(self._revision + 1)},
        }
        try:
            clients.dynamodb().update_item(
                TableName=self._table,
                Key={"event_id": {"S": KEY}},
                UpdateExpression="SET kind = :kind, progress = :progress, revision = :revision",
                ConditionExpression="attribute_not_exists(revision) OR revision = :before",
                ExpressionAttributeValues=values,
            )
        except CALL_ERRORS as error:
            if error_code(error) == "ConditionalCheckFailedException":
                raise OvertakenError from error
            raise _unavailable(error_reason(error)) from error
        self._revision += 1


def _unavailable(reason: str) -> StorageUnavailableError:
    return StorageUnavailableError(f"The state of the import can't be read or written: DynamoDB says {reason}.")
