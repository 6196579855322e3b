"""What each hook makes of its payloads: types, identity, and the attributes of the item."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.dash.hooks import DEFAULT_HOOKS, HOOKS
from hookswitch.deliveries.decoding import decode
from hookswitch.errors import UnusableError
from hookswitch.events.event import event_key
from hookswitch.events.items import event_item
from hookswitch.payloads.times import GREGORIAN_EPOCH
from simulator.encoding import encode_json
from simulator.payloads import DEFAULT_ACCOUNT_ID, SECRET_EVENTS, older_channel_destroy, payload
from simulator.tests.each import for_each
from tests.receiving import FORM, JSON, SETTINGS, event, payload_type

# The natural identity of each hook's events: docs/dash-protocol.md, section 4.
CALL = ("call_id", "timestamp")
REGISTRATION = ("username", "realm", "event_timestamp", "call_id", "contact")
IDENTITY = {
    "channel_create": CALL,
    "channel_answer": CALL,
    "channel_bridge": (*CALL, "other_leg_call_id"),
    "channel_destroy": CALL,
    "parking": ("call_id", "event_name", "parking_slot"),
    "voicemail_new": ("voicemail_id",),
    "voicemail_full": ("voicemail_box", "system_log_id", "message_count", "max_message_count"),
    "outbound_fax": ("fax_jobid", "fax_timestamp"),
    "outbound_fax_error": ("fax_jobid", "fax_timestamp"),
    "inbound_fax_error": ("fax_id", "fax_timestamp"),
    "missed_call": (*CALL, "to"),
    "register": REGISTRATION,
    "deregister": REGISTRATION,
    "notifications": ("msg_id",),
    "webhook_disabled": ("msg_id",),
}
ELSEWHERE = {"outbound_fax": "fax_id", "outbound_fax_error": "fax_id", "inbound_fax_error": "msg_id"}
# What an event can't do without: the rest of its identity may be missing (tests/unit/payloads/test_identity.py).
NEEDED = {
    **{hook: ("call_id",) for hook in HOOKS if hook.startswith("channel_") or hook == "missed_call"},
    "parking": ("call_id", "event_name", "parking_slot"),
    "voicemail_new": ("voicemail_id",),
    **dict.fromkeys(("voicemail_full", "register", "deregister", "notifications", "webhook_disabled"), ("msg_id",)),
}
IDENTITY_FIELDS = [(hook, name) for hook, names in IDENTITY.items() for name in names]


def other(value: Any) -> Any:
    """Return another value of the same type that the field takes as well."""
    if value == "PARK_PARKED":
        return "PARK_RETRIEVED"
    return value + 1 if isinstance(value, int) else f"{value}x"


@for_each("hook", HOOKS)
def test_encodings_agree(hook: str) -> None:
    """An event sent as JSON and as a form is the same event, with the same typed fields."""
    sent = payload(hook, rng=random.Random(hook))
    typed, form = event(hook, sent, JSON), event(hook, sent, FORM)
    fields = payload_type(hook).model_fields.items()
    declared = {field.alias or name for name, field in fields if not field.exclude}
    nested = {name for name, value in sent.items() if isinstance(value, dict)}
    assert typed.key == form.key or hook == "parking"
    assert typed.invalid_fields == form.invalid_fields == ()
    for name in declared & sent.keys() - nested:
        assert typed.fields[name] == form.fields[name], name


@for_each("hook", HOOKS)
def test_everything_is_kept(hook: str) -> None:
    """Every field that came is in the payload, unknown ones too, and phone numbers are not touched."""
    sent = payload(hook, caller_id_number="+15550001111", brand_new={"deep": [1, "2", None]}, rng=random.Random(1))
    fields = event(hook, sent).fields
    assert fields.keys() == sent.keys()
    assert fields["brand_new"] == {"deep": [1, "2", None]}
    assert fields["caller_id_number"] == "+15550001111"


@for_each("hook", DEFAULT_HOOKS)
def test_every_field_is_declared(hook: str) -> None:
    """The payload type of each hook but the catch-all declares every field that Dash sends today."""
    declared = {field.alias or name for name, field in payload_type(hook).model_fields.items()}
    assert payload(hook).keys() <= declared


@pytest.mark.parametrize(("hook", "name"), [(hook, name) for hook, names in NEEDED.items() for name in names])
def test_identity_is_needed(hook: str, name: str) -> None:
    """A payload without a field that identifies its event, or with an empty one, is unusable."""
    for sent in (payload(hook, **{name: None}), payload(hook) | {name: ""}):
        with pytest.raises(UnusableError, match=name):
            event(hook, sent)


@pytest.mark.parametrize("hook", ELSEWHERE)
def test_fax_that_nothing_identifies(hook: str) -> None:
    """A fax without id or time, and without `msg_id`, is unusable."""
    for missing in ("fax_timestamp", "fax_id"):
        sent = payload(hook, msg_id=None, fax_jobid=None, **{missing: None})
        with pytest.raises(UnusableError, match="msg_id"):
            event(hook, sent)


@pytest.mark.parametrize(("hook", "name"), IDENTITY_FIELDS)
def test_other_identity_other_key(hook: str, name: str) -> None:
    """Events that differ in any part of their identity are different events."""
    sent, at = payload(hook), datetime.now(UTC)
    assert event(hook, sent, received_at=at).key != event(hook, {**sent, name: other(sent[name])}, received_at=at).key


@for_each("hook", HOOKS)
def test_same_identity_same_key(hook: str) -> None:
    """Nothing but the identity decides: the same event with other custom data, or published again, is the same."""
    sent, at = payload(hook), datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)
    again = {
        name: value if name in IDENTITY[hook] or name in ("event_name", "hook_event", "account_id") else other(value)
        for name, value in sent.items()
        if isinstance(value, str | int) or name in IDENTITY[hook]
    }
    again = {name: value for name, value in again.items() if not isinstance(sent[name], bool)} | {"my_data": "x"}
    assert event(hook, sent, received_at=at).key == event(hook, again, received_at=at + timedelta(seconds=2)).key


@pytest.mark.parametrize(("hook", "instead"), ELSEWHERE.items())
def test_second_best_identity(hook: str, instead: str) -> None:
    """A fax without its best id is identified by the next one."""
    sent = payload(hook, **{IDENTITY[hook][0]: None}) | {instead: "another-id"}
    assert event(hook, sent).key != event(hook, sent | {instead: "a-third-id"}).key


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_keys(one: list[str], two: list[str]) -> None:
    """Two identities have the same key if, and only if, they are equal part by part."""
    assert (event_key(*one) == event_key(*two)) == (one == two)


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_parts_do_not_run_together(one: str, two: str, three: str) -> None:
    """No content of one part can imitate the border between two."""
    assert event_key("hook", one + two, three) != event_key("hook", one, two + three)


@for_each("hook", HOOKS)
def test_other_hook(hook: str) -> None:
    """A payload that names another hook is unusable, but for the catch-all, which takes any name."""
    name = "hook_event" if hook.startswith("channel_") else "event_name"
    sent = payload(hook) | {name: "something_else"}
    if hook == "notifications":
        assert event(hook, sent).payload.summary() == "Notification something_else"
    else:
        with pytest.raises(UnusableError):
            event(hook, sent)


@for_each("hook", HOOKS)
def test_summary(hook: str) -> None:
    """The summary is one line without a gap, also for the poorest payload."""
    bare = {name: value for name, value in payload(hook).items() if name in (*IDENTITY[hook], *NEEDED.get(hook, ()))}
    for sent in (payload(hook), bare):
        summary = event(hook, sent).payload.summary()
        assert summary
        assert "None" not in summary
        assert "\n" not in summary


def test_summary_of_a_missed_call() -> None:
    """A missed call is summed up as a person would."""
    sent = payload("missed_call", caller_id_number="+15551234567", callee_id_number=None, to_user="+15557654321")
    assert event("missed_call", sent).payload.summary() == "Missed call from +15551234567 to +15557654321"


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_gregorian_seconds(moment: datetime) -> None:
    """Gregorian seconds, a number or digits, become the moment in UTC that they count to."""
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    seconds = int(moment.timestamp()) + GREGORIAN_EPOCH
    for value in (seconds, str(seconds)):
        made = event("missed_call", payload("missed_call") | {"timestamp": value})
        assert made.occurred_at == moment
        assert made.fields["timestamp"] == moment.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("value", ["", "soon", "1.5", 1.5, True, 10**30, -(10**30), {}, []])
def test_no_moment(value: object) -> None:
    """A time that is none is as good as absent: the event has the time of receipt, and its payload what was sent."""
    made = event("missed_call", payload("missed_call") | {"timestamp": value})
    assert made.occurred_at == made.received_at
    assert made.invalid_fields == ("timestamp",)
    assert made.fields["timestamp"] == (Decimal(value) if isinstance(value, float) else value)


def test_misfit() -> None:
    """An optional field whose value does not fit is kept as it came, and the event is good."""
    sent = payload("channel_destroy") | {"duration_seconds": "long", "call_forwarded": "odd"}
    made = event("channel_destroy", sent)
    assert set(made.invalid_fields) == {"call_forwarded", "duration_seconds"}
    assert made.fields["duration_seconds"] == "long"
    assert made.fields["billing_seconds"] == sent["billing_seconds"]


def test_older_system() -> None:
    """A payload of an older system, all strings and with fewer fields, is good and typed."""
    made = event("channel_destroy", older_channel_destroy())
    assert isinstance(made.fields["duration_seconds"], int)
    assert made.invalid_fields == ()


def test_reference_spellings() -> None:
    """What the reference writes otherwise than the sender does is served too."""
    assert event("channel_destroy", payload("channel_destroy", hangup_code=404)).fields["hangup_code"] == "404"
    parked = event("parking", payload("parking", caller_id_number=None) | {"caller_id_Number": "+15550009999"})
    assert "+15550009999" in parked.payload.summary()


def test_fractions_survive() -> None:
    """A fraction inside a map that the payload type declares stays a number."""
    made = event("outbound_fax", payload("outbound_fax") | {"fax_info": {"rate": 14.4}})
    assert made.fields["fax_info"] == {"rate": Decimal("14.4")}


@for_each("hook", HOOKS)
def test_item(hook: str) -> None:
    """An item has the attributes that readers rely on, and a key for each index that it belongs to."""
    item = event_item(event(hook, payload(hook)), SETTINGS)
    assert item["hook"] == hook
    assert item["account_id"] == DEFAULT_ACCOUNT_ID
    assert item["expires_at"] is None
    assert item["feed"] == f"{DEFAULT_ACCOUNT_ID}/{hook}/{str(item['occurred_at'])[:10]}"
    subject = item["subject"]
    expected = {"voicemail": "mailbox/", "register": "device/", "deregister": "device/"}
    prefix = next((prefix for name, prefix in expected.items() if hook.startswith(name)), "call/")
    if "fax" in hook:
        prefix = "fax/"
    if hook not in {"notifications", "webhook_disabled"}:
        assert str(subject).startswith(prefix)
    assert item["subject_key"] == (None if prefix == "call/" else subject)
    assert item["alert"] is (hook == "voicemail_full" or hook.endswith("fax_error"))


def test_message_that_names_no_call() -> None:
    """The record of its call alerts people to a voicemail, so one without a call does so itself."""
    items = [
        event_item(event("voicemail_new", payload("voicemail_new", call_id=call)), SETTINGS) for call in (None, "a")
    ]
    assert [item["alert"] for item in items] == [True, False]


def test_registration_and_its_end_are_of_one_device() -> None:
    """What registers and what drops off is the same device, though only one of the payloads names its owner."""
    device: dict[str, Any] = {"username": "desk1", "realm": "acme.sip.example.com"}
    registered, dropped = (event(hook, payload(hook, **device)) for hook in ("register", "deregister"))
    assert registered.payload.subject() == dropped.payload.subject() == "device/desk1@acme.sip.example.com"


def test_timeline_within_one_second() -> None:
    """The events of a call that fall into one second stay in the order in which calls go."""
    hooks = ["channel_create", "channel_answer", "channel_bridge", "channel_destroy", "missed_call"]
    same: dict[str, Any] = {"call_id": "one-call", "timestamp": 63_962_663_273}
    lines = [str(event_item(event(hook, payload(hook, **same)), SETTINGS)["timeline_key"]) for hook in hooks]
    assert lines == sorted(lines)


def test_account_not_served() -> None:
    """An event of an account that the stack does not serve is unusable."""
    with pytest.raises(UnusableError, match="does not serve"):
        event("missed_call", payload("missed_call", account_id="f" * 32))


def test_account_of_a_descendant() -> None:
    """With its subaccounts, any account that the webhook's owner vouches for is served."""
    serving = replace(SETTINGS, include_subaccounts=True)
    sent = payload("missed_call", account_id="f" * 32)
    assert event("missed_call", sent, settings=serving).account_id == "f" * 32
    with pytest.raises(UnusableError, match="does not serve"):
        event("missed_call", sent, settings=replace(serving, account_id="e" * 32))


