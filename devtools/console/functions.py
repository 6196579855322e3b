"""The functions that the console invokes, and its alarms, as they would answer: on tables in memory, without Dash."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from devtools.console.table import MemoryTables
from hookswitch.destinations import rows
from hookswitch.destinations.record import Destination
from hookswitch.destinations.rows import DESTINATIONS, LIVE, Attempt, Owed, destination_from_row, destination_row
from hookswitch.events.attributes import plain
from hookswitch.events.kinds import QUARANTINE

EVENTS_TABLE, DESTINATIONS_TABLE = "events", "destinations"
MANAGE, SEND, REDRIVE, RECONCILE = "Destinations", "Send", "Redrive", "Reconcile"

type Answer = dict[str, Any]


class RefusalError(Exception):
    """What a function ends with.

    Attributes:
        kind: The name of the error's class.
    """

    def __init__(self, kind: str, text: str) -> None:
        """Keep both."""
        super().__init__(text)
        self.kind = kind


class LocalFunctions:
    """Lambda, as far as the console asks it.

    Attributes:
        asked: What each function was asked, in order.
        error: What the next invocations end with instead of an answer: a `RefusalError` of the function's own, or
            an error of botocore, such as ReadTimeoutError for a function that takes long.
        drift: The changes of webhooks that reconcile would make.
        is_busy: Whether another run of reconcile is at work.
    """

    def __init__(self, tables: MemoryTables) -> None:
        """Work on tables."""
        self._tables = tables
        self.asked: list[tuple[str, Answer]] = []
        self.error: Exception | None = None
        self.drift = ["update hookswitch parking: enabled", "create hookswitch voicemail_full"]
        self.is_busy = False

    def invoke(self, *, FunctionName: str, Payload: str) -> Answer:  # noqa: N803 - as Lambda's API has it
        """Do as Lambda does."""
        message = json.loads(Payload)
        self.asked.append((FunctionName, message))
        if self.error and not isinstance(self.error, RefusalError):
            raise self.error
        try:
            if self.error:
                raise self.error
            said = self._answer(FunctionName, message)
        except RefusalError as error:
            failed = {"errorType": error.kind, "errorMessage": str(error)}
            return {"Payload": io.BytesIO(json.dumps(failed).encode()), "FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(said).encode())}

    def _answer(self, function: str, message: Answer) -> Answer:
        match function:
            case "Destinations":
                ((verb, values),) = message.items()
                return {"owed": self._manage(verb, self._find(values["name"]), values)}
            case "Send":
                return self._test(self._find(message["test"]["name"]))
            case "Redrive":
                return self._replay(message["quarantine"])
            case "Reconcile":
                return self._reconcile(dry_run=message["dry_run"])
        raise RefusalError("KeyError", function)

    def _find(self, name: str) -> Destination:
        row = self._tables.tables.get(DESTINATIONS_TABLE, {}).get((DESTINATIONS, name))
        if row is None:
            raise RefusalError("UnknownDestinationError", f"There is no destination named {name}.")
        return destination_from_row({key: plain(value) for key, value in row.items()})

    def _manage(self, verb: str, destination: Destination, values: Answer) -> int:
        if destination.state == "off" and verb != "resume":
            raise RefusalError("InvalidDestinationError", f"{destination.name} is off. RESUME it first.")
        if verb == "pause":
            self._put(replace(destination, state="paused", state_reason="Somebody paused it."))
            return len(self._rows(rows.owed(destination.id)))
        if verb == "resume":
            self._put(replace(destination, state="on", state_reason="", health=destination.health.without_failures()))
            return self._take(rows.owed(destination.id))
        return 1 if values.get("event_id") else self._take(rows.dead(destination.id))

    def _test(self, destination: Destination) -> Answer:
        is_well = not destination.health.failures
        tested: Answer = {
            "outcome": "taken" if is_well else "retry",
            "status": 200 if is_well else 503,
            "answer": "200" if is_well else "503: Service Unavailable",
            "milliseconds": 142,
        }
        now = int(datetime.now(UTC).timestamp() * 1000)
        self._attempt(destination, Attempt(now, "test", "test", 1, **tested, is_test=True))
        return tested

    def _replay(self, asked: Mapping[str, Any]) -> Answer:
        found = [*self._quarantined(asked)]
        whole = [key for key, item in found if "truncated" not in item]
        if not asked["dry_run"]:
            for key in whole:
                del self._tables.tables[EVENTS_TABLE][key]
        return {
            "dry_run": asked["dry_run"],
            "hook": asked["hook"],
            "found": len(found),
            "accepted": 0 if asked["dry_run"] else len(whole),
            "refused": 0,
            "deferred": 0,
            "truncated": len(found) - len(whole),
            "reasons": {},
            "next": None,
        }

    def _quarantined(self, asked: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
        first = datetime.fromisoformat(asked["since"])
        last = datetime.fromisoformat(asked["until"]) if "until" in asked else datetime.max.replace(tzinfo=UTC)
        for key, item in [*self._tables.tables.get(EVENTS_TABLE, {}).items()]:
            of_hook = item.get("kind") == {"S": QUARANTINE} and item["hook"] == {"S": asked["hook"]}
            if of_hook and first <= datetime.fromisoformat(item["received_at"]["S"]) <= last:
                yield key, item

    def _reconcile(self, *, dry_run: bool) -> Answer:
        if self.is_busy and not dry_run:
            return {"busy": True}
        changes, now = list(self.drift), datetime.now(UTC)
        if not dry_run:
            self.drift.clear()
        return {
            "dry_run": dry_run,
            "changes": changes,
            "reported": [],
            "events": {},
            "complete": True,
            "watermark": (now - timedelta(minutes=1)).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "accounting": None,
        }

    def _put(self, destination: Destination) -> None:
        self._tables.put(DESTINATIONS_TABLE, destination_row(destination), "owner", "sort")

    def _attempt(self, destination: Destination, attempt: Attempt) -> None:
        self._tables.put(DESTINATIONS_TABLE, attempt.to_row(destination.id), "owner", "sort")

    def _rows(self, owner: str) -> list[tuple[str, ...]]:
        return [key for key in self._tables.tables.get(DESTINATIONS_TABLE, {}) if key[0] == owner]

    def _take(self, owner: str) -> int:
        taken = self._rows(owner)
        for key in taken:
            del self._tables.tables[DESTINATIONS_TABLE][key]
        return len(taken)


class LocalAlarms:
    """CloudWatch, as far as health asks it.

    Attributes:
        alarms: All alarms, as DescribeAlarms has them.
        error: What CloudWatch answers instead.
    """

    def __init__(self, stack: str) -> None:
        """Begin with a stack's alarms, all of which are silent."""
        self.error: Exception | None = None
        self.alarms = [
            alarm(stack, "ServerErrors", "The API answered Dash with a 5xx error.", "server-errors"),
            alarm(stack, "QuarantinedDeliveries", "A delivery is in quarantine.", "quarantined-deliveries"),
            alarm(stack, "DeadLetters", "A message needs somebody.", "dead-letters"),
        ]

    def get_paginator(self, operation: str) -> "LocalAlarms":
        """Do as botocore does."""
        if operation != "describe_alarms":
            raise ValueError("Only alarms have pages here.")
        return self

    def paginate(self, *, AlarmNamePrefix: str) -> Iterator[Answer]:  # noqa: N803 - as CloudWatch's API has it
        """Do as CloudWatch does."""
        if self.error:
            raise self.error
        yield {"MetricAlarms": [it for it in self.alarms if it["AlarmName"].startswith(AlarmNamePrefix)]}


