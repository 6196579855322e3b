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

    Whoever finds the lease taken can ask for another look at the webhooks. The run that has the lease sees that
    whenever it saves the state, and does not give the lease back before it has looked.
    """

    def __init__(self, table: str) -> None:
        """Use the item of a table."""
        self._table = table
        self._owner = uuid4().hex
        self._asked, self._answered = "", ""  # the last request, and the one that a look has answered

    @property
    def is_asked(self) -> bool:
        """Whether another look was asked for since the last one; as of when the state was last saved."""
        return self._asked != self._answered

    def ask(self, request: str) -> None:
        """Ask whoever has the lease, or takes it next, for a look at the webhooks.

        Args:
            request: Differs from every other request.

        Raises:
            StorageUnavailableError: DynamoDB did not accept it.
        """
        try:
            clients.dynamodb().update_item(
                TableName=self._table,
                Key={"event_id": {"S": KEY}},
                UpdateExpression="SET kind = :kind, asked = :asked",
                ExpressionAttributeValues={":kind": {"S": "state"}, ":asked": {"S": request}},
            )
        except CALL_ERRORS as error:
            raise _unavailable(error_reason(error)) from error

    def answer(self) -> None:
        """Note that a look begins, which answers all requests so far."""
        self._answered = self._asked

    def read(self) -> State | None:
        """Return the state without taking the lease; None before the first run.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        return _state_in(self._item())

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
        self._asked = _request_in(answer["Attributes"])
        return True, _state_in(answer["Attributes"])

    def save(self, state: State) -> None:
        """Write the state.

        Raises:
            StorageUnavailableError: DynamoDB did not accept it, or another run has the lease.
        """
        try:
            self._write(state)
        except CALL_ERRORS as error:
            raise _unavailable(error_reason(error)) from error

    def release(self, state: State, *, anyway: bool = False) -> bool:
        """Write the state and release the lease, unless another look was asked for; tell whether it is released.

        Args:
            state: The state.
            anyway: Whether to release it even then.

        Raises:
            StorageUnavailableError: DynamoDB did not accept it, or another run has the lease.
        """
        condition, values = "", dict[str, "AttributeValueTypeDef"]()
        if not anyway:
            condition = " AND asked = :answered" if self._answered else " AND attribute_not_exists(asked)"
            values = {":answered": {"S": self._answered}} if self._answered else {}
        try:
            self._write(state, ", lease_until = :none", condition, {":none": {"N": "0"}, **values})
        except CALL_ERRORS as error:
            if error_code(error) == "ConditionalCheckFailedException" and not anyway:
                item = self._item()
                self._asked = _request_in(item)
                if item["lease_owner"] == {"S": self._owner}:
                    return False
            raise _unavailable(error_reason(error)) from error
        return True

    def _write(
        self,
        state: State,
        change: str = "",
        condition: str = "",
        values: "Mapping[str, AttributeValueTypeDef] | None" = None,
    ) -> None:
        answer = clients.dynamodb().update_item(
            TableName=self._table,
            Key={"event_id": {"S": KEY}},
            UpdateExpression=f"SET progress = :progress, watermark = :watermark{change}",
            ConditionExpression=f"lease_owner = :owner{condition}",
            ExpressionAttributeValues={
                ":progress": {"S": state.to_json()},
                ":watermark": {"S": iso(state.watermark)},
                ":owner": {"S": self._owner},
                **(values or {}),
            },
            ReturnValues="ALL_NEW",
        )
        self._asked = _request_in(answer["Attributes"])

    def _item(self) -> "Mapping[str, AttributeValueTypeDef]":
        try:
            answer = clients.dynamodb().get_item(
                TableName=self._table, Key={"event_id": {"S": KEY}}, ConsistentRead=True
            )
        except CALL_ERRORS as error:
            raise _unavailable(error_reason(error)) from error
        return answer.get("Item", {})


def _state_in(item: "Mapping[str, AttributeValueTypeDef]") -> State | None:
    return State.from_json(item["progress"]["S"]) if "progress" in item else None


def _request_in(item: "Mapping[str, AttributeValueTypeDef]") -> str:
    return item["asked"]["S"] if "asked" in item else ""


def _unavailable(code: str) -> StorageUnavailableError:
    return StorageUnavailableError(f"The state of reconcile can't be read or written: DynamoDB says {code}.")