def test_retention() -> None:
    """An item expires so many days after it was received, or never."""
    at = datetime(2026, 11, 23, tzinfo=UTC)
    kept = event_item(event("missed_call", payload("missed_call"), received_at=at), replace(SETTINGS, retention_days=2))
    assert kept["expires_at"] == int((at + timedelta(days=2)).timestamp())


def test_account_missing() -> None:
    """Where the payload has no account, the webhook's owner is taken for it."""
    assert event("outbound_fax_error", payload("outbound_fax_error", account_id=None)).account_id == DEFAULT_ACCOUNT_ID


@pytest.mark.parametrize("name", SECRET_EVENTS)
def test_secrets_are_removed(name: str) -> None:
    """Passwords, reset links and keys are replaced by a mark, at any depth, and nothing else is."""
    secret = SECRET_EVENTS[name]
    sent = payload("notifications", event_name=name) | {secret: "s3cret-value"}
    nested = sent | {"deep": {"list": [{"Password": "s3cret-value"}, "plain"], secret: ["s3cret-value"]}}
    safe = payload_type("notifications").redact(nested)
    assert "s3cret-value" not in str(safe)
    assert safe["msg_id"] == sent["msg_id"]
    assert safe["event_name"] == name
    assert safe["deep"]["list"][1] == "plain"


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "password" : "s3cret-value", "b": ',
        '{"a": 1, "account_api_key": "s3cret-value',
        '{"password_reset_link": "https://x.example.com/?a=s3cret-value&b=s3cret-value"',
        '{"password":"a\\"s3cret-value"}}',
        "a=1&password=s3cret-value&b=2",
        "user[password]=s3cret-value",
    ],
)
def test_secrets_are_removed_from_text(text: str) -> None:
    """So they are from a body that can't be decoded."""
    assert "s3cret-value" not in payload_type("notifications").redact_text(text)


@pytest.mark.parametrize("name", SECRET_EVENTS)
def test_secrets_are_removed_from_names(name: str) -> None:
    """JSON in the query of a get is read as a form, in which all of it is one name."""
    sent = payload("notifications", event_name=name) | {SECRET_EVENTS[name]: "s3cret-value"}
    fields = decode(encode_json(sent) + b"=", FORM)
    assert "s3cret-value" in str(fields)
    assert "s3cret-value" not in str(payload_type("notifications").redact(fields))


@pytest.mark.parametrize(("length", "end"), [(21_480, "1, 21 s"), (0, "1, 0 s"), (10**400, "1"), (-1, "1")])
def test_length_of_a_voicemail(length: int, end: str) -> None:
    """The seconds are in the summary, unless they are no length of a message; it is stored in any case."""
    made = event("voicemail_new", payload("voicemail_new", voicemail_length=length, to_user="+15557654321"))
    assert str(event_item(made, SETTINGS)["summary"]).endswith(end)
    assert made.fields["voicemail_length"] == length
