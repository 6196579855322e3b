"""The files in events/ are what a function receives, so they work with `sam local invoke`."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from devtools.local import CALLBACK_SECRET, DASH_ACCOUNT_ID, ROOT
from devtools.sample_events import DOCUMENT, FOLDER, document, files, sendable_by_get
from devtools.template import parsed
from hookswitch.callback.token import token_for
from hookswitch.calls.facts import Fact
from hookswitch.calls.requests import read_request
from hookswitch.console.app import PAGES
from hookswitch.console.web import Request
from hookswitch.dash.hooks import HOOKS
from hookswitch.deliveries.delivery import Delivery, path_token
from hookswitch.destinations import requests
from hookswitch.destinations.waking import WakeUp
from hookswitch.events.attributes import plain
from hookswitch.events.event import Event
from hookswitch.publishing.outbox import StreamBatch
from hookswitch.publishing.sns_message import to_entry
from hookswitch.receiving.requests import QueuedDelivery, UnpublishedEvent, read_queue_message
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.rotation import STEPS
from simulator.tests.each import for_each
from tests.receiving import FORM, JSON, SETTINGS, payload_type

FILES = sorted(path.name for path in FOLDER.iterdir())
NO_HOOKS = (
    *("calls", "provision", "publish", "reconcile", "redrive", "rotate", "silence", "unknown"),
    *("console", "destinations", "route", "send"),
)
OTHERS = {f"{function}.json" for function in NO_HOOKS}
BY_GET = {hook for hook in HOOKS if sendable_by_get(hook)}
DELIVERIES = [name for name in FILES if name not in OTHERS]
VARIANTS = [name for name in DELIVERIES if name.count(".") > 1]


def read(name: str) -> dict[str, Any]:
    """Return the event that a function receives."""
    event: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return event


def hook_of(name: str) -> str:
    """Return the hook that a file's name begins with."""
    return name.partition(".")[0]


def event_in(name: str) -> Event:
    """Return the event that the hook makes of a file."""
    request, hook = read(name), hook_of(name)
    came = Delivery.from_api_gateway(request, hook)
    event = Event.from_delivery(payload_type(hook), came, came.decode(), SETTINGS)
    return replace(event, received_at=datetime(2026, 11, 23, tzinfo=UTC))  # the key of a parked call has to do with it


def test_every_function_has_its_files() -> None:
    """Each hook has JSON and form data, GET where Dash can send it, and each rarer format exists once."""
    ways = {f"{hook}{way}.json" for hook in HOOKS for way in ("", ".form")} | {f"{hook}.get.json" for hook in BY_GET}
    assert set(FILES) == ways | {"missed_call.base64.json", "missed_call.http-api.json"} | OTHERS
    handlers = {path.parent.name for path in (ROOT / "functions").rglob("handler.py")}
    assert handlers == {name.partition(".")[0] for name in FILES}


def test_document_lists_them() -> None:
    """docs/events.md is what `make sample-events` generates."""
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "Run `make sample-events`."


@for_each("name", FILES)
def test_file_is_what_the_script_makes(name: str) -> None:
    """No file is edited by hand or outdated: `make sample-events` would not change a byte."""
    assert (FOLDER / name).read_bytes() == files()[name].encode(), "Run `make sample-events`."


@for_each("name", DELIVERIES)
def test_token_is_the_hooks_own(name: str) -> None:
    """A stack with the local secret accepts the file on its hook's route, and on no other."""
    request, token = read(name), token_for(CALLBACK_SECRET, hook_of(name))
    assert path_token(request) == token
    path: str = request.get("path") or request["rawPath"]
    assert path.endswith(f"/hooks/{hook_of(name)}/{token}")


@for_each("name", DELIVERIES)
def test_file_is_an_event_of_its_hook(name: str) -> None:
    """It can be decoded and summarized, and every declared field fits its type."""
    event = event_in(name)
    assert event.payload.hook == hook_of(name)
    assert event.invalid_fields == ()
    assert event.payload.identity()
    assert event.payload.summary()


@for_each("name", VARIANTS)
def test_variants_are_one_event(name: str) -> None:
    """All files of a hook encode the same event: sending all of them stores one item."""
    assert event_in(name).key == event_in(f"{hook_of(name)}.json").key


