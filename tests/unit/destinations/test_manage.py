"""What people ask about destinations: adding, changing, pausing, resending, and what a sweep makes good."""

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from hookswitch.aws import clients
from hookswitch.destinations import sealing
from hookswitch.destinations.answers import Answer
from hookswitch.destinations.manage import Manager
from hookswitch.destinations.record import Filter, Options
from hookswitch.destinations.requests import (
    Add,
    Added,
    Attempted,
    Attempts,
    Done,
    Edit,
    List,
    Listed,
    Owe,
    Pause,
    Remove,
    Request,
    Resend,
    Resume,
    Rotate,
    Sweep,
    Test,
    View,
    read_request,
)
from hookswitch.destinations.sealing import unseal
from hookswitch.destinations.send import Sender
from hookswitch.errors import (
    AddressError,
    ConflictingDestinationError,
    DestinationError,
    InvalidDestinationError,
    RequestError,
    UnknownDestinationError,
)
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import DestinationsSettings
from tests.unit.destinations.tables import EVENTS, TABLE
from tests.unit.destinations.world import ACCOUNT, QUEUES, REFUSED, SEND_SETTINGS, Receiver, World, running

URL = "https://hooks.example.com/services/T000/B000/secret"
SETTINGS = DestinationsSettings(TABLE, EVENTS, *QUEUES, REFUSED, "the-key", ACCOUNT, "Europe/Berlin", frozenset())


class Kms:
    """KMS, whose ciphertext is the text and its context."""

    def encrypt(self, *, KeyId: str, Plaintext: bytes, EncryptionContext: dict[str, str]) -> dict[str, bytes]:
        """Do as KMS does."""
        assert KeyId == "the-key"
        return {"CiphertextBlob": json.dumps([Plaintext.decode(), EncryptionContext]).encode()}

    def decrypt(self, *, CiphertextBlob: bytes, EncryptionContext: dict[str, str]) -> dict[str, bytes]:
        """Do as KMS does."""
        text, context = json.loads(CiphertextBlob)
        assert context == EncryptionContext
        return {"Plaintext": text.encode()}


@pytest.fixture
def world() -> Iterator[World]:
    """A world with KMS."""
    with running() as found, mock.patch.object(clients, "kms", Kms), mock.patch.object(sealing, "_opened", {}):
        yield found


def ask(request: Request) -> Any:
    """Have the function carry out a request, by way of its message."""
    return Manager(SETTINGS, MetricsRecorder()).carry_out(read_request(json.loads(json.dumps(request.to_message()))))


def only() -> View:
    """Return the only destination that there is."""
    listed: Listed = ask(List())
    (view,) = listed.destinations
    return view


@pytest.mark.usefixtures("world")
def test_adding_shows_neither_address_nor_key() -> None:
    """What people get to see of an address is its host; the secret that signs is shown once."""
    added: Added = ask(Add(name="crm", type="https", url=URL))
    assert added.secret.startswith("whsec_")
    assert "services" not in only().model_dump_json()
    assert added.secret not in only().model_dump_json()
    assert only().options.zone == "Europe/Berlin"
    assert "services" not in repr(Add(name="crm", type="https", url=URL))


@pytest.mark.usefixtures("world")
def test_the_stacks_own_account_stands_for_all() -> None:
    """Whoever names the account that the stack serves gets the events of its descendants, too."""
    ask(Add(name="crm", type="https", url=URL, filter=Filter(accounts=(ACCOUNT,))))
    assert only().filter.accounts == ()


@pytest.mark.usefixtures("world")
def test_slack_has_its_pace_and_no_secret() -> None:
    """Slack takes one message a second, and nothing to it is signed."""
    added: Added = ask(Add(name="team", type="slack", url=URL))
    assert not added.secret
    assert only().options.per_second == 1


