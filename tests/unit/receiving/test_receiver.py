"""How a hook function answers when something fails that the deployed stack can't be made to fail."""

import base64
import json
import sys
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from hookswitch.callback.token import token_for
from hookswitch.errors import QueueUnavailableError, SecretUnavailableError, StorageUnavailableError, UnusableError
from hookswitch.receiving import processing, receiver
from hookswitch.receiving.redelivery import Outcome
from hookswitch.settings.hooks import HookSettings
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.emf import samples_in
from tests.receiving import SETTINGS, delivery, payload_type, rest_event

SECRET = "a secret of more than thirty-two characters"
CONTEXT: Any = SimpleNamespace(
    function_name="hook", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="request"
)


class Places:
    """The places where a delivery may end, each of which may be away.

    Attributes:
        quarantine: The items of the quarantine.
        tests: The items of test deliveries, by their keys.
        queue: The deliveries in the redrive queue.
        store: What happens to an event.
        away: What to raise instead of keeping anything there, by place.
    """

    def __init__(self) -> None:
        self.quarantine: list[dict[str, Any]] = []
        self.tests: dict[str, dict[str, Any]] = {}
        self.queue: list[Any] = []
        self.store: Callable[[], tuple[str, bool]] = lambda: ("the-key", True)
        self.away: dict[str, Exception] = {}

    def put_new(self, values: dict[str, Any], table: str) -> bool:
        """Take an item of the quarantine, or of a test delivery."""
        assert table == SETTINGS.events_table
        if values["kind"] == "test":
            if "tests" in self.away:
                raise self.away["tests"]
            return self.tests.setdefault(str(values["event_id"]), values) is values
        if "quarantine" in self.away:
            raise self.away["quarantine"]
        self.quarantine.append(values)
        return True

    def enqueue(self, queued: Any, settings: Any) -> None:
        """Take a delivery."""
        assert settings is SETTINGS
        if "queue" in self.away:
            raise self.away["queue"]
        self.queue.append(queued)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Places:
    """The places that the function finds."""
    places = Places()
    monkeypatch.setattr(HookSettings, "from_environment", lambda: SETTINGS)
    monkeypatch.setattr(receiver, "secret_reader", lambda _: lambda stage: SECRET if stage == "AWSCURRENT" else None)
    monkeypatch.setattr(processing, "put_new", places.put_new)
    monkeypatch.setattr(processing, "enqueue", places.enqueue)
    monkeypatch.setattr(processing, "store_event", lambda _event, _settings: places.store())
    return places


