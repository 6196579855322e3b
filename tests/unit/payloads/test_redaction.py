"""No secret of the catch-all is stored, queued or logged, whatever it is wrapped in."""

import base64
import json
import random
import string
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.hooks.notifications.handler import Notifications
from hookswitch.payloads.redaction import MARK, redact_fields, redact_text
from simulator.disguises import DISGUISES, FORM, JSON
from simulator.payloads import SECRET_EVENTS, payload
from simulator.tests.each import for_each
from tests.fuzz.bodies import ODD_PATTERNS
from tests.fuzz.judge import BUDGET
from tests.receiving import event
from tests.unit.payloads.cases import FOLDER, case
from tests.unit.payloads.front_door import FrontDoor, front_door

__all__ = ["front_door"]  # a fixture

SECRET = "tr0ub4dor-never-to-be-kept"
KEPT = frozenset({"event_name", "msg_id", "account_id"})
NAMES = (*SECRET_EVENTS.values(), "passwd", "api-key", "auth_token", "client_secret", "Credentials")


def places(door: FrontDoor) -> str:
    """Return all that was kept of deliveries, in readable form."""
    bodies = [delivery.body for delivery in door.queue]
    items = json.dumps([*door.items.values()], default=lambda value: repr(getattr(value, "value", value)))
    texts = [body.decode("latin-1") for body in bodies]
    return "\n".join([items, *texts, json.dumps([delivery.to_message() for delivery in door.queue])])


def assert_nothing_of_it(secret: str, text: str) -> None:
    """Check that a secret is in a text neither as it is, nor with NULs between, nor encoded."""
    flat = text.replace("\\u0000", "").replace("\\x00", "").replace("\0", "")
    assert secret not in flat
    for run in flat.split('"'):
        if len(run) > len(secret):
            try:
                decoded = base64.b64decode(run, validate=True)
            except ValueError:
                continue
            assert secret.encode() not in decoded.replace(b"\0", b"")