@pytest.mark.usefixtures("world")
def test_a_name_is_taken_once() -> None:
    """A second destination of a name is refused, and the first one stays."""
    ask(Add(name="crm", type="https", url=URL))
    with pytest.raises(ConflictingDestinationError, match="crm"):
        ask(Add(name="crm", type="slack", url=URL))
    assert only().type == "https"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"url": "http://hooks.example.com/x"}, AddressError),
        ({"url": "https://10.0.0.1/x"}, AddressError),
        ({"type": "sqs"}, InvalidDestinationError),
        ({"type": "eventbridge", "url": "arn:aws:sqs:us-east-1:111122223333:calls"}, InvalidDestinationError),
        ({"options": Options(zone="Nowhere/Else")}, InvalidDestinationError),
        ({"options": Options(zone="../etc/passwd")}, InvalidDestinationError),
        ({"options": Options(per_second=1e9)}, InvalidDestinationError),
        ({"options": Options(fields='{"a": "{b"}')}, DestinationError),
        ({"type": "slack", "options": Options(fields='{"a": "b"}')}, InvalidDestinationError),
        ({"filter": Filter(quiet=("sometimes",))}, InvalidDestinationError),
    ],
)
@pytest.mark.usefixtures("world")
def test_what_can_not_be_used(given: dict[str, Any], error: type[Exception]) -> None:
    """What can't be used is refused at once, and no destination is made."""
    with pytest.raises(error) as caught:
        ask(Add(**({"name": "crm", "type": "https", "url": URL} | given)))
    assert "secret" not in str(caught.value)
    assert ask(List()).destinations == []


@pytest.mark.parametrize(
    "message", [{}, {"add": {}}, {"list": {}, "pause": {}}, {"add": {"name": "X Y", "type": "https", "url": URL}}]
)
def test_requests_that_are_none(message: dict[str, Any]) -> None:
    """A request with anything missing or wrong says what it is, and not what was given."""
    with pytest.raises(RequestError) as caught:
        read_request(message)
    assert "services" not in str(caught.value)


@pytest.mark.parametrize("request_", [Pause, Resume, Remove, Rotate, Attempts, Resend, Edit])
@pytest.mark.usefixtures("world")
def test_unknown_destination(request_: type[Request]) -> None:
    """Whatever is asked of a destination that there is not, the answer says so."""
    with pytest.raises(UnknownDestinationError, match="nobody"):
        ask(request_.model_validate({"name": "nobody"}))


def test_rotation_signs_with_both_for_a_while(world: World) -> None:
    """After a rotation the new secret signs, and the one before too until its time is over."""
    first: Added = ask(Add(name="crm", type="https", url=URL))
    second: Added = ask(Rotate(name="crm", hours=2))
    sealed = bytes(world.row("crm")["sealed"])
    secrets = unseal(sealed, world.row("crm")["id"])
    assert [each.secret for each in secrets.signing] == [second.secret, first.secret]
    assert [bool(each.until) for each in secrets.signing] == [False, True]
    assert secrets.url == URL


@pytest.mark.usefixtures("world")
def test_only_what_is_signed_has_a_secret() -> None:
    """There is nothing to rotate where nothing is signed."""
    ask(Add(name="team", type="slack", url=URL))
    with pytest.raises(InvalidDestinationError, match="not signed"):
        ask(Rotate(name="team"))


def test_editing_replaces_what_is_given(world: World) -> None:
    """An edit changes what it names, and nothing else; the secret stays."""
    added: Added = ask(Add(name="crm", type="https", url=URL, filter=Filter(when=("missed",))))
    ask(Edit(name="crm", url="https://other.example.com/new"))
    assert only().filter == Filter(when=("missed",))
    assert "other.example.com" in only().shown
    secrets = unseal(bytes(world.row("crm")["sealed"]), world.row("crm")["id"])
    assert (secrets.url, secrets.signing[0].secret) == ("https://other.example.com/new", added.secret)


def test_pause_and_resume(world: World) -> None:
    """Paused, a destination's events wait; resumed, it gets them."""
    receiver = world.add("crm")
    ask(Pause(name="crm"))
    event = world.event(1)
    world.route(event)
    world.settle()
    assert only().state == "paused"
    assert only().backlog == 1
    assert not receiver.ids
    done: Done = ask(Resume(name="crm"))
    world.settle()
    assert done.owed == 1
    assert receiver.ids == [event["id"]]


