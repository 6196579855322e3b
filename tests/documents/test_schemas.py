"""The schemas in docs/schemas/ are generated from the payload types, fit what is published, and don't break."""

import copy
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from boto3.dynamodb.types import TypeDeserializer
from jsonschema import Draft202012Validator, ValidationError

from devtools import schemas
from devtools.errors import LaptopError
from devtools.local import ROOT
from devtools.schemas import AS_IT_CAME, FOLDER, NAMES, Schema, broken_promises, files, version_notes
from hookswitch.calls.items import CallItem
from hookswitch.dash.hooks import HOOKS
from hookswitch.events.attributes import item
from hookswitch.events.cloudevent import cloud_event, to_json
from hookswitch.events.envelope import NOTICED, RESTORED, TYPE_PREFIX
from hookswitch.events.items import delivery_test_item, event_item
from hookswitch.publishing.sns_message import to_entry
from hookswitch.reconcile.announcement import to_item
from hookswitch.reconcile.state import News, Recovered
from hookswitch.settings.webhooks import ReconcileSettings
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import older_channel_destroy, payload
from simulator.tests.each import for_each
from tests.contract import check, checked_in
from tests.receiving import FORM, JSON, SETTINGS, delivery, event, payload_type
from tests.unit.calls.scenes import calls_of, steps_of

if TYPE_CHECKING:
    from hookswitch.calls.record import Call

FILES = {str(path.relative_to(ROOT)): path for path in files()}
MISFITS: Mapping[str, Any] = {"integer": "many", "string": [1], "object": "flat", "array": 7, "boolean": "perhaps"}


def published(hook: str, sent: dict[str, Any], encoding: str = JSON) -> dict[str, Any]:
    """Return the message that is published for a payload."""
    return message_from(event_item(event(hook, sent, encoding), SETTINGS))


def message_from(values: Mapping[str, object]) -> dict[str, Any]:
    """Return the message that is published for an item."""
    plain = TypeDeserializer().deserialize
    entry = to_entry({name: plain(value) for name, value in item(values).items()}, "events")
    message: dict[str, Any] = json.loads(json.loads(entry["Message"])["default"])
    return message


def misfit(declared: Mapping[str, Any]) -> Any:
    """Return a value that fits none of a field's types."""
    types = {kind for choice in declared["anyOf"] if (kind := choice.get("type"))}
    return next(value for kind, value in MISFITS.items() if kind in types)


@for_each("name", FILES)
def test_file_is_what_the_script_makes(name: str) -> None:
    """No schema is edited by hand or outdated: `make schemas` would not change a byte."""
    assert FILES[name].read_text() == files()[FILES[name]], "Run `make schemas`."


@for_each("name", NAMES)
def test_promises_are_kept(name: str) -> None:
    """A breaking change needs a new version and a note about it."""
    broken = broken_promises(checked_in(name), schemas.schemas()[name])
    assert not broken, schemas.told(name, broken)


@for_each("name", NAMES)
def test_every_version_has_a_note(name: str) -> None:
    """Versions count from 1, and each has a note about its change."""
    notes = version_notes()[name]
    assert sorted(map(int, notes)) == list(range(1, len(notes) + 1))
    assert all(note.strip() for note in notes.values())


@for_each("name", NAMES)
def test_schema_is_valid(name: str) -> None:
    """It is valid under the draft that it names."""
    assert checked_in(name)["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(checked_in(name))


@pytest.mark.parametrize("encoding", [JSON, FORM])
@for_each("hook", HOOKS)
def test_published_messages_fit(hook: str, encoding: str) -> None:
    """Whatever Dash sends in either encoding, the published message fits the schemas."""
    for seed in range(5):
        check(published(hook, payload(hook, rng=random.Random(seed)), encoding))


@pytest.mark.parametrize("restored", [True, False], ids=[RESTORED, NOTICED])
def test_announcements_fit(*, restored: bool) -> None:
    """Both announcements about the webhooks fit the schemas."""
    news = News(noticed=["The webhook of parking was switched off by hand."])
    if restored:
        news.restored.append(("missed_call", "was missing and is registered again"))
        news.recovered["missed_call"] = Recovered(events=3, first=1_795_000_000, reasons=["answered 500"])
    settings = ReconcileSettings(
        SETTINGS.events_table,
        SETTINGS.account_id,
        0,
        webhooks_state="",
        include_subaccounts=False,
        destinations_table="",
        repairs_drift=True,
    )
    values = to_item(news, settings)
    assert values
    message = message_from(values)
    assert message["type"].endswith(RESTORED if restored else NOTICED)
    check(message)


@for_each("scenario", SCENARIOS)
def test_calls_fit(scenario: str) -> None:
    """So does every revision of every kind of call, whose id has the revision."""
    steps = steps_of(scenario)
    for count in range(1, len(steps) + 1):
        for call in calls_of(steps[:count]):
            record = cast("Call", {**call, "revision": count})
            values = CallItem(record, "", frozenset()).to_item(
                at=call["started_at"], received_at=call["started_at"], expires_at=None
            )
            message = message_from(values)
            assert message["type"] == "com.virtualpbx.dash.call"
            assert message["id"] == f"call-{call['call']}-{count}"
            check(message)


def test_test_deliveries_fit() -> None:
    """So does a test delivery, whose type is `test` whatever its hook."""
    message = message_from(delivery_test_item(delivery("missed_call", "{}"), "0123456789abcdef" * 2, SETTINGS))
    assert message["type"] == "com.virtualpbx.dash.test"
    assert message["data"]["hook"] == "missed_call"
    check(message)


def test_recovered_events_fit() -> None:
    """An event recovered from Dash's attempt log or its records fits the schemas, and its envelope says which."""
    recovered = replace(event("missed_call", payload("missed_call")), attempted_at=datetime.now(UTC))
    message = message_from(event_item(recovered, SETTINGS))
    assert message["recovered"] is True
    check(message)
    recorded = replace(event("channel_destroy", payload("channel_destroy")), source="cdr")
    message = message_from(event_item(recorded, SETTINGS))
    assert message["recovered"] == "cdr"
    check(message)


def test_replayed_events_fit() -> None:
    """So does an event that is sent to a destination again, which says so."""
    stored = event_item(event("missed_call", payload("missed_call")), SETTINGS)
    values = {name: TypeDeserializer().deserialize(value) for name, value in item(stored).items()}
    message = json.loads(to_json(cloud_event(values, is_replay=True)))
    assert message["replay"] is True
    check(message)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda message: message.update(brand_new=1), "envelope.json does not declare brand_new"),
        (lambda message: message["data"].update(brand_new=1), "missed_call.json does not declare brand_new"),
        (lambda message: message.update(type=f"{TYPE_PREFIX}brand_new"), "no schema of the type"),
    ],
    ids=["envelope", "data", "type"],
)
def test_whatever_has_no_schema_is_found(change: Callable[[dict[str, Any]], None], complaint: str) -> None:
    """A field or a type without a schema breaks the contract."""
    message = published("missed_call", payload("missed_call"))
    change(message)
    with pytest.raises(AssertionError, match=complaint):
        check(message)


