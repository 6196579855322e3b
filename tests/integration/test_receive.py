"""From end to end: a request leads to an item in the table and a message on the topic."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from devtools.inbox import Inbox
from devtools.stack import Stack
from devtools.waiting import wait_for
from hookswitch.dash.hooks import CATALOGUE, DEFAULT_HOOKS, HOOKS
from hookswitch.deliveries.delivery import MAX_BODY
from simulator.dash import Dash
from simulator.encoding import UnsendableError, encode_form, encode_json, get_url
from simulator.payloads import DEFAULT_ACCOUNT_ID, SECRET_EVENTS, payload
from simulator.transport import emulator_resolver
from tests.integration.conftest import Logs, Stored
from tests.integration.delivering import Deliver
from tests.integration.test_faults import ROTATED

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ALERTS = {"voicemail_full", "outbound_fax_error", "inbound_fax_error"}
ENCODINGS: dict[str, dict[str, str]] = {
    "post-json": {"http_verb": "post", "format": "json"},
    "post-form": {"http_verb": "post", "format": "form-data"},
    "put-json": {"http_verb": "put", "format": "json"},
    "put-form": {"http_verb": "put", "format": "form-data"},
    "get": {"http_verb": "get"},
}


def sendable(hook: str, encoding: str) -> bool:
    """Tell whether Dash can send an ordinary event of a hook in this encoding."""
    try:
        get_url("https://x.example.com", payload(hook))
    except UnsendableError:
        return encoding != "get"
    return True


@pytest.fixture
def dash(stack: Stack) -> Dash:
    """A Dash system that reaches the stack by its public address."""
    return Dash(resolver=emulator_resolver(stack.endpoint), retry_interval=0.1)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_hook_in_every_encoding(encoding: str, stack: Stack, dash: Dash, inbox: Inbox, stored: Stored) -> None:
    """An event of any hook, in any encoding that Dash supports, is stored and published once."""
    events = {hook: payload(hook) for hook in HOOKS if sendable(hook, encoding)}
    arrived = {}
    for hook, sent in events.items():
        document = {
            "name": "a webhook",
            "uri": stack.public_url(hook),
            **ENCODINGS[encoding],
            **CATALOGUE[hook].registration(),
        }
        webhook = dash.register(DEFAULT_ACCOUNT_ID, document)
        (firing,) = dash.fire(DEFAULT_ACCOUNT_ID, hook, sent)
        assert firing.delivered, hook
        answer = json.loads(firing.attempts[-1].resp_body)
        assert answer["status"] == "stored", hook
        arrived[hook] = answer["event_id"]
        webhook.enabled = False  # the catch-all would deliver the others' events

    for hook, sent in events.items():
        item = stored(arrived[hook])
        assert item is not None, hook
        assert (item["hook"], item["account_id"]) == (hook, DEFAULT_ACCOUNT_ID)
        assert item["payload"].keys() >= {name for name, value in sent.items() if value not in ({}, [])}
        message = inbox.wait_for(arrived[hook])
        assert message.event["type"] == f"com.virtualpbx.dash.{hook}"
        assert message.event["source"] == f"dash/{DEFAULT_ACCOUNT_ID}"
        assert message.event["time"] == item["occurred_at"]
        assert message.event["data"].keys() == item["payload"].keys()
        assert message.attributes["hook"]["Value"] == hook
        assert message.attributes["alert"]["Value"] == ("true" if hook in ALERTS else "false")
    counts = inbox.counts()
    assert {hook: counts[event_id] for hook, event_id in arrived.items()} == dict.fromkeys(events, 1)


def test_delivered_again(deliver: Deliver, inbox: Inbox) -> None:
    """A repeated event, even in another encoding or with other custom data, is neither stored nor published again."""
    delivered = {}
    for hook in HOOKS:
        sent = payload(hook)
        first = deliver(hook, encode_json(sent))
        again = [deliver(hook, encode_json(sent)), deliver(hook, encode_form(sent | {"my_data": "x"}), form=True)]
        assert [answer.outcome for answer in again] == ["duplicate", "duplicate"], hook
        delivered[hook] = first.event_id
    fence = deliver("missed_call", encode_json(payload("missed_call")))
    inbox.wait_for_all([*delivered.values(), fence.event_id])
    counts = inbox.counts()
    assert {hook: counts[event_id] for hook, event_id in delivered.items()} == dict.fromkeys(HOOKS, 1)


@pytest.mark.parametrize("hook", ["channel_destroy", "parking"])
def test_concurrent_duplicates(hook: str, deliver: Deliver, inbox: Inbox, stored: Stored) -> None:
    """Of fifty deliveries of one event, eight at a time, only one is stored and published.

    Not fifty at a time: the emulator starts a process for each, and under load its Secrets Manager, a single process,
    would not respond to cold starts in time. Hooks would answer 500, as they should.
    """
    body = encode_json(payload(hook))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: deliver(hook, body), range(50)))
    assert {answer.status for answer in answers} == {200}
    outcomes = [answer.outcome for answer in answers]
    assert set(outcomes) <= {"stored", "duplicate", "queued"}
    event_id = next(answer.event_id for answer in answers if answer.outcome in {"stored", "duplicate"})
    assert {answer.event_id for answer in answers if answer.event_id} == {event_id}
    assert outcomes.count("stored") <= 1
    assert stored(event_id) is not None
    fence = deliver(hook, encode_json(payload(hook)))
    inbox.wait_for_all([event_id, fence.event_id])
    assert inbox.counts()[event_id] == 1


@pytest.mark.parametrize(
    ("hook", "changes"),
    [
        ("missed_call", {"call_id": None}),
        ("channel_bridge", {"timestamp": "soon", "other_leg_call_id": ""}),
        ("missed_call", {"event_name": "voicemail_new"}),
        ("channel_destroy", {"hook_event": "channel_create"}),
        ("voicemail_new", {"account_id": "f" * 32}),
        ("parking", {"event_name": "PARK_SOMETHING"}),
        ("outbound_fax", {"fax_jobid": None, "fax_id": None, "msg_id": None}),
        ("register", {"msg_id": ""}),
    ],
)
def test_unusable_payload(hook: str, changes: dict[str, Any], deliver: Deliver, stored: Stored, inbox: Inbox) -> None:
    """An authentic delivery without an event of its hook is answered 200, quarantined in full, and not published."""
    body = (
        encode_json(payload(hook) | changes) if None not in changes.values() else encode_json(payload(hook, **changes))
    )
    answer = deliver(hook, body)
    assert (answer.status, answer.outcome) == (200, "quarantined")
    item = stored(answer.event_id)
    assert item is not None
    assert item["body"].encode() == body
    assert item["reasons"]
    assert item["hook"] == hook
    assert item["headers"]["content-type"] == "application/json"
    assert "payload" not in item
    fence = deliver(hook, encode_json(payload(hook)))
    inbox.wait_for(fence.event_id)
    assert answer.event_id not in inbox.counts()


@pytest.mark.parametrize("body", [b"[1, 2]", b'"text"', b"", b'{"call_id": ', b"\xff\xfe\x00 no text", b"a=1&b=2"])
def test_unusable_body(body: bytes, deliver: Deliver, stored: Stored) -> None:
    """A body that is not an object of fields is quarantined, too."""
    answer = deliver("missed_call", body)
    assert (answer.status, answer.outcome) == (200, "quarantined")
    item = stored(answer.event_id)
    assert item is not None
    assert item["body_size"] == len(body) or b"\xff" in body  # API Gateway itself replaces bytes that are not text


def test_large_body(deliver: Deliver, stored: Stored) -> None:
    """A body over the limit is quarantined truncated, with its size and hash."""
    body = encode_json(payload("missed_call", notes="x" * MAX_BODY))
    answer = deliver("missed_call", body)
    assert (answer.status, answer.outcome) == (200, "quarantined")
    item = stored(answer.event_id)
    assert item is not None
    assert item["truncated"]
    assert item["body"].encode() == body[:MAX_BODY]
    assert item["body_size"] == len(body)
    assert len(item["body_sha256"]) == 64


def test_largest_event(deliver: Deliver, inbox: Inbox) -> None:
    """An event close to the limit is stored and published, if necessary without its data."""
    filler = MAX_BODY - len(encode_json(payload("missed_call", notes="", rng=None))) - 200
    answer = deliver("missed_call", encode_json(payload("missed_call", notes='"' * (filler // 2))))
    assert answer.outcome == "stored"
    message = inbox.wait_for(answer.event_id)
    assert "data" in message.event or "dataref" in message.event


def test_numbers_beyond_dynamodb(deliver: Deliver, stored: Stored) -> None:
    """A number that DynamoDB can't store does not prevent storing the event; it becomes text."""
    answer = deliver("missed_call", encode_json(payload("missed_call", odd=10**60)))
    item = stored(answer.event_id)
    assert item is not None
    assert item["payload"]["odd"] == str(10**60)