def test_resume_tries_at_once(world: World) -> None:
    """Somebody who has mended a destination does not wait for the schedule."""
    receiver = world.add("crm", receiver=Receiver(lambda asked: Answer(status=503 if asked < 4 else 200)))
    world.route(world.event(1))
    world.settle(until=world.now + 100)
    before = world.now
    receiver.behaves = lambda _: Answer(status=200)
    ask(Resume(name="crm"))
    world.settle(until=before + 1)
    assert len(receiver.ids) == 1
    assert not only().health.failing_since


def test_resume_during_an_attempt_counts(world: World) -> None:
    """An attempt that was under way when somebody resumed a destination does not send it back to the schedule."""

    def behaves(asked: int) -> Answer:
        if asked == 4:
            world.now += 1
            ask(Resume(name="crm"))
        return Answer(status=503 if asked <= 4 else 200, seconds=1)

    receiver = world.add("crm", receiver=Receiver(behaves))
    world.route(world.event(1))
    world.settle(until=world.now + 1_000)  # the fourth attempt is after six minutes, the next one half an hour later
    assert receiver.asked == 5
    assert len(receiver.ids) == 1


def test_a_test_that_succeeds_ends_the_wait(world: World) -> None:
    """Somebody who tries a destination that has been mended has its events sent at once."""
    receiver = world.add("crm", receiver=Receiver(lambda asked: Answer(status=503 if asked < 4 else 200, seconds=0.1)))
    world.route(world.event(1))
    world.settle(until=world.now + 100)
    before = world.now
    tested = Sender(SEND_SETTINGS, MetricsRecorder()).test(Test(name="crm"))
    world.settle(until=before + 1)
    assert tested.outcome == "taken"
    assert len(receiver.ids) == 2
    assert receiver.ids[0].startswith("test-call-")
    assert not only().health.failing_since
    attempted: Attempted = ask(Attempts(name="crm"))
    assert [attempt.is_test for attempt in attempted.attempts] == [False, True, False, False, False]


def test_a_test_that_fails_changes_nothing(world: World) -> None:
    """What a test meets says nothing about the events: they go on by the schedule."""
    world.add("crm", receiver=Receiver(lambda _: Answer(status=404, excerpt="no_service")))
    tested = Sender(SEND_SETTINGS, MetricsRecorder()).test(Test(name="crm"))
    assert (tested.outcome, tested.status) == ("refused", 404)
    assert "no_service" in tested.answer
    assert not only().health.failures
    with pytest.raises(UnknownDestinationError):
        Sender(SEND_SETTINGS, MetricsRecorder()).test(Test(name="nobody"))


def test_attempts_are_the_evidence(world: World) -> None:
    """What each attempt met can be seen, the last one first."""
    world.add("crm", receiver=Receiver(lambda asked: Answer(status=503 if asked == 1 else 200)))
    world.route(world.event(1))
    world.settle()
    attempted: Attempted = ask(Attempts(name="crm"))
    assert [attempt.outcome for attempt in attempted.attempts] == ["taken", "retry"]
    assert [attempt.number for attempt in attempted.attempts] == [2, 1]


def test_resending_one_event(world: World) -> None:
    """An event can be sent again, under the same id, marked as a replay."""
    receiver = world.add("crm")
    event = world.event(1)
    world.route(event)
    world.settle()
    assert ask(Resend(name="crm", event_id=event["id"])).owed == 1
    world.settle()
    assert receiver.ids == [event["id"]] * 2
    assert receiver.events[1]["replay"] is True
    with pytest.raises(InvalidDestinationError, match="no event"):
        ask(Resend(name="crm", event_id="f" * 32))


def test_dead_letters_can_be_sent_again(world: World) -> None:
    """What a destination refused to the end is kept, and can be sent again."""
    receiver = world.add("crm", receiver=Receiver(lambda _: Answer(status=422)))
    world.route(world.event(1))
    world.settle()
    assert only().dead == 1
    receiver.behaves = lambda _: Answer(status=200)
    before = world.now
    assert ask(Resend(name="crm")).owed == 1
    world.settle(until=before + 1)  # at once, whatever the schedule says
    assert len(receiver.ids) == 1
    assert only().dead == 0


