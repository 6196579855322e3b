"""The table item that holds the state of reconcile, and the lease that lets only one run work at a time.

See docs/engineering/decisions/0031-reconcile-lease.md.
"""

import time
from typing import TYPE_CHECKING
from uuid import uuid4

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_code, error_reason
from hookswitch.errors import StorageUnavailableError
from hookswitch.reconcile.state import State, iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

KEY = "state-reconcile"


class Ledger:
    """The item that holds the state, for one run.

    A run first takes a lease, which no other run gets until it is released or expires: a run that Lambda stopped
    does not block later runs for longer than its own time.
    """

    def __init__(self, table: str) -> None:
        """Use the item of a table."""
        self._table = table
        self._owner = uuid4().hex

    def read(self) -> State | None:
        """Return the state without taking the lease; None before the first run.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        try:
            answer = clients.dynamodb().get_item(
                TableName=self._table, Key={"event_id": {"S": KEY}}, ConsistentRead=True
            )
        except CALL_ERRORS as error:
            raise _unavailable(error_reason(error)) from error
        return _state_in(answer.get("Item", {}))

    def acquire(self, seconds: float) -> tuple[bool, State | None]:
        """Take the lease for some seconds.

        Returns:
            Whether the lease was free; and the state, None before the first run.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        now = int(time.time())
        try:
            answer = clients.dynamodb().update_item(
                TableName=self._table,
                Key={"event_id": {"S": KEY}},
                UpdateExpression="SET kind = :kind, lease_owner = :owner, lease_until = :until",
                ConditionExpression="attribute_not_exists(lease_until) OR lease_until < :now OR lease_owner = :owner",
                ExpressionAttributeValues={
                    ":kind": {"S": "state"},
                    ":owner": {"S": self._owner},
                    ":until": {"N": str(now + int(seconds) + 1)},
                    ":now": {"N": str(now)},
                },
                ReturnValues="ALL_NEW",
            )
        except CALL_ERRORS as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False, None
            raise _unavailable(error_reason(error)) from error
        return True, _state_in(answer["Attributes"])

    def save(self, state: State, *, release: bool = False) -> None:
        """Write the state, and release the lease if asked to.

        Raises:
            StorageUnavailableError: DynamoDB did not accept it, or another run has the lease.
        """
        try:
            clients.dynamodb().update_item(
                TableName=self._table,
                Key={"event_id": {"S": KEY}},
                UpdateExpression="SET progress = :progress, watermark = :watermark"
                + (", lease_until = :none" if release else ""),
                ConditionExpression="lease_owner = :owner",
                ExpressionAttributeValues={
                    ":progress": {"S": state.to_json()},
                    ":watermark": {"S": iso(state.watermark)},
                    ":owner": {"S": self._owner},
                    **({":none": {"N": "0"}} if release else {}),
                },
            )
        except CALL_ERRORS as error:
            raise _unavailable(error_reason(error)) from error


def _state_in(item: "Mapping[str, AttributeValueTypeDef]") -> State | None:
    return State.from_json(item["progress"]["S"]) if "progress" in item else None


def _unavailable(code: str) -> StorageUnavailableError:
    return StorageUnavailableError(f"The state of reconcile can't be read or written: DynamoDB says {code}.")