def test_messages_of_an_older_system_fit() -> None:
    """So does one whose values are all strings."""
    check(published("channel_destroy", older_channel_destroy()))


@for_each("hook", HOOKS)
def test_misfits_nulls_and_unknown_fields_fit(hook: str) -> None:
    """Optional fields that are null or of another type, and unknown ones, are published unchanged, and fit."""
    optional = {name: schema for name, schema in checked_in(hook)["properties"].items() if "anyOf" in schema}
    identity = {name for name in payload(hook) if name in {"fax_id", "fax_jobid", "fax_timestamp", "other_leg_call_id"}}
    named = {"event_name", "hook_event", "account_id"} | identity
    sent = payload(hook, brand_new={"deep": [1, None]})
    odd = sent | {name: misfit(schema) for name, schema in optional.items() if name not in named}
    message = published(hook, odd)
    assert message["data"]["brand_new"] == {"deep": [1, None]}
    check(message, allowed=("brand_new",))
    check(published(hook, sent | dict.fromkeys(optional.keys() - named)), allowed=("brand_new",))


@for_each("hook", HOOKS)
def test_strict_schemas_show_misfits(hook: str) -> None:
    """With `false` in place of AsItCame a schema takes what Dash sends today, and refuses a misfit."""
    strict = copy.deepcopy(checked_in(hook))
    strict["$defs"][AS_IT_CAME] = False
    data = published(hook, payload(hook))["data"]
    Draft202012Validator(strict).validate(data)
    with pytest.raises(ValidationError):
        Draft202012Validator(strict).validate(data | {"caller_id_name": ["no", "name"], "cluster_id": {}})


@for_each("hook", HOOKS)
def test_required_fields_are_required(hook: str) -> None:
    """The fields of the natural identity are required, and no others."""
    declared = payload_type(hook).model_fields.items()
    assert set(checked_in(hook)["required"]) == {f.alias or name for name, f in declared if f.is_required()}


@pytest.mark.parametrize(
    "change",
    [
        lambda schema: schema["required"].remove("call_id"),
        lambda schema: schema["required"].append("msg_id"),
        lambda schema: schema["properties"].pop("notify"),
        lambda schema: schema["properties"]["timestamp"]["anyOf"][0].pop("format"),
        lambda schema: schema["properties"].update(message_left={"type": "string"}),
    ],
    ids=["no longer required", "newly required", "not declared any more", "another format", "another type"],
)
def test_incompatible_changes_are_found(change: Callable[[Schema], Any]) -> None:
    """Each breaks the contract within a version, and none in a new one."""
    before = checked_in("missed_call")
    now = copy.deepcopy(before)
    change(now)
    assert len(broken_promises(before, now)) == 1
    assert broken_promises(before, now | {"version": before["version"] + 1}) == []


def test_compatible_changes_pass() -> None:
    """A new optional field or a better description breaks nothing."""
    before = checked_in("missed_call")
    now = copy.deepcopy(before)
    now["properties"]["brand_new"] = {"type": "string"}
    now["properties"]["timestamp"]["description"] = now["description"] = "Said better."
    assert broken_promises(before, now) == []


def test_the_script_refuses_to_break_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make schemas` then writes nothing, names the broken promise, and says what to do."""
    broken = copy.deepcopy(checked_in("missed_call"))
    broken["properties"].pop("notify")
    path = FOLDER / "missed_call.json"
    monkeypatch.setattr(schemas, "files", lambda: files() | {path: json.dumps(broken)})
    before = path.read_bytes()
    with pytest.raises(LaptopError, match=r"missed_call breaks.*notify is not declared any more.*versions\.toml"):
        schemas.write()
    assert path.read_bytes() == before
