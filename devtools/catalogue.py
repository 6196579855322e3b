"""docs/catalogue.md: each event, made from its payload type, so that it can't tell another story than the code."""

import inspect
import json
import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from devtools.hook_types import SETTINGS, payload_type
from devtools.local import DASH_ACCOUNT_ID, ROOT
from devtools.markdown import table
from devtools.schemas import AS_IT_CAME, schemas
from hookswitch.calls.facts import Fact
from hookswitch.calls.fold import fold
from hookswitch.calls.record import Call
from hookswitch.dash.hooks import HOOKS
from hookswitch.events.envelope import TYPE_PREFIX
from hookswitch.events.event import Event
from hookswitch.events.items import event_item
from hookswitch.events.kinds import CALL
from hookswitch.payloads.base import Payload
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import payload
from simulator.steps import Step

PAGE = ROOT / "docs" / "catalogue.md"
MAX_EXAMPLE = 60  # characters
NOW = 1_795_000_000  # Unix seconds: a day in November 2026
COLUMNS = {"field": ("Field", ""), "kind": ("Type", ""), "example": ("Example", "")}
HEADING = """# Event catalogue

What each event is, when it fires and when it does not, what it contains, and what tells it from another event. `make
schemas` makes this page from the payload types; don't edit it.

Every event is published as a [CloudEvent](subscribing.md#the-message) whose `data` has these fields. Required fields,
in bold, are always there and of their type. Any other can be absent, null, or of another type: it is published as Dash
sent it. Fields that are not listed here are passed on unchanged. The [JSON Schemas](schemas) say the same.

Dash sends all of these but one: [call](#call), the record of a whole call, is made from the others.
"""
REVISION = 6  # of the example of a call: its last
LATER = 86_400  # seconds; nothing more is expected of a call then


def write() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


def text() -> str:
    """Return the page."""
    contents = "\n".join(f"- [{name}](#{name})" for name in (*HOOKS, CALL))
    declared = schemas()
    sections = [*(_section(hook, declared[hook]) for hook in HOOKS), _call_section(declared[CALL])]
    return "\n".join([HEADING, contents, "", *("\n".join(section) for section in sections)])


def _section(hook: str, schema: Mapping[str, Any]) -> list[str]:
    model = payload_type(hook)
    sent = payload(hook, rng=random.Random(hook), now=NOW)  # noqa: S311 - the same in every run
    example = {**sent, **model.type_for(sent).parse(model.redact(sent))[0].typed()}
    rows = [_row(name, declared, schema["required"], example) for name, declared in schema["properties"].items()]
    return [
        f"## {hook}\n",
        f"{_paragraphs(model)}\n",
        f"**Type:** `{TYPE_PREFIX}{hook}`. **Same event:** {_identity(model, schema['required'])}\n",
        f"{table(COLUMNS, rows)}\n",
    ]


def _call_section(schema: Mapping[str, Any]) -> list[str]:
    parts, example = schema["$defs"], example_call()
    rows = [
        _row(name, _resolved(part, parts), schema["required"], example) for name, part in schema["properties"].items()
    ]
    return [
        f"## {CALL}\n",
        f"{_linked(inspect.cleandoc(Call.__doc__ or ''))}\n",
        f"**Type:** `{TYPE_PREFIX}{CALL}`. **Same event:** messages that agree in the call and the revision.\n",
        f"{table(COLUMNS, rows)}\n",
    ]


def example_call() -> Mapping[str, Any]:
    """Return the record of a simulated call: nobody answers, and the caller leaves a message."""
    steps = SCENARIOS["voicemail"].events(
        rng=random.Random(CALL),  # noqa: S311 - the same in every run
        account_id=DASH_ACCOUNT_ID,
        now=NOW,
    )
    facts = [fact for step in steps if (fact := Fact.from_item(_item(step)))]
    (folded,) = fold(facts, NOW + LATER)
    return {**folded.record, "revision": REVISION}


def _item(step: Step) -> Mapping[str, Any]:
    parsed, invalid_fields = payload_type(step.hook).parse(step.payload)
    event = Event(
        payload=parsed,
        identity=parsed.identity(),
        fields={**step.payload, **parsed.typed()},
        invalid_fields=invalid_fields,
        account_id=DASH_ACCOUNT_ID,
        received_at=datetime.fromtimestamp(step.at, UTC),
    )
    return event_item(event, SETTINGS)


def _resolved(declared: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a field's schema with its type in place of a reference to that."""
    if "$ref" in declared:
        return {**parts[declared["$ref"].rpartition("/")[2]], **declared}
    return {**declared, "items": _resolved(declared["items"], parts)} if "items" in declared else declared


def _paragraphs(model: type[Payload]) -> str:
    said = inspect.cleandoc(model.__doc__ or "")
    return re.sub(r" \(docs/(dash-protocol\.md), section (\d)\)", r" ([protocol](\1), section \2)", said)


def _linked(text: str) -> str:
    return re.sub(r"docs/(\w+)\.md", r"[\1](\1.md)", text)


def _identity(model: type[Payload], required: list[str]) -> str:
    """Return what makes two deliveries the same event: the method's own words, or else the required fields."""
    own = model.identity.__doc__ if "identity" in vars(model) or model.identity is not Payload.identity else None
    if own and own != Payload.identity.__doc__:
        words = " ".join(inspect.cleandoc(own).split("\n\n")[0].split())
        found = f"deliveries that agree in {words.removeprefix('Return ').rstrip('.')}"
    else:
        found = f"deliveries that agree in {', '.join(f'`{name}`' for name in required)}"
    window = f", within {model.retry_window} seconds" if model.retry_window else ""
    return f"{found}{window}."


def _row(name: str, declared: Mapping[str, Any], required: list[str], example: Mapping[str, Any]) -> dict[str, str]:
    shown = ""
    if name in example:
        value = json.dumps(example[name], ensure_ascii=False)
        shown = f"`{value if len(value) <= MAX_EXAMPLE else value[:MAX_EXAMPLE] + '…'}`"
    field = f"**`{name}`**" if name in required else f"`{name}`"
    return {"field": field, "kind": _kind(declared), "example": shown.replace("|", "\\|")}


def _kind(declared: Mapping[str, Any]) -> str:
    """Return a field's type in words."""
    if "anyOf" in declared:
        kinds = [_kind(option) for option in declared["anyOf"] if not option.get("$ref", "").endswith(AS_IT_CAME)]
        return " or ".join(kind for kind in dict.fromkeys(kinds) if kind != "null")
    if "enum" in declared:
        return ", ".join(f"`{value}`" for value in declared["enum"])
    if declared.get("format") == "date-time":
        return "time"
    if declared.get("type") == "array":
        return f"list of {_kind(declared.get('items', {}))}s"
    return str(declared.get("type", "any"))
