"""The subjects of the benchmark: the built hooks and their peers, each with what Lambda provides."""

import compileall
import contextlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from bench.local import BUILD, HERE, LOCAL, PEERS, PYTHON, ROOT, RUNTIME, RUNTIME_CLIENT, WITH_BYTECODE
from devtools.bytecode import add_bytecode
from devtools.local import TEMPLATE
from devtools.stack import build
from devtools.template import parsed
from hookswitch.dash.hooks import CATALOGUE, HOOKS
from hookswitch.events.attributes import attribute
from hookswitch.publishing.sns_message import to_entry

BARE = "bare boto3"
USUAL = "usual Powertools"
USUAL_COMPILED = "usual Powertools, with bytecode"
FASTAPI = "FastAPI behind Mangum"
FASTAPI_COMPILED = "FastAPI behind Mangum, with bytecode"
PEER_NAMES = (BARE, USUAL, USUAL_COMPILED, FASTAPI, FASTAPI_COMPILED)
FLOOR = "nothing at all"
AS_BUILT = "{}, as `sam build` makes it"
FROM_SNAPSHOT = "{}, from a snapshot"
WITH_TLS = "{}, with TLS"
PUBLISH, PUBLISH_BATCH = "publish", "publish_batch alone"

_UV = LOCAL / "bootstrap" / "bin" / "uv"


@dataclass(frozen=True)
class Subject:
    """A function to measure.

    Attributes:
        name: A hook's name, or a peer's.
        path: Its import path on Lambda: the function, its layer, the runtime's boto3.
        event: Its event, for a hook that of API Gateway.
        expect: What each response must contain.
        seconds: Its timeout in the template.
        snapshot: Whether it starts as with SnapStart.
        variables: Additional environment variables.
        group: The file of its process group with a CPU quota; None for a full core.
    """

    name: str
    path: tuple[Path, ...]
    event: Mapping[str, Any]
    expect: Mapping[str, Any] = field(default_factory=lambda: STORED)
    seconds: int = 25
    snapshot: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    group: Path | None = None


STORED: Mapping[str, Any] = {"statusCode": 200, "body": "stored"}


def event_of(hook: str) -> Mapping[str, Any]:
    """Return a hook's event from API Gateway, with a token of the local secret."""
    event: Mapping[str, Any] = json.loads((ROOT / "events" / f"{hook}.json").read_text(encoding="utf-8"))
    return event


def folder_of(hook: str, build: Path = WITH_BYTECODE) -> Path:
    """Return the built folder of a hook's handler."""
    built = build / hook.title().replace("_", "")
    return built / "hooks" / hook if CATALOGUE[hook].is_catch_all else built


def layer(build: Path = WITH_BYTECODE) -> Path:
    """Return the built layer, which Lambda would mount at /opt."""
    return build / "Layer" / "python"


def seconds_of(function: str) -> int:
    """Return a function's timeout in the template."""
    template = parsed()
    properties = template["Globals"]["Function"] | template["Resources"][function]["Properties"]
    return int(properties["Timeout"])


def package_size(hook: str, build: Path) -> int:
    """Return the size of a hook's zip plus its layer's, in bytes, zipped like SAM's."""
    return _zipped(folder_of(hook, build)) + _zipped(build / "Layer")


@cache  # all hooks have the same layer, and nothing builds while packages are measured
def _zipped(folder: Path) -> int:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for file in sorted(folder.rglob("*")):
            package.write(file, file.relative_to(folder))
    return packed.tell()


def prepare() -> None:
    """Build the functions and install the peers, without packages of the development environment."""
    HERE.mkdir(parents=True, exist_ok=True)
    build(TEMPLATE, directory=BUILD, bytecode=False)
    _fresh(WITH_BYTECODE)
    shutil.copytree(BUILD, WITH_BYTECODE, ignore=shutil.ignore_patterns("__pycache__"))
    add_bytecode(WITH_BYTECODE)
    _fresh(RUNTIME)
    shutil.copytree(LOCAL / "runtime", RUNTIME, ignore=shutil.ignore_patterns("__pycache__"))
    with_bytecode(RUNTIME)
    for source in sorted((ROOT / "bench" / "peers").iterdir()):
        _install(source)
    if not RUNTIME_CLIENT.exists():
        requirements = ROOT / "bench" / "requirements.txt"
        command: list[str | Path] = [_UV, "pip", "install", "--quiet", "--require-hashes", "--python", PYTHON]
        subprocess.run([*command, "--target", RUNTIME_CLIENT, "-r", requirements], check=True)