def alarm(  # noqa: PLR0913 - what an alarm says
    stack: str, name: str, says: str, section: str, *, state: str = "OK", since: datetime | None = None
) -> Answer:
    """Return an alarm as CloudWatch has it, under the name that CloudFormation gives it."""
    return {
        "AlarmName": f"{stack}-{name}Alarm-1A2B3C4D5E6F",
        "AlarmDescription": f"{stack}: {says} See docs/runbook.md#{section}",
        "StateValue": state,
        "StateReason": "",
        "StateTransitionedTimestamp": since or datetime(2026, 11, 20, tzinfo=UTC),
        "InsufficientDataActions": [],
    }


def add_trouble(tables: MemoryTables, alarms: LocalAlarms, account: str, now: float) -> None:
    """Add what an operator has to see to: a destination with dead letters, quarantined deliveries, an alarm."""
    moment = datetime.fromtimestamp(now, UTC)
    for number in range(3):
        key = f"{number:032x}"
        row = Owed(key, LIVE, _time(moment), "call/1", int(now * 1000), "stamp").to_row("crm")
        letter = row | {"owner": rows.dead("crm"), "sort": f"{number:013}#{key}", "owed": row["sort"], "answer": "400"}
        tables.put(DESTINATIONS_TABLE, letter, "owner", "sort")
    for number in range(12):
        failed = Attempt(
            int((now - 300 * number) * 1000), f"{number:032x}", f"{number:032x}", 1, "retry", 503, "503", 87
        )
        tables.put(DESTINATIONS_TABLE, failed.to_row("crm"), "owner", "sort")
    reasons = {"missed_call": "call_id is missing", "parking": "it is not JSON"}
    for number in range(9):
        hook = [*reasons][number % 2]
        at = _time(moment - timedelta(minutes=number))
        tables.put(
            EVENTS_TABLE,
            {
                "event_id": f"quarantine-{number}",
                "kind": QUARANTINE,
                "feed": QUARANTINE,
                "hook": hook,
                "account_id": account,
                "received_at": at,
                "timeline_key": at,
                "summary": f"Quarantined {hook}: {reasons[hook]}",
            },
        )
    for each in alarms.alarms:
        if "Quarantined" in each["AlarmName"]:
            each |= {"StateValue": "ALARM", "StateTransitionedTimestamp": moment - timedelta(minutes=8)}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