def call(hook: str, event: dict[str, Any]) -> tuple[int, dict[str, str]]:
    """Return status and body of a hook's answer."""
    answer = receiver.receiver(payload_type(hook))(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def request(hook: str, body: bytes) -> dict[str, Any]:
    """Return an authentic request."""
    return rest_event(body, pathParameters={"token": token_for(SECRET, hook)})


def raising_with(error: Exception) -> Callable[..., None]:
    """Return what fails with an error, whatever it is called with."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def raising(error: Exception) -> Callable[[], tuple[str, bool]]:
    """Return what fails with an error."""

    def fail() -> tuple[str, bool]:
        raise error

    return fail


MISSED = request("missed_call", encode_json(payload("missed_call")))


@pytest.mark.parametrize(("new", "status"), [(True, "stored"), (False, "duplicate")])
def test_stored(new: bool, status: str, places: Places) -> None:
    """An answer names what became of the delivery, and its item."""
    places.store = lambda: ("the-key", new)
    assert call("missed_call", MISSED) == (200, {"status": status, "event_id": "the-key"})


def test_our_own_fault(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault of ours costs nobody the event: it is quarantined, and nothing of the payload is logged."""
    places.store = raising(RuntimeError("+15551234567"))
    assert call("missed_call", MISSED)[1]["status"] == "quarantined"
    (item,) = places.quarantine
    assert "fault in hookswitch" in item["reasons"][0]
    assert "5551234567" not in capsys.readouterr().out


def test_event_that_the_table_can_not_hold(places: Places) -> None:
    """An event that DynamoDB refuses for what it is, is quarantined."""
    places.store = raising(UnusableError("It is too large."))
    assert call("missed_call", MISSED)[1]["status"] == "quarantined"


@pytest.mark.parametrize("error", [StorageUnavailableError("away"), UnusableError("too large")])
def test_quarantine_away(error: Exception, places: Places) -> None:
    """What can't be quarantined is queued."""
    places.away = {"quarantine": error}
    assert call("missed_call", request("missed_call", b"{}")) == (200, {"status": "queued"})
    assert len(places.queue) == 1


def test_nothing_is_left(places: Places) -> None:
    """When neither the table nor the queue takes it, the answer is 500, with no word of the payload."""
    places.store = raising(StorageUnavailableError("away"))
    places.away = {"queue": QueueUnavailableError("away")}
    status, body = call("missed_call", MISSED)
    assert (status, list(body)) == (500, ["message"])


def test_redelivery_is_not_queued_again(places: Places) -> None:
    """A redelivery that can't be stored fails, and stays in the queue that it came from."""
    places.store = raising(StorageUnavailableError("away"))
    message = delivery("missed_call", encode_json(payload("missed_call"))).to_message()
    assert call("missed_call", {"redelivery": message})[0] == 500
    assert places.queue == []


def test_secret_away(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the secret nobody can be checked: 500, and nothing is kept, since nobody vouches for it."""

    def read(_: str) -> str:
        raise SecretUnavailableError("Secrets Manager does not answer.")

    monkeypatch.setattr(receiver, "secret_reader", lambda _: read)
    assert call("missed_call", MISSED)[0] == 500
    assert places.queue == places.quarantine == []


@pytest.mark.parametrize("context", [{}, None, {"requestId": "x"}])
def test_redelivery_through_the_api(context: Any, places: Places) -> None:
    """Whatever has a request context came through the API, and needs a token."""
    message = delivery("missed_call", encode_json(payload("missed_call"))).to_message()
    assert call("missed_call", {"redelivery": message, "requestContext": context})[0] == 403
    assert places.queue == places.quarantine == []


@pytest.mark.parametrize("token", ["", "x" * 43, token_for(SECRET, "missed_call"), token_for(SECRET, receiver.NO_HOOK)])
def test_no_token_opens_an_unknown_address(token: str, places: Places) -> None:
    """Not even one that derives from the secret: nothing is kept, and the answer is that to a wrong token."""
    event = rest_event(b"{}", pathParameters={"token": token, "proxy": f"hooks/nothing/{token}"})
    wrong = receiver.receiver(payload_type("missed_call"))(
        rest_event(b"{}", pathParameters={"token": "wrong"}), CONTEXT
    )
    assert receiver.refuser()(event, CONTEXT) == wrong
    assert wrong["statusCode"] == 403
    assert places.queue == places.quarantine == []


def test_unknown_address_brings_nothing_in(places: Places) -> None:
    """Its function takes no redelivery either, also from the stack itself."""
    message = delivery("missed_call", encode_json(payload("missed_call"))).to_message()
    assert receiver.refuser()({"redelivery": message}, CONTEXT)["statusCode"] == 403
    assert places.queue == places.quarantine == []


@pytest.mark.parametrize(
    ("status", "method"),
    [*((200, it) for it in ("POST", "PUT", "GET")), *((403, it) for it in ("DELETE", "PATCH", "HEAD", "put", ""))],
)
@pytest.mark.parametrize("version", ["REST 1.0", "HTTP 2.0"])
def test_methods(version: str, method: str, status: int, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dash delivers with three methods; any other is refused as a wrong token is, after the same work."""
    reads: list[str] = []

    def read(stage: str) -> str:
        reads.append(stage)
        return SECRET

    monkeypatch.setattr(receiver, "secret_reader", lambda _: read)
    sent = request("missed_call", encode_json(payload("missed_call"))) | {"httpMethod": method}
    if version == "HTTP 2.0":
        del sent["httpMethod"]
        sent["requestContext"] = {"requestId": "request", "http": {"method": method}}
    answer = call("missed_call", sent)
    assert answer[0] == status
    if status == 403:
        known, reads[:] = list(reads), []
        assert answer == call("missed_call", sent | {"pathParameters": {"token": "x" * 43}})
        assert known == reads != []
        assert not places.quarantine


def test_request_without_a_method(places: Places) -> None:
    """API Gateway always says which; what does not say so is refused."""
    sent = request("missed_call", encode_json(payload("missed_call")))
    del sent["httpMethod"]
    assert call("missed_call", sent)[0] == 403
    assert places.queue == places.quarantine == []


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]"])
def test_undecodable_body(body: bytes, places: Places) -> None:
    """What is no event is quarantined whole, also what is no text, and with the reason."""
    sent = rest_event(
        base64.b64encode(body).decode(),
        pathParameters={"token": token_for(SECRET, "missed_call")},
        isBase64Encoded=True,
    )
    status, answer = call("missed_call", sent)
    assert (status, answer["status"]) == (200, "quarantined")
    (item,) = places.quarantine
    assert item["body"] in {body, body.decode("utf-8", "replace")}
    assert item["reasons"]


def test_preview(places: Places) -> None:
    """A preview of an e-mail template is no event: it is answered 200 and kept nowhere."""
    places.store = raising(AssertionError("It was stored."))
    sent = encode_json(payload("voicemail_new") | {"preview": True})
    assert call("voicemail_new", request("voicemail_new", sent)) == (200, {"status": Outcome.PREVIEW})
    assert not places.quarantine


TEST_ID = "0123456789abcdef" * 2
MARKED = payload("missed_call") | {"hookswitch_test": TEST_ID}


@pytest.mark.parametrize("sent", [{"hookswitch_test": TEST_ID}, MARKED])
def test_test_delivery(sent: dict[str, Any], places: Places) -> None:
    """A marked delivery is stored as a test, once, with its hook and its id and nothing else that it holds."""
    places.store = raising(AssertionError("It was stored as an event."))
    marked = request("missed_call", encode_json(sent))
    key = f"test-missed_call-{TEST_ID}"
    assert call("missed_call", marked) == (200, {"status": "test", "event_id": key})
    assert call("missed_call", marked) == (200, {"status": "duplicate", "event_id": key})
    item = places.tests[key]
    assert item["payload"] == {"hook": "missed_call", "hookswitch_test": TEST_ID}
    assert not item.keys() & {"feed", "timeline_key", "call_id", "subject_key"}
    received_at = datetime.fromisoformat(str(item["received_at"])).timestamp()
    assert item["expires_at"] == int(received_at) + 3600


def test_test_delivery_is_counted_as_such_only(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """No metric of deliveries, events or times has it, the first time or again."""
    assert not places.tests
    for _ in range(2):
        call("missed_call", request("missed_call", encode_json(MARKED)))
    assert [(sample.name, sample.values) for sample in samples_in(capsys.readouterr().out)] == [("test", (1,))] * 2


@pytest.mark.parametrize(
    "value", ["", TEST_ID[1:], TEST_ID + "0", TEST_ID.upper(), f"{TEST_ID[1:]} ", 1, None, [TEST_ID]]
)
def test_mark_of_another_form(value: object, places: Places) -> None:
    """Any other value of the field changes nothing."""
    sent = payload("missed_call") | {"hookswitch_test": value}
    assert call("missed_call", request("missed_call", encode_json(sent)))[1]["status"] == "stored"
    assert not places.tests


@pytest.mark.parametrize("error", [StorageUnavailableError("away"), UnusableError("refused")])
def test_test_delivery_while_dynamodb_is_away(error: Exception, places: Places) -> None:
    """It waits in the redrive queue like any other delivery, and is a test again when it comes from there."""
    places.away = {"tests": error}
    marked = request("missed_call", encode_json(MARKED))
    assert call("missed_call", marked) == (200, {"status": "queued"})
    places.away = {}
    (queued,) = places.queue
    status, body = call("missed_call", {"redelivery": queued.to_message()})
    assert (status, body) == (200, {"status": "test", "event_id": f"test-missed_call-{TEST_ID}"})


def test_test_delivery_without_the_token(places: Places) -> None:
    """It is refused like any other."""
    assert call("missed_call", rest_event(encode_json(MARKED), pathParameters={"token": "wrong"}))[0] == 403
    assert not places.tests


def test_error_that_nobody_expected(monkeypatch: pytest.MonkeyPatch, places: Places) -> None:
    """What is neither the sender's doing nor an unavailable service is raised, so that Lambda counts it as an error."""
    monkeypatch.setattr(receiver, "process", raising_with(KeyError("a fault")))
    assert places
    with pytest.raises(KeyError):
        call("missed_call", MISSED)


def test_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that starts from snapshots prepares for them when it is initialized, and no other does."""
    import hookswitch.aws  # noqa: PLC0415 - its attribute is what the receiver imports

    registered: list[str] = []
    double = SimpleNamespace(register=lambda: registered.append("snapshot"))
    monkeypatch.setitem(sys.modules, "hookswitch.aws.snapstart", double)
    monkeypatch.setattr(hookswitch.aws, "snapstart", double, raising=False)
    receiver.receiver(payload_type("parking"))
    assert not registered
    monkeypatch.setattr(receiver, "starts_from_snapshot", lambda: True)
    receiver.receiver(payload_type("parking"))
    assert registered


def test_redelivered_event(places: Places) -> None:
    """A delivery that the backfill recovered counts no delay: that would be the outage's."""
    queued = {"redelivery": delivery("missed_call", encode_json(payload("missed_call"))).to_message()}
    assert places
    for attempted in ({}, {"attempted_at": "2026-11-23T14:27:53+00:00"}):
        status, body = call("missed_call", {"redelivery": queued["redelivery"] | attempted})
        assert (status, body["status"]) == (200, "stored")


@pytest.mark.usefixtures("places")
def test_field_that_does_not_fit(caplog: pytest.LogCaptureFixture) -> None:
    """The event is stored all the same, and the log names the field."""
    body = encode_json(payload("channel_destroy") | {"duration_seconds": "a while"})
    assert call("channel_destroy", request("channel_destroy", body))[1]["status"] == "stored"
    assert [list(vars(line)["fields"]) for line in caplog.records if "fields" in vars(line)] == [["duration_seconds"]]