def _install(source: Path) -> None:
    plain, compiled = PEERS / source.name, PEERS / f"{source.name}-bytecode"
    requirements = source / "requirements.txt"
    wanted = requirements.read_text(encoding="utf-8") if requirements.exists() else ""
    made = PEERS / f"{source.name}.installed"
    if not made.exists() or made.read_text(encoding="utf-8") != wanted:
        _fresh(plain)
        if wanted:
            command: list[str | Path] = [_UV, "pip", "install", "--quiet", "--require-hashes", "--python", PYTHON]
            subprocess.run([*command, "--target", plain, "-r", requirements], check=True)
        plain.mkdir(parents=True, exist_ok=True)
        made.write_text(wanted, encoding="utf-8")
    shutil.copy(source / "handler.py", plain)
    _fresh(compiled)
    shutil.copytree(plain, compiled)
    with_bytecode(compiled)


def with_bytecode(folder: Path) -> None:
    """Compile all modules of a folder, to bytecode that does not depend on the age of the source."""
    with contextlib.redirect_stdout(None):  # it prints errors for the few modules that are templates, not Python
        compileall.compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


def _fresh(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def hooks(build: Path = WITH_BYTECODE, name: str = "{}") -> list[Subject]:
    """Return all hooks of a build."""
    return [
        Subject(name.format(hook), (folder_of(hook, build), layer(build), RUNTIME), event_of(hook)) for hook in HOOKS
    ]


def copies() -> list[Subject]:
    """Return all hooks with SnapStart, started by AWS's own runtime client."""
    return [replace(it, path=(*it.path, RUNTIME_CLIENT), snapshot=True) for it in hooks(name=FROM_SNAPSHOT)]


def trusting(subject: Subject, authorities: Path) -> Subject:
    """Return a subject that calls AWS over TLS and trusts the authorities in a file.

    Hooks use OpenSSL's authorities, the SDK its own. With AWS_CA_BUNDLE, a hook would make its calls through the SDK.
    """
    name = "SSL_CERT_FILE" if subject.name in HOOKS else "AWS_CA_BUNDLE"
    return replace(subject, name=WITH_TLS.format(subject.name), variables={name: str(authorities)})


def peers() -> list[Subject]:
    """Return the peers, and a function that does nothing."""
    specimen = event_of("missed_call")
    nothing = HERE / "nothing"
    nothing.mkdir(exist_ok=True)
    (nothing / "handler.py").write_text(f"ANSWER = {STORED!r}\n\ndef handler(event, context):\n    return ANSWER\n")
    folders = {
        BARE: "bare-bytecode",
        USUAL: "powertools",
        USUAL_COMPILED: "powertools-bytecode",
        FASTAPI: "fastapi",
        FASTAPI_COMPILED: "fastapi-bytecode",
    }
    return [
        *(Subject(name, (PEERS / folder, RUNTIME), specimen) for name, folder in folders.items()),
        Subject(FLOOR, (nothing,), specimen),
    ]


def publishers(records: int = 100) -> list[Subject]:
    """Return the publish function and a loop that only calls `publish_batch`, for a batch of stream records."""
    images = [_image(number) for number in range(records)]
    stream = {
        "Records": [
            {"eventName": "INSERT", "dynamodb": {"NewImage": image, "SequenceNumber": str(number)}}
            for number, image in enumerate(images)
        ]
    }
    plain = TypeDeserializer()
    items = [{name: plain.deserialize(value) for name, value in image.items()} for image in images]
    entries = [to_entry(item, "events") for item in items]
    batches = {"batches": [entries[start : start + 10] for start in range(0, records, 10)]}
    build = WITH_BYTECODE
    return [
        Subject(
            PUBLISH,
            (build / "Publish", layer(build), RUNTIME),
            stream,
            expect={"batchItemFailures": []},
            seconds=seconds_of("Publish"),
        ),
        Subject(PUBLISH_BATCH, (PEERS / "publish_batch-bytecode", RUNTIME), batches, expect={"published": records}),
    ]


def _image(number: int) -> dict[str, Any]:
    """Return an item in the stream's format, with the fields of a missed call."""
    fields = json.loads(event_of("missed_call")["body"])
    item = {
        "event_id": f"{number:032x}",
        "kind": "event",
        "hook": "missed_call",
        "account_id": fields["account_id"],
        "occurred_at": "2026-11-23T14:27:53.000Z",
        "received_at": "2026-11-23T14:27:53.412Z",
        "summary": "Missed call from +15551234567 to +15557654321",
        "subject": f"call/{fields['call_id']}",
        "alert": True,
        "payload": fields,
    }
    image: dict[str, Any] = {name: attribute(value) for name, value in item.items()}
    return image