@for_each("name", DELIVERIES)
def test_file_has_the_shape_that_its_name_tells(name: str) -> None:
    """Format, method, encoding and base64 match the file's name, and what Dash and API Gateway produce."""
    request = read(name)
    assert request.get("version") == ("2.0" if ".http-api." in name else None)
    assert request["isBase64Encoded"] is (".base64." in name)
    if ".get." in name:
        assert request["httpMethod"] == "GET"
        assert request["body"] is None
        return
    assert request["headers"]["content-type"] == (FORM if ".form." in name else JSON)
    if not request["isBase64Encoded"] and ".form." not in name:
        assert request["body"].startswith('{\n  "')
        assert '" : ' in request["body"]


def test_stream_batch_is_published() -> None:
    """Each record passes the mapping's filter, and becomes a message about the event in its hook's file."""
    mapping = parsed()["Resources"]["Publish"]["Properties"]["Events"]["Stream"]["Properties"]
    pattern = json.loads(mapping["FilterCriteria"]["Filters"][0]["Pattern"])
    deserialized = TypeDeserializer().deserialize
    for record in read("publish.json")["Records"]:
        image = record["dynamodb"]["NewImage"]
        assert record["eventName"] in pattern["eventName"]
        assert image["kind"]["S"] in pattern["dynamodb"]["NewImage"]["kind"]["S"]
        entry = to_entry({name: deserialized(value) for name, value in image.items()}, "events")
        assert entry["Id"] == event_in(f"{image['hook']['S']}.json").key


def test_stream_batch_is_folded() -> None:
    """Each record passes the filter of the stream's second reader, and is a fact about a leg."""
    mapping = parsed()["Resources"]["Calls"]["Properties"]["Events"]["Stream"]["Properties"]
    pattern = json.loads(mapping["FilterCriteria"]["Filters"][0]["Pattern"])
    records = read("calls.json")["Records"]
    facts = []
    for record in records:
        image = record["dynamodb"]["NewImage"]
        assert record["eventName"] in pattern["eventName"]
        assert image["kind"]["S"] in pattern["dynamodb"]["NewImage"]["kind"]["S"]
        assert image["call_id"]["S"]
        facts.append(Fact.from_item({name: plain(value) for name, value in image.items()}))
    assert [fact and fact.kind for fact in facts] == ["create", "answer", "bridge", "destroy"]
    assert isinstance(read_request({"Records": records}), StreamBatch)


def test_queue_batch_is_redriven() -> None:
    """Its first message is a delivery, its second names the same event."""
    queued, unpublished = (read_queue_message(record["body"]) for record in read("redrive.json")["Records"])
    assert isinstance(queued, QueuedDelivery)
    assert isinstance(unpublished, UnpublishedEvent)
    came = queued.delivery
    event = Event.from_delivery(payload_type(came.hook), came, came.decode(), SETTINGS)
    assert unpublished.event_id == event.key


def test_destinations_files() -> None:
    """One message is the event that publish sends about the delivery, one wakes a sender, and the schedule sweeps."""
    (event,) = read("route.json")["Records"]
    assert json.loads(event["body"])["id"] == event_in("missed_call.json").key
    (message,) = read("send.json")["Records"]
    assert WakeUp.from_body(message["body"]).name == "office"
    schedule = parsed()["Resources"]["Destinations"]["Properties"]["Events"]["Sweep"]["Properties"]["Input"]
    assert read("destinations.json") == json.loads(schedule)
    assert isinstance(requests.read_request(read("destinations.json")), requests.Sweep)


def test_browser_begins_to_sign_in() -> None:
    """Somebody goes to the page."""
    request = Request.from_api_gateway(read("console.json"))
    assert PAGES.fullmatch(request.path)
    assert request.is_navigation
    assert not request.is_of_another_site


def test_cloudformation_request_is_understood() -> None:
    """It requests a webhook for each hook, for this API and the local account."""
    wanted = Desired.from_properties(read("provision.json")["ResourceProperties"])
    assert wanted.registered == HOOKS
    assert wanted.account_id == DASH_ACCOUNT_ID


def test_rotation_and_schedules() -> None:
    """One is a rotation step of Secrets Manager, the others are events of EventBridge and its Scheduler."""
    assert read("rotate.json")["Step"] in STEPS
    assert (read("reconcile.json")["source"], read("reconcile.json")["detail"]) == ("aws.events", {})
    assert (read("silence.json")["source"], read("silence.json")["detail"]) == ("aws.scheduler", "{}")
