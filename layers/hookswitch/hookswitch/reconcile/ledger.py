"""The table item that holds the state of reconcile, and the lease that lets only one run work at a time.

See docs/engineering/decisions/0031-reconcile-lease.md.
"""

import time
from typing import TYPE_CHECKING
from uuid import uuid4

from hookswitch.errors import StorageUnavailableError
from hookswitch.reconcile.state import State, iso
from hookswitch.reconcile.state_item import ConditionFailedError, StateItem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    type Attributes = Mapping[str, AttributeValueTypeDef]

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
        self._item = StateItem(table, KEY, "reconcile")
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
        self._item.write({"asked": {"S": request}})

    def answer(self) -> None:
        """Note that a look begins, which answers all requests so far."""
        self._answered = self._asked

    def read(self) -> State | None:
        """Return the state without taking the lease; None before the first run.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        return _state_in(self._item.read())

    def acquire(self, seconds: float) -> tuple[bool, State | None]:
        """Take the lease for some seconds.

        Returns:
            Whether the lease was free; and the state, None before the first run.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        now = int(time.time())
        try:
            attributes = self._item.write(
                {"lease_owner": {"S": self._owner}, "lease_until": {"N": str(now + int(seconds) + 1)}},
                "attribute_not_exists(lease_until) OR lease_until < :now OR lease_owner = :lease_owner",
                {"now": {"N": str(now)}},
            )
        except ConditionFailedError:
            return False, None
        self._asked = _request_in(attributes)
        return True, _state_in(attributes)

    def save(self, state: State) -> None:
        """Write the state.

        Raises:
            StorageUnavailableError: DynamoDB did not accept it, or another run has the lease.
        """
        try:
            self._write(state)
        except ConditionFailedError as error:
            raise self._overtaken() from error

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
            values = {"answered": {"S": self._answered}} if self._answered else {}
        try:
            self._write(state, {"lease_until": {"N": "0"}}, condition, values)
        except ConditionFailedError as error:
            if not anyway:
                item = self._item.read()
                self._asked = _request_in(item)
                if item["lease_owner"] == {"S": self._owner}:
                    return False
            raise self._overtaken() from error
        return True

    def _write(
        self,
        state: State,
        more: "Attributes | None" = None,
        condition: str = "",
        values: "Attributes | None" = None,
    ) -> None:
        attributes = self._item.write(
            {"progress": {"S": state.to_json()}, "watermark": {"S": iso(state.watermark)}, **(more or {})},
            f"lease_owner = :owner{condition}",
            {"owner": {"S": self._owner}, **(values or {})},
        )
        self._asked = _request_in(attributes)

    def _overtaken(self) -> StorageUnavailableError:
        return self._item.unavailable("that another run has the lease")


def _state_in(item: "Attributes") -> State | None:
    return State.from_json(item["progress"]["S"]) if "progress" in item else None


def _request_in(item: "Attributes") -> str:
    return item["asked"]["S"] if "asked" in item else ""