@pytest.mark.parametrize("token", ["wrong", "x" * 43, "%C3%BC", "a" * 5000])
def test_wrong_token(token: str, stack: Stack, deliver: Deliver, logs: Logs) -> None:
    """A wrong token gets 403 and a plain sentence; nothing is stored, and the token is not logged."""
    body = encode_json(payload("missed_call"))
    answer = deliver("missed_call", body, url=f"{stack.local_api_url}/hooks/missed_call/{token}")
    assert answer.status == 403
    assert answer.body["message"].endswith(".")
    assert answer.event_id == ""
    assert deliver("missed_call", body).outcome == "stored"
    wait_for(lambda: any("refused" in line for line in logs("MissedCall")), "the refusal is logged")
    assert not any(token in line for line in logs("MissedCall"))


def test_token_of_another_hook(stack: Stack, deliver: Deliver) -> None:
    """A leaked URL does not open any other hook."""
    token = stack.url("missed_call").rpartition("/")[2]
    for hook in HOOKS:
        if hook not in {"missed_call", ROTATED}:
            answer = deliver(hook, encode_json(payload(hook)), url=f"{stack.local_api_url}/hooks/{hook}/{token}")
            assert answer.status == 403, hook


def test_forged_redelivery(deliver: Deliver, stack: Stack) -> None:
    """A request can't pose as a redelivery, which needs no token."""
    forged = json.dumps({"redelivery": {"hook": "missed_call", "body": ""}, "requestContext": None})
    url = f"{stack.local_api_url}/hooks/missed_call/wrong?redelivery=%7B%7D&requestContext="
    assert deliver("missed_call", forged.encode(), url=url, headers={"redelivery": "{}"}).status == 403


