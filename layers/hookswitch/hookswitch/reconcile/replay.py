"""The replay of the quarantine: deliveries that could not be used go through their hook function again."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, field_validator

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_code
from hookswitch.dash.hooks import CATALOGUE
from hookswitch.errors import NotTakenError, RequestError, StorageUnavailableError
from hookswitch.events.attributes import attribute
from hookswitch.events.items import QUARANTINE, delivery_from_item, quarantine_summary, timestamp
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.receiving.hook_functions import HookFunctions

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

PATIENCE = 3  # deliveries in a row that a hook function may fail to take before the replay ends
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_PLAIN = TypeDeserializer().deserialize


class Replay(BaseModel):
    """What is to be replayed.

    Attributes:
        hook: The hook that the deliveries came by.
        since: When the first of them was received; by default there is no such limit.
        until: When the last of them was; by default now.
        dry_run: Count only.
    """

    model_config = ConfigDict(extra="forbid")

    hook: str
    since: AwareDatetime = BEGINNING
    until: AwareDatetime | None = None
    dry_run: bool = False

    @field_validator("hook")
    @classmethod
    def _known(cls, hook: str) -> str:
        if hook not in CATALOGUE:
            raise ValueError(f"is no hook; the hooks are {', '.join(CATALOGUE)}")
        return hook

    @classmethod
    def of(cls, asked: object) -> "Replay":
        """Return what was asked for, typed.

        Raises:
            RequestError: It can't be used; the text says why.
        """
        try:
            return cls.model_validate(asked)
        except ValidationError as error:
            said = "; ".join(
                f"{'.'.join(map(str, detail['loc']))}: {detail['msg'].removeprefix('Value error, ')}"
                for detail in error.errors(include_url=False, include_context=False, include_input=False)
            )
            raise RequestError(
                f'This can\'t be replayed: {said}. A replay is like {{"hook": "missed_call", "since": '
                '"2026-11-23T14:00:00Z", "until": "2026-11-23T15:00:00Z", "dry_run": true}.'
            ) from None


class Quarantine:
    """The quarantined deliveries of one table, and the functions that take them again."""

    def __init__(self, table: str, functions: HookFunctions, stop_at: float, measures: MetricsRecorder) -> None:
        """Prepare to work until a moment (`time.monotonic`), and to count what is accepted."""
        self._table = table
        self._functions = functions
        self._stop_at = stop_at
        self._measures = measures

    def replay(self, asked: Replay) -> dict[str, Any]:
        """Replay deliveries, the oldest first.

        What its hook accepts leaves the quarantine. What it refuses again stays, with the newer reasons. Of a body
        that was too large only a part is kept, so it can't be replayed.

        Returns:
            `found`, and of those `accepted`, `refused`, `truncated` and `deferred` (the function took them neither
            way), numbers; `reasons`, how many were refused for what; `next`, from when to go on if there was not
            time enough for all, else None. A dry run counts `found` and `truncated`.

        Raises:
            HookswitchError: The table or the stack can't be reached.
        """
        counts = dict.fromkeys(("found", "accepted", "refused", "truncated", "deferred"), 0)
        reasons: dict[str, int] = {}
        following: str | None = None
        in_vain = 0
        for key, received_at in self._keys(asked):
            if time.monotonic() >= self._stop_at or in_vain == PATIENCE:
                following = received_at
                break
            item = self._item(key)
            if item is None:
                continue  # gone since the index was read
            counts["found"] += 1
            if item.get("truncated"):
                counts["truncated"] += 1
                continue
            if asked.dry_run:
                continue
            outcome, why = self._again(key, item)
            in_vain = in_vain + 1 if outcome == "deferred" else 0
            counts[outcome] += 1
            for reason in why:
                reasons[reason] = reasons.get(reason, 0) + 1
        said = {"dry_run": asked.dry_run, "hook": asked.hook, **counts, "reasons": reasons, "next": following}
        logger.info("Quarantine replayed.", extra={"replay": said})
        return said

    def _again(self, key: str, item: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
        """Send one delivery; return what became of it, and why it is refused."""
        hook = str(item["hook"])
        try:
            taken = self._functions.deliver(hook, delivery_from_item(item))
        except NotTakenError as error:
            logger.warning("A quarantined delivery was not taken. %s", error, extra=_told(item))
            return "deferred", ()
        if taken.outcome == "quarantined" and taken.event_id == key:
            self._note(key, hook, taken.reasons)
            return "refused", taken.reasons
        # Accepted; or refused under another key, and then the item with that key has the newer reasons.
        self._write("delete_item", Key={"event_id": {"S": key}})
        if taken.outcome == "quarantined":
            return "refused", taken.reasons
        logger.info("A quarantined delivery is used now.", extra=_told(item) | {"became": taken.event_id})
        self._measures.add("redriven")
        return "accepted", ()

    def _note(self, key: str, hook: str, reasons: tuple[str, ...]) -> None:
        self._write(
            "update_item",
            Key={"event_id": {"S": key}},
            UpdateExpression="SET reasons = :reasons, summary = :summary, replayed_at = :now",
            ConditionExpression="attribute_exists(event_id)",
            ExpressionAttributeValues={
                ":reasons": attribute(reasons),
                ":summary": attribute(quarantine_summary(hook, reasons)),
                ":now": attribute(timestamp(datetime.now(UTC))),
            },
        )

    def _keys(self, asked: Replay) -> Iterator[tuple[str, str]]:
        """Yield the key and the time of receipt of what is asked for."""
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "feeds",
            "KeyConditionExpression": "feed = :feed AND timeline_key BETWEEN :since AND :until",
            "FilterExpression": "hook = :hook",
            "ExpressionAttributeValues": {
                ":feed": {"S": QUARANTINE},
                ":since": {"S": timestamp(asked.since.astimezone(UTC))},
                ":until": {"S": timestamp((asked.until or datetime.now(UTC)).astimezone(UTC))},
                ":hook": {"S": asked.hook},
            },
        }
        while True:
            try:
                page = clients.dynamodb().query(**query)
            except CALL_ERRORS as error:
                raise _unavailable(error_code(error)) from error
            for item in page["Items"]:
                yield item["event_id"]["S"], item["timeline_key"]["S"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _item(self, key: str) -> Mapping[str, Any] | None:
        try:
            answer = clients.dynamodb().get_item(
                TableName=self._table, Key={"event_id": {"S": key}}, ConsistentRead=True
            )
        except CALL_ERRORS as error:
            raise _unavailable(error_code(error)) from error
        item: Mapping[str, AttributeValueTypeDef] | None = answer.get("Item")
        return {name: _PLAIN(value) for name, value in item.items()} if item else None

    def _write(self, operation: str, **parameters: Any) -> None:
        client: Any = clients.dynamodb()
        try:
            getattr(client, operation)(TableName=self._table, **parameters)
        except CALL_ERRORS as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise _unavailable(error_code(error)) from error


def _told(item: Mapping[str, Any]) -> dict[str, str]:
    """Return by what an item's lines in the log are found."""
    return {name: str(item[name]) for name in ("event_id", "hook", "correlation_id") if item.get(name)}


def _unavailable(code: str) -> StorageUnavailableError:
    return StorageUnavailableError(f"The quarantine can't be read or written: DynamoDB says {code}.")
