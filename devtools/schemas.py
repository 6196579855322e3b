"""The files of docs/schemas/: what a consumer can rely on, as JSON Schema, made from the payload types.

A required field is always there and always of its type. Any other may be absent, null, or of another type than
declared: a value that does not fit is published as it came. Its schema says so with a reference to AS_IT_CAME,
which allows everything; whoever would rather refuse such values puts `false` in its place.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from devtools.errors import LaptopError
from devtools.hook_types import payload_type
from devtools.local import ROOT
from devtools.screen import say
from hookswitch.calls.record import Call
from hookswitch.dash.hooks import HOOKS
from hookswitch.events.envelope import DeliveryTest, Envelope
from hookswitch.events.kinds import CALL, TEST
from hookswitch.reconcile.announcement import ANNOUNCEMENTS

FOLDER = ROOT / "docs" / "schemas"
VERSIONS = FOLDER / "versions.toml"
COPIES = ROOT / "examples" / "missed_calls" / "schemas"
COPIED = ("envelope", "call")
ENVELOPE = "envelope"
OWN_TYPES: Mapping[str, Any] = {
    CALL: Call,
    **ANNOUNCEMENTS,
    TEST: DeliveryTest,
}  # of `data` that hookswitch itself makes
NAMES = (ENVELOPE, *HOOKS, *OWN_TYPES)
DIALECT = "https://json-schema.org/draft/2020-12/schema"
AS_IT_CAME = "AsItCame"
SINGLE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")

type Schema = dict[str, Any]


class IncompatibleError(LaptopError):
    """A schema takes back what consumers rely on."""


def write() -> None:
    """Write the files, over those of the same names.

    Raises:
        IncompatibleError: A schema breaks its promise and has no new version.
    """
    made = files()
    for name in NAMES:
        path = FOLDER / f"{name}.json"
        if path.exists() and (broken := broken_promises(json.loads(path.read_text()), json.loads(made[path]))):
            raise IncompatibleError(told(name, broken))
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    say(f"Wrote {len(made)} files to {FOLDER.relative_to(ROOT)}/ and {COPIES.relative_to(ROOT)}/.")


def files() -> dict[Path, str]:
    """Return the text of each file by its path."""
    texts = {name: json.dumps(schema, indent=2) + "\n" for name, schema in schemas().items()}
    return {
        **{FOLDER / f"{name}.json": text for name, text in texts.items()},
        **{COPIES / f"{name}.json": texts[name] for name in COPIED},
    }


def schemas() -> dict[str, Schema]:
    """Return the schema of the envelope, and of the `data` of each hook and announcement."""
    notes = version_notes()
    return {name: _schema(name, max(map(int, notes[name]))) for name in NAMES}


def version_notes() -> dict[str, dict[str, str]]:
    """Return what each version of each schema changed; a schema that versions.toml does not name is at its first."""
    noted: dict[str, dict[str, str]] = tomllib.loads(VERSIONS.read_text(encoding="utf-8"))
    return {name: {"1": "The first."} | noted.get(name, {}) for name in NAMES}


def broken_promises(before: Schema, now: Schema) -> list[str]:
    """Return what a consumer of `before` can't rely on any more, a sentence each; none if the version is new."""
    return list(_broken(before, now)) if now["version"] == before["version"] else []


def told(name: str, broken: list[str]) -> str:
    """Return what is wrong and what to do."""
    return (
        f"The schema of {name} breaks what consumers rely on: {' '.join(broken)} "
        f"If it has to, give it a new version in {VERSIONS.relative_to(ROOT)}, with a note for them."
    )


def _broken(before: Schema, now: Schema) -> Iterator[str]:
    for field in sorted(set(before["required"]) - set(now["required"])):
        yield f"{field} is not required any more."
    for field in sorted(set(now["required"]) - set(before["required"])):
        yield f"{field} is required, and events of before may lack it."
    for field, schema in before["properties"].items():
        if field not in now["properties"]:
            yield f"{field} is not declared any more."
        elif _meaning(schema) != _meaning(now["properties"][field]):
            yield f"{field} has another type."


def _meaning(schema: Any) -> Any:
    """Return a schema without what is for people only."""
    if isinstance(schema, Mapping):
        return {name: _meaning(value) for name, value in schema.items() if name != "description"}
    return schema


def _schema(name: str, version: int) -> Schema:
    made = _model_schema(name)
    required: list[str] = made.get("required", [])
    properties = {field: _field(schema) for field, schema in made["properties"].items()}
    schema = {
        "$schema": DIALECT,
        "$id": f"urn:hookswitch:schema:{name}:{version}",
        "title": name,
        "version": version,
        "description": SINGLE_BREAK.sub(" ", made["description"]),
        "type": "object",
        "required": required,
        "additionalProperties": True,
    }
    if name == ENVELOPE:
        return {**schema, "properties": properties, "oneOf": [{"required": ["data"]}, {"required": ["dataref"]}]}
    if name in OWN_TYPES:
        parts = {part: _field(declared) for part, declared in made.get("$defs", {}).items()}
        return {**schema, "properties": properties, **({"$defs": parts} if parts else {})}
    return {
        **schema,
        "properties": {
            field: declared if field in required else _lenient(declared) for field, declared in properties.items()
        },
        "$defs": {AS_IT_CAME: {"description": "A value that does not fit its field's type is published as it came."}},
    }


def _model_schema(name: str) -> Schema:
    """Return the schema that pydantic makes of the type that is published under a name."""
    if name == ENVELOPE or name in OWN_TYPES:
        return TypeAdapter(OWN_TYPES.get(name, Envelope)).json_schema(mode="serialization")
    model: type[BaseModel] = payload_type(name)
    model.model_rebuild()
    return model.model_json_schema(mode="serialization", by_alias=True)


def _field(schema: Any) -> Any:
    """Return a schema without the titles that pydantic makes up, and without defaults, which are never published."""
    if isinstance(schema, Mapping):
        return {
            name: {field: _field(declared) for field, declared in value.items()}
            if name == "properties"
            else _field(value)
            for name, value in schema.items()
            if name not in {"title", "default"}
        }
    return schema


def _lenient(schema: Schema) -> Schema:
    return {"anyOf": [*schema.pop("anyOf", [schema]), {"$ref": f"#/$defs/{AS_IT_CAME}"}]}