@pytest.mark.parametrize("first", ["the catch-all", "its own hook"])
@pytest.mark.parametrize("hook", [hook for hook in DEFAULT_HOOKS if not hook.startswith(("channel_", "parking"))])
def test_catch_all_is_a_second_way_in(hook: str, first: str, deliver: Deliver, stored: Stored, inbox: Inbox) -> None:
    """An event with a dedicated hook is one event of that hook, whichever webhook delivers it first."""
    body = encode_json(payload(hook))
    ways = ("notifications", hook) if first == "the catch-all" else (hook, "notifications")
    answers = [deliver(way, body) for way in ways]
    assert [answer.outcome for answer in answers] == ["stored", "duplicate"]
    assert answers[0].event_id == answers[1].event_id
    item = stored(answers[0].event_id)
    assert item is not None
    assert item["hook"] == hook
    assert inbox.wait_for(answers[0].event_id).event["type"] == f"com.virtualpbx.dash.{hook}"


def test_catch_all_stands_in_for_a_webhook_that_is_off(stack: Stack, dash: Dash, stored: Stored, inbox: Inbox) -> None:
    """While a dedicated webhook is disabled, its events arrive through the catch-all."""
    for hook in ("missed_call", "notifications"):
        document = {"name": hook, "uri": stack.public_url(hook), "format": "json", "enabled": hook == "notifications"}
        dash.register(DEFAULT_ACCOUNT_ID, document | CATALOGUE[hook].registration())
    (firing,) = dash.fire(DEFAULT_ACCOUNT_ID, "missed_call", payload("missed_call"))
    answer = json.loads(firing.attempts[-1].resp_body)
    assert answer["status"] == "stored"
    item = stored(answer["event_id"])
    assert item is not None
    assert item["hook"] == "missed_call"
    inbox.wait_for(answer["event_id"])
    assert inbox.counts()[answer["event_id"]] == 1


