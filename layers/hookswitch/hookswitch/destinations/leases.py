"""Leases: the right of one sender at a time to send to a destination, and what it notes when it ends.

Every method raises ClientError or BotoCoreError if DynamoDB does not accept a call.
docs/engineering/decisions/0089-destinations.md has the argument why nothing is forgotten.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from hookswitch.aws import clients
from hookswitch.destinations import rows
from hookswitch.destinations.partitions import Partitions, plain_row
from hookswitch.destinations.record import Destination, Health
from hookswitch.destinations.rows import DESTINATIONS
from hookswitch.events.attributes import attribute, item

LEASE_SECONDS = 75  # longer than from its beginning, or its renewal, to the end of the last attempt of a turn


@dataclass(frozen=True, slots=True)
class Standing:
    """A destination and who sends to it at the moment. Times are Unix milliseconds, 0 for none.

    Attributes:
        destination: The destination.
        lease_until: Until when somebody may send to it.
        queried_at: When the last one began to look what it is owed.
        woken_by: The id of the message that the last one has the right from; it stays in its queue until then.
        kept: The id of the message that waits in the queue until its next attempt is due; empty if none does.
        kept_until: Until when that message waits.
        changed_at: When somebody last asked for a new beginning, such as by RESUME.
    """

    destination: Destination
    lease_until: int = 0
    queried_at: int = 0
    woken_by: str = ""
    kept: str = ""
    kept_until: int = 0
    changed_at: int = 0

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Return what a destination's row says."""
        return cls(
            rows.destination_from_row(row),
            int(row.get("lease_until", 0)),
            int(row.get("queried_at", 0)),
            row.get("woken_by", ""),
            row.get("kept", ""),
            int(row.get("kept_until", 0)),
            int(row.get("changed_at", 0)),
        )


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send to a destination.

    Attributes:
        name: The destination's name.
        destination_id: Its id.
        owner: Whose right it is.
        standing: What the destination's row said when the lease began.
    """

    name: str
    destination_id: str
    owner: str
    standing: Standing


class Leases(Partitions):
    """The leases in the table of destinations."""

    def take(self, name: str, destination_id: str, message: str, owner: str, now: int) -> Lease | Standing | None:
        """Take the right to send to a destination that is on, that nobody sends to, and whose attempt is due.

        Args:
            name: The destination's name.
            destination_id: Its id.
            message: The id of the message that asks for it: one that waited for the attempt gets the lease early, too.
            owner: Whose lease it is to be.
            now: The present, in Unix milliseconds.

        Returns:
            The lease; where there is none to have, how the destination stands; None if it is no longer there.
        """
        client = clients.dynamodb()
        try:
            answer = client.update_item(
                TableName=self.name,
                Key=item({"owner": DESTINATIONS, "sort": name}),
                UpdateExpression=(
                    "SET lease_until = :until, lease_owner = :owner, queried_at = :now, woken_by = :message"
                ),
                ConditionExpression=(
                    "id = :id AND #state = :on AND (attribute_not_exists(lease_until) OR lease_until < :now) "
                    "AND (next_attempt <= :now OR kept = :message)"
                ),
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":id": attribute(destination_id),
                    ":on": attribute("on"),
                    ":now": attribute(now),
                    ":until": attribute(now + LEASE_SECONDS * 1000),
                    ":owner": attribute(owner),
                    ":message": attribute(message),
                },
                ReturnValues="ALL_NEW",
            )
        except client.exceptions.ConditionalCheckFailedException:
            row = self._get(DESTINATIONS, name)
            return Standing.from_row(row) if row and row["id"] == destination_id else None
        return Lease(name, destination_id, owner, Standing.from_row(plain_row(answer["Attributes"])))

    def renew(self, lease: Lease, now: int) -> Destination | None:
        """Extend a lease, and return the destination as it is now; None if it was removed, paused or switched off."""
        values = {":now": attribute(now), ":until": attribute(now + LEASE_SECONDS * 1000)}
        expression = "SET lease_until = :until, queried_at = :now"
        values[":on"] = attribute("on")
        row = self._update_leased(lease, expression, {"#state": "state"}, values, " AND #state = :on")
        return rows.destination_from_row(row) if row else None

    def finish(
        self, lease: Lease, health: Health, *, kept: str, kept_until: int, state: Mapping[str, object] | None = None
    ) -> bool:
        """End a lease, and note how the destination is doing; return False if the lease was somebody else's by then.

        If somebody asked for a new beginning meanwhile, what was before that is not noted: a message about it waits.

        Args:
            lease: The lease.
            health: How the destination is doing.
            kept: The message that waits until something is due; empty for none.
            kept_until: Until when, in Unix milliseconds.
            state: Attributes of a new state.
        """
        changes = {**asdict(health), "kept": kept, "kept_until": kept_until, **(state or {})}
        if self._end(lease, changes, unless_changed=True):
            return True
        return self._end(lease, {"kept": "", "kept_until": 0}, unless_changed=False)

    def _end(self, lease: Lease, changes: Mapping[str, object], *, unless_changed: bool) -> bool:
        values = {f":v{number}": attribute(value) for number, value in enumerate(changes.values())}
        assigned = ", ".join(f"#n{number} = :v{number}" for number in range(len(changes)))
        names = {f"#n{number}": key for number, key in enumerate(changes)}
        expression = f"SET {assigned} REMOVE lease_until, lease_owner"
        condition = ""
        if unless_changed:
            condition = " AND (attribute_not_exists(changed_at) OR changed_at = :changed)"
            values[":changed"] = attribute(lease.standing.changed_at)
        return bool(self._update_leased(lease, expression, names, values, condition))

    def keep(self, name: str, destination_id: str, message: str, until: int, before: str) -> bool:
        """Note which message waits until an attempt is due; return False if somebody noted another in the meantime."""
        client = clients.dynamodb()
        try:
            client.update_item(
                TableName=self.name,
                Key=item({"owner": DESTINATIONS, "sort": name}),
                UpdateExpression="SET kept = :message, kept_until = :until",
                ConditionExpression="id = :id AND (attribute_not_exists(kept) OR kept = :before)",
                ExpressionAttributeValues={
                    ":id": attribute(destination_id),
                    ":message": attribute(message),
                    ":until": attribute(until),
                    ":before": attribute(before),
                },
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _update_leased(
        self, lease: Lease, expression: str, names: Mapping[str, str], values: Mapping[str, Any], condition: str
    ) -> dict[str, Any] | None:
        """Update a destination's row if the lease is still its owner's; return its attributes, or None."""
        client = clients.dynamodb()
        mine = {":id": attribute(lease.destination_id), ":owner": attribute(lease.owner)}
        try:
            answer = client.update_item(
                TableName=self.name,
                Key=item({"owner": DESTINATIONS, "sort": lease.name}),
                UpdateExpression=expression,
                ConditionExpression=f"id = :id AND lease_owner = :owner{condition}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={**mine, **values},
                ReturnValues="ALL_NEW",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return None
        return plain_row(answer["Attributes"])