def test_resending_does_not_wait_for_the_schedule(world: World) -> None:
    """Somebody who sends an event again to a destination that fails wants to see at once what comes of it."""
    receiver = world.add("crm", receiver=Receiver(lambda asked: Answer(status=503 if asked < 4 else 200)))
    event = world.event(1)
    world.route(event)
    world.settle(until=world.now + 100)
    assert receiver.asked == 3
    before = world.now
    ask(Resend(name="crm", event_id=event["id"]))
    world.settle(until=before + 1)
    assert receiver.asked > 3


def test_nothing_is_resent_to_a_destination_that_is_off(world: World) -> None:
    """What is off has to be switched on first; then it gets what it is owed."""
    receiver = world.add("crm", receiver=Receiver(lambda asked: Answer(status=410 if asked == 1 else 200)))
    event = world.event(1)
    world.route(event)
    world.settle()
    with pytest.raises(InvalidDestinationError, match="RESUME"):
        ask(Resend(name="crm", event_id=event["id"]))
    ask(Resume(name="crm"))
    world.settle()
    assert receiver.ids == [event["id"]]


def test_the_past_of_a_destination(world: World) -> None:
    """A destination gets stored events that its filter matches, each once; a replay sends them again, marked."""
    receiver = world.add("crm")
    events = [world.event(number) for number in range(3)]
    other = world.event(9, hook="parking")
    keys = tuple(event["id"] for event in (*events, other))
    assert ask(Owe(name="crm", keys=(*keys, "e" * 32))).owed == 3
    world.settle()
    assert receiver.ids == [event["id"] for event in events]
    assert ask(Owe(name="crm", keys=keys, replay=True)).owed == 3
    world.settle()
    assert len(receiver.ids) == 6
    assert ["replay" in event for event in receiver.events] == [False] * 3 + [True] * 3


def test_what_happens_now_goes_before_the_past(world: World) -> None:
    """A destination that catches up with the past gets a new event first."""
    receiver = world.add("crm", options=Options(per_second=1))
    past = [world.event(number) for number in range(60)]
    ask(Owe(name="crm", keys=tuple(event["id"] for event in past)))
    world.settle(until=world.now + 1)
    new = world.event(100)
    world.route(new)
    world.settle()
    assert receiver.ids.index(new["id"]) < 30
    assert len(receiver.ids) == 61


def test_a_sweep_wakes_whom_nobody_wakes(world: World) -> None:
    """If all messages about a destination are lost, a sweep has its events sent."""
    receiver = world.add("crm")
    world.route(world.event(1))
    world.messages.clear()
    ask(Sweep())
    assert not world.messages  # somebody may be about to send it
    world.now += 120
    ask(Sweep())
    world.settle()
    assert len(receiver.ids) == 1


def test_a_sweep_measures(world: World) -> None:
    """A sweep counts who is owed something, for how long, and who is off."""
    world.add("waits", receiver=Receiver(lambda _: Answer(status=503)))
    world.add("done")
    world.add("off", receiver=Receiver(lambda _: Answer(status=410)))
    world.route(world.event(1))
    world.settle(until=world.now + 100)
    recorder = MetricsRecorder()
    with mock.patch.object(recorder, "add") as add:
        Manager(SETTINGS, recorder).carry_out(Sweep())
    found = dict(call.args for call in add.call_args_list)
    assert found["destination_backlog"] == 1
    assert 99 <= found["destination_backlog_age"] <= 101
    assert found["destinations_off"] == 1


def test_removal_leaves_nothing(world: World) -> None:
    """A destination that is removed gets nothing more, and a sweep deletes all that was kept about it."""
    receiver = world.add("crm", receiver=Receiver(lambda asked: Answer(status=503 if asked == 1 else 200)))
    world.route(*(world.event(number) for number in range(40)))
    world.settle(until=world.now + 1)
    ask(Remove(name="crm"))
    world.settle()
    ask(Sweep())
    assert receiver.asked == 1
    assert [owner for owner, _ in world.tables.rows] == ["version"]