@pytest.mark.parametrize("form", [False, True])
def test_ids_that_differ_in_an_invalid_byte(form: bool, deliver: Deliver, stored: Stored) -> None:
    """They are two events, each stored with its exact body in addition to the readable text."""
    sent = payload("missed_call", call_id=f"{'form' if form else 'json'}-BYTE")
    body = encode_form(sent) if form else encode_json(sent)
    bodies = [body.replace(b"BYTE", byte) for byte in ((b"%E9", b"%E8") if form else (b"\xe9", b"\xe8"))]
    answers = [deliver("missed_call", each, form=form) for each in bodies]
    assert [answer.outcome for answer in answers] == ["stored", "stored"]
    assert [bytes((stored(answer.event_id) or {})["body"]) for answer in answers] == bodies


@pytest.mark.parametrize("name", SECRET_EVENTS)
@pytest.mark.parametrize("form", [False, True])
def test_catch_all_keeps_no_secrets(
    name: str, form: bool, deliver: Deliver, stored: Stored, inbox: Inbox, logs: Logs
) -> None:
    """A password, reset link or API key is neither stored, nor published, nor logged."""
    sent = payload("notifications", event_name=name) | {SECRET_EVENTS[name]: "s3cret-value"}
    answer = deliver("notifications", encode_form(sent) if form else encode_json(sent), form=form)
    item = stored(answer.event_id)
    assert item is not None
    assert "removed" in item["payload"][SECRET_EVENTS[name]]
    message = inbox.wait_for(answer.event_id)
    assert "s3cret-value" not in f"{item}{message}{logs('Notifications')}{logs('Publish')}"


def test_quarantine_keeps_no_secrets(deliver: Deliver, stored: Stored) -> None:
    """An unusable event of the catch-all is quarantined without its secrets, whether it can be decoded or not."""
    sent = payload("notifications", event_name="new_user", msg_id=None, password="s3cret-value")
    for body in (encode_json(sent), encode_json(sent).removesuffix(b"}")):
        item = stored(deliver("notifications", body).event_id)
        assert item is not None
        assert item["kind"] == "quarantine"
        assert "s3cret-value" not in str(item)


def test_no_phone_number_in_the_log(deliver: Deliver, logs: Logs, inbox: Inbox) -> None:
    """Neither numbers nor tokens are logged, and each of our lines has the hook and the event id."""
    answer = deliver("missed_call", encode_json(payload("missed_call", caller_id_number="+15559998877")))
    inbox.wait_for(answer.event_id)
    wait_for(lambda: any(answer.event_id in line for line in logs("MissedCall")), "the delivery is logged")
    lines = [line for line in logs("MissedCall") if answer.event_id in line]
    assert all(json.loads(line)["hook"] == "missed_call" for line in lines)
    assert not any("9998877" in line for line in [*logs("MissedCall"), *logs("Publish")])