@pytest.mark.parametrize("is_away", [False, True], ids=["stored", "queued"])
@pytest.mark.parametrize("disguise", DISGUISES)
@for_each("name", SECRET_EVENTS)
def test_disguised_secret(
    name: str, disguise: str, is_away: bool, front_door: FrontDoor, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is in no item, not in the quarantine, not in the queue and not in the log."""
    front_door.is_away = is_away
    fields = payload("notifications", event_name=name, **{SECRET_EVENTS[name]: None})
    body, content_type = DISGUISES[disguise](fields, SECRET_EVENTS[name], SECRET)
    assert front_door.send("notifications", body, content_type)["status"] in {"stored", "quarantined", "queued"}
    assert front_door.items or front_door.queue
    assert_nothing_of_it(SECRET, places(front_door))
    assert_nothing_of_it(SECRET, capsys.readouterr().out)


@given(
    st.sampled_from(sorted(DISGUISES)),
    st.sampled_from(NAMES),
    st.text(string.ascii_letters + string.digits + "-_", min_size=12, max_size=40),
    st.integers(0, 2**32),
)
@settings(max_examples=300)
def test_any_disguised_secret(disguise: str, name: str, secret: str, seed: int) -> None:
    """So it is for any name of a secret and any secret, without the function around it."""
    secret = f"q7{secret}7q"
    fields = payload("notifications", rng=random.Random(seed))
    body, content_type = DISGUISES[disguise](fields, name, secret)
    kept = _kept_of(body, content_type)
    assert_nothing_of_it(secret, kept)


def _kept_of(body: bytes, content_type: str) -> str:
    from hookswitch.deliveries.decoding import decode  # noqa: PLC0415 - beside its error
    from hookswitch.errors import UnusableError  # noqa: PLC0415

    try:
        return json.dumps(Notifications.redact(decode(body, content_type)), default=str)
    except UnusableError:
        return Notifications.redact_text(body.decode("utf-8", "replace"))


@pytest.mark.parametrize("name", SECRET_EVENTS)
def test_the_rest_stays(name: str, front_door: FrontDoor) -> None:
    """Under its plain name only the secret's value is replaced, and the event is stored."""
    sent = payload("notifications", event_name=name)
    assert front_door.deliver("notifications", sent) == "stored"
    (item,) = front_door.events()
    assert item["payload"] == sent | {SECRET_EVENTS[name]: MARK}


def test_text_that_mentions_a_secret_is_masked_whole(front_door: FrontDoor) -> None:
    """A mark with size and SHA-256 takes its place, without the hash where guessing would find the secret."""
    text = f"Dear user, this is the password that you asked for: {SECRET}."
    sent = payload("notifications", event_name="system_alert", message=text, details={"note": "password: 1234"})
    assert front_door.deliver("notifications", sent) == "stored"
    (item,) = front_door.events()
    assert item["payload"]["message"].startswith(f"{MARK[:-1]}: {len(text)} bytes, SHA-256 ")
    assert item["payload"]["details"] == f"{MARK[:-1]}: 26 bytes]"
    assert item["payload"]["subject"] == sent["subject"]


def test_utf16_case(front_door: FrontDoor) -> None:
    """A body in UTF-16 is quarantined with its size and hash, and without its content."""
    body = (FOLDER / "utf16_password.bin").read_bytes()
    said = front_door.send("notifications", body)
    item = front_door.items[said["event_id"]]
    assert_nothing_of_it("hunter2-hunter2", places(front_door))
    if said["status"] == "quarantined":
        assert (int(item["body_size"]), len(item["body_sha256"])) == (len(body), 64)


def test_json_in_string_case(front_door: FrontDoor) -> None:
    """A JSON text with a password is masked as a whole."""
    assert front_door.deliver("notifications", case("json_in_string.json")) == "stored"
    assert_nothing_of_it("hunter2-hunter2", places(front_door))


@pytest.mark.parametrize(
    "body",
    [b'{"event_name": "system_alert", "subject": "Carrier offline", ', b"plain words", b"[1, 2]", b"null"],
)
def test_harmless_broken_body_is_kept(body: bytes, front_door: FrontDoor) -> None:
    """A body that can't be decoded and mentions no secret is in the quarantine as it came."""
    said = front_door.send("notifications", body)
    assert front_door.items[said["event_id"]]["body"] == body.decode()


def test_binary_body_is_not_kept(front_door: FrontDoor) -> None:
    """Nothing is known of a body that is no text."""
    said = front_door.send("notifications", b'{"a": "\xff\xfe\x00\x01"')
    assert front_door.items[said["event_id"]]["body"].startswith(MARK[:-1])


def test_two_events_whose_ids_mention_a_secret(front_door: FrontDoor) -> None:
    """They stay two."""
    for number in (1, 2):
        sent = payload("notifications", event_name="system_alert", msg_id=f"password: {number}")
        assert front_door.deliver("notifications", sent) == "stored"
    assert_nothing_of_it("password: 1", places(front_door))


def test_events_of_dedicated_hooks_stay_as_they_are() -> None:
    """An event that another hook stores as it came is the same through the catch-all."""
    sent = payload("voicemail_new", voicemail_transcription={"text": "I forgot my password", "result": "success"})
    assert event("notifications", sent).fields["voicemail_transcription"] == sent["voicemail_transcription"]
    assert Notifications.redact(sent) == sent


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)
ANY_FIELDS = st.dictionaries(
    st.sampled_from(("event_name", "msg_id", "password", "a b", "%70wd")) | st.text(), JSON_VALUES
)


@given(ANY_FIELDS)
def test_redacting_twice_changes_nothing(fields: dict[str, Any]) -> None:
    """A delivery that comes from the queue, redacted already, makes the same event."""
    once = redact_fields(fields, KEPT)
    assert redact_fields(once, KEPT) == once
    assert len(once) == len(fields)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text(text: str) -> None:
    """A text is kept whole or masked whole, and a mark stays one."""
    redacted = redact_text(text)
    assert redacted == text or redacted.startswith(MARK[:-1])
    assert redact_text(redacted) == redacted


@pytest.mark.no_cover  # other tests run the same lines
@pytest.mark.parametrize("pattern", ODD_PATTERNS)
@for_each("content_type", [JSON, FORM])
@for_each("prefix", ["", "{", '{"a": "'])
def test_odd_bodies_take_little_time(pattern: str, content_type: str, prefix: str, front_door: FrontDoor) -> None:
    """The most that is kept of a body takes a small part of a second, whatever repeats in it."""
    body = prefix.encode() + ODD_PATTERNS[pattern]
    began = time.process_time()
    front_door.send("notifications", body, content_type)
    assert time.process_time() - began < BUDGET
