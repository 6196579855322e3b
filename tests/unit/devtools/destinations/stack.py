"""A stack with destinations, of which the functions answer from memory."""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, cast

from devtools.feeds import Item
from devtools.target import Target
from hookswitch.destinations.record import Filter, Health, Options
from hookswitch.destinations.requests import AttemptView, View
from hookswitch.events.attributes import item as attributes
from tests.unit.devtools.call_records import ACCOUNT

SECRET = "whsec_" + "c2VjcmV0" * 5
NOW = 1_795_672_800_000  # 2026-11-26 06:00 UTC, in milliseconds
TAKEN = {"outcome": "taken", "status": 200, "answer": "200 OK: ok", "milliseconds": 143}
PAGE = 3  # items of a page of a query

type Invoke = Callable[[dict[str, Any]], dict[str, Any]]


def view(name: str = "sales", **more: Any) -> View:
    """Return a destination that takes what it gets."""
    values: dict[str, Any] = {
        "name": name,
        "type": "slack",
        "shown": "https://hooks.slack.com/…",
        "filter": Filter(when=("missed", "voicemail")),
        "options": Options(zone="America/New_York", per_second=1.0),
        "state": "on",
        "state_reason": "",
        "state_since": 0,
        "created_at": NOW - 7 * 86_400_000,
        "health": Health(last_success=NOW - 120_000),
    }
    return View(**(values | more))


class Functions:
    """The two functions, as Lambda calls them.

    Attributes:
        views: The destinations.
        asked: What was asked, in order; requests to list are left out.
        tested: What a test meets.
        attempts: What has been sent.
        fault: Called before each request to owe events; raises what goes wrong.
        error: The error that any other request but `list` ends with: its class and text.
    """

    def __init__(self, *views: View) -> None:
        self.views = {view.name: view for view in views}
        self.asked: list[dict[str, Any]] = []
        self.tested: dict[str, Any] = dict(TAKEN)
        self.attempts: list[AttemptView] = []
        self.fault: Callable[[int], None] = lambda _: None
        self.error: tuple[str, str] | None = None

    @property
    def owed(self) -> list[str]:
        """The keys of the events that were handed over."""
        return [key for asked in self.asked for key in asked.get("owe", {}).get("keys", [])]

    def invoke(self, *, FunctionName: str, Payload: str) -> Mapping[str, Any]:
        """Do as Lambda does."""
        event = json.loads(Payload)
        ((verb, values),) = event.items()
        assert FunctionName == ("send" if verb == "test" else "destinations")
        error = self.error
        if verb == "list":
            unknown = ("UnknownDestinationError", f"There is no destination named {values['name']}.")
            error = None if values["name"] in {"", *self.views} else unknown
        else:
            self.asked.append(event)
        if error:
            said = {"errorType": error[0], "errorMessage": error[1]}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(said).encode())}
        return {"Payload": io.BytesIO(json.dumps(self._answer(verb, values)).encode())}

    def _answer(self, verb: str, values: dict[str, Any]) -> Any:
        match verb:
            case "list":
                found = [each for name, each in self.views.items() if values["name"] in {"", name}]
                return {"destinations": [each.model_dump(mode="json") for each in found]}
            case "add" | "edit" | "rotate":
                return self._changed(verb, values)
            case "test":
                return self.tested
            case "attempts":
                return {"attempts": [each.model_dump(mode="json") for each in self.attempts[: values["limit"]]]}
            case "owe":
                self.fault(len(self.asked))
                return {"owed": len(values["keys"])}
        return {"owed": 2}

    def _changed(self, verb: str, values: dict[str, Any]) -> dict[str, Any]:
        name = values["name"]
        before = self.views.get(name) or view(name, type=values.get("type"), shown="https://example.com/…")
        given = {key: values[key] for key in ("filter", "options") if key in values}
        self.views[name] = View.model_validate(before.model_dump() | given)
        is_signed = self.views[name].type == "https" and verb != "edit"
        return {"destination": self.views[name].model_dump(mode="json"), "secret": SECRET if is_signed else ""}


class Table:
    """The index of events, and the items."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.items = {str(item["event_id"]): item for item in items}

    def query(self, *, ExpressionAttributeValues: dict[str, dict[str, str]], **asked: Any) -> Mapping[str, Any]:
        """Return a page of the index."""
        assert asked["IndexName"] == "feeds"
        feed, since = (ExpressionAttributeValues[name]["S"] for name in (":feed", ":since"))
        found = [item for item in self.items.values() if item.get("feed") == feed and item["timeline_key"] >= since]
        found.sort(key=lambda item: str(item["timeline_key"]), reverse=True)
        start = int(asked.get("ExclusiveStartKey", {"at": {"N": "0"}})["at"]["N"])
        names = ("event_id", "timeline_key", "hook", "account_id", "occurred_at", "summary", "subject")
        some = [{name: it[name] for name in names if name in it} for it in found[start : start + PAGE]]
        last = {"LastEvaluatedKey": {"at": {"N": str(start + PAGE)}}} if start + PAGE < len(found) else {}
        return {"Items": [attributes(each) for each in some], "Count": len(some)} | last

    def batch_get_item(self, RequestItems: Any) -> Mapping[str, Any]:
        """Return whole items."""
        ids = [key["event_id"]["S"] for key in RequestItems["events"]["Keys"]]
        return {"Responses": {"events": [attributes(self.items[each]) for each in ids if each in self.items]}}


def target(functions: Functions, table: Table | None = None, **parameters: str) -> Target:
    """Return the stack."""
    clients = {"lambda": functions, "dynamodb": table or Table()}
    made = SimpleNamespace(
        stack="hookswitch-north",
        session=SimpleNamespace(region_name="us-east-1", get_partition_for_region=lambda _: "aws"),
        endpoint=None,
        argument="",
        client=clients.__getitem__,
        resources={"Destinations": "destinations", "Send": "send"},
        output=lambda _: "events",
        outputs={},
        parameters={"DashAccountId": ACCOUNT, "BusinessTimeZone": "America/New_York"} | parameters,
    )
    return cast("Target", made)