Query = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def query(stack: Stack, dynamodb: "DynamoDBClient") -> Query:
    """Query an index of the table, oldest first: `query("calls", "call_id", "abc")`."""

    def ask(index: str, key: str, value: str, *, newest_first: bool = False) -> list[dict[str, Any]]:
        return dynamodb.query(
            TableName=stack.outputs["EventsTableName"],
            IndexName=index,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": key},
            ExpressionAttributeValues={":value": {"S": value}},
            ScanIndexForward=not newest_first,
        )["Items"]

    return ask


def test_timeline_of_a_call(deliver: Deliver, query: Query) -> None:
    """One query returns the timeline of a call in chronological order, whatever the order of arrival."""
    call: dict[str, Any] = {"call_id": payload("channel_create")["call_id"], "timestamp": 63_962_663_273}
    hooks = ["channel_create", "channel_answer", "channel_bridge", "channel_destroy"]
    for hook in reversed(hooks):
        deliver(hook, encode_json(payload(hook, **call)))
    deliver(
        "voicemail_new",
        encode_json(payload("voicemail_new", call_id=call["call_id"], voicemail_timestamp=63_962_663_290)),
    )
    timeline = query("calls", "call_id", str(call["call_id"]))
    assert [item["hook"]["S"] for item in timeline] == [*hooks, "voicemail_new"]
    assert all(item["payload"]["M"] for item in timeline)


def test_a_days_events(deliver: Deliver, query: Query) -> None:
    """One query returns an account's events of one hook on one day, newest first."""
    second = 63_200_000_000  # a day without events of other tests
    for later in (1, 3, 2):
        deliver("missed_call", encode_json(payload("missed_call", timestamp=second + later)))
    feed = query("feeds", "feed", f"{DEFAULT_ACCOUNT_ID}/missed_call/2002-09-23", newest_first=True)
    assert [item["occurred_at"]["S"][-6:] for item in feed] == sorted(
        (item["occurred_at"]["S"][-6:] for item in feed), reverse=True
    )
    assert len(feed) == 3
    assert all(item["summary"]["S"].startswith("Missed call") for item in feed)


@pytest.mark.parametrize(
    ("hooks", "same", "subject"),
    [
        (
            ["register", "deregister"],
            {"username": "desk-7", "realm": "acme.sip.example.com"},
            "device/desk-7@acme.sip.example.com",
        ),
        (["voicemail_new", "voicemail_full"], {"voicemail_box": "box-7"}, "mailbox/box-7"),
        (["outbound_fax_error", "outbound_fax"], {"fax_jobid": "job-7"}, "fax/job-7"),
        (["inbound_fax_error"], {"fax_id": "fax-7"}, "fax/fax-7"),
    ],
)
def test_history(hooks: list[str], same: dict[str, Any], subject: str, deliver: Deliver, query: Query) -> None:
    """One query returns the history of a device, a mailbox or a fax; its last item is the current state."""
    times = ("event_timestamp", "voicemail_timestamp", "fax_timestamp")
    for later, hook in enumerate(hooks):
        sent = payload(hook, **same)
        deliver(hook, encode_json(sent | {name: 63_962_663_273 + later for name in times if name in sent}))
    history = query("subjects", "subject_key", subject)
    assert [item["hook"]["S"] for item in history] == hooks


def test_quarantine_newest_first(deliver: Deliver, query: Query) -> None:
    """One query returns the quarantine, newest first."""
    ids = [deliver("missed_call", f'{{"number": {number}}}'.encode()).event_id for number in range(3)]
    listed = [item["event_id"]["S"] for item in query("feeds", "feed", "quarantine", newest_first=True)]
    assert [event_id for event_id in listed if event_id in ids] == ids[::-1]


def test_only_json_answers(stack: Stack) -> None:
    """A GET without parameters is an unusable delivery, but is still answered 200 with JSON."""
    answer = urllib3.request("GET", stack.url("parking"))
    assert (answer.status, answer.json()["status"]) == (200, "quarantined")
