"""The files of events/: an event for each function, for `sam local invoke` and for tests.

The simulated Dash creates the payloads and sends them, with a fixed seed and at a fixed time, so that the generated
files are always the same, byte for byte.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, override

from devtools import service_events
from devtools.gateway import DOMAIN, STAGE, Arrival, as_file, http_event, navigation, rest_event
from devtools.local import CALLBACK_SECRET, DASH_ACCOUNT_ID, ROOT
from devtools.screen import say
from hookswitch.callback.token import token_for
from hookswitch.dash.hooks import CATALOGUE, HOOKS
from simulator.encoding import UnsendableError, get_url
from simulator.payloads import payload
from simulator.sender import Sender
from simulator.transport import Request, Response, Transport
from simulator.webhooks import Webhook

FOLDER = ROOT / "events"
DOCUMENT = ROOT / "docs" / "events.md"
NOW = 1_795_000_000  # Unix seconds: a day in November 2026

JSON = {"http_verb": "post", "format": "json"}
FORM = {"http_verb": "post", "format": "form-data"}
GET = {"http_verb": "get"}
SPECIMEN = "missed_call"  # the hook for examples of the rarer formats
CAUSES = {  # what invokes the functions without their own route
    "Publish": "the table's stream",
    "Calls": "the table's stream; also the calls queue, its schedule, and a backfill",
    "Redrive": "the redrive queue and the publish dead-letter queue",
    "Route": "the queue of events for destinations",
    "Send": "the send queue and the retry queue; also a test of a destination",
    "Destinations": "its EventBridge schedule; also requests of people",
    "ConsoleFunction": "the page's HTTP API, every path and method",
    "Provision": "CloudFormation, `Custom::DashWebhooks`",
    "Rotate": "Secrets Manager, the callback secret's rotation",
    "Reconcile": "its EventBridge schedule",
    "Silence": "its EventBridge Scheduler schedule",
    "Unknown": "every other path and method",
}
HEADING = """# Sample events

Events for `sam local invoke` and for tests. `make sample-events` generates these files and this page from the simulated
Dash and the payload types; don't edit them. Each hook has one event in several encodings: as JSON, as a form (`.form`),
in the URL of a GET (`.get`, where Dash can send it so), as base64 (`.base64`, which is how the stack's API passes on
every body; the others are text, to be read), and in the HTTP API format 2.0 (`.http-api`). Their tokens are valid for a
stack with the local callback secret, such as that of `make up`.
"""
STORED = ("channel_destroy", "missed_call", "voicemail_new")  # the events of the stream batch
OF_A_CALL = ("channel_create", "channel_answer", "channel_bridge", "channel_destroy")


def files() -> dict[str, str]:
    """Return the text of each file by its name: `<function>.json`, or `<hook>.<variant>.json`."""
    return {name: as_file(event) for name, event in (deliveries() | others()).items()}


def deliveries() -> dict[str, dict[str, Any]]:
    """Return the events of the hook functions."""
    return {
        **{f"{hook}.json": rest_event(arrival(hook, JSON)) for hook in HOOKS},
        **{f"{hook}.form.json": rest_event(arrival(hook, FORM)) for hook in HOOKS},
        **{f"{hook}.get.json": rest_event(arrival(hook, GET)) for hook in HOOKS if sendable_by_get(hook)},
        f"{SPECIMEN}.base64.json": rest_event(arrival(SPECIMEN, JSON), as_base64=True),
        f"{SPECIMEN}.http-api.json": http_event(arrival(SPECIMEN, JSON)),
    }


def others() -> dict[str, dict[str, Any]]:
    """Return the events of all other functions."""
    specimen = rest_event(arrival(SPECIMEN, JSON))
    queued = service_events.queue_batch(SPECIMEN, specimen, "MissedCall", NOW)
    return {
        "publish.json": service_events.stream_batch({hook: rest_event(arrival(hook, JSON)) for hook in STORED}, NOW),
        "calls.json": service_events.stream_batch({hook: rest_event(arrival(hook, JSON)) for hook in OF_A_CALL}, NOW),
        "redrive.json": service_events.sqs_batch([json.dumps(message) for message in queued], NOW),
        "route.json": service_events.sqs_batch(
            [service_events.published(SPECIMEN, specimen, NOW)], NOW, "DestinationEventsQueue"
        ),
        "send.json": service_events.sqs_batch([service_events.wake_up(NOW)], NOW, "SendQueue"),
        "destinations.json": {"sweep": True},
        "console.json": navigation("/", NOW),
        "provision.json": service_events.cloudformation_request(),
        "rotate.json": service_events.rotation_step(),
        "reconcile.json": service_events.scheduled("Reconcile", NOW),
        "silence.json": service_events.scheduler_event("Silence", NOW),
        "unknown.json": rest_event(stranger()),
    }


def sendable_by_get(hook: str) -> bool:
    """Tell whether Dash can send a hook's event with GET: nested fields make the URL invalid."""
    try:
        get_url("https://example.com/", payload(hook))
    except UnsendableError:
        return False
    return True


def document() -> str:
    """Return docs/events.md: the files of each function, and the route of each hook."""
    names = sorted(files())
    lines = [HEADING, "| Hook | Function | Event files | Route |", "|---|---|---|---|"]
    for hook in HOOKS:
        own = ", ".join(f"[{name}](../events/{name})" for name in names if name.startswith(f"{hook}."))
        lines.append(f"| {hook} | `{function_of(hook)}` | {own} | `POST`, `PUT`, `GET` `/hooks/{hook}/{{token}}` |")
    for name in others():
        function = function_of(name.partition(".")[0])
        lines.append(f"| | `{function}` | [{name}](../events/{name}) | {CAUSES[function]} |")
    return "\n".join([*lines, ""])


def function_of(name: str) -> str:
    """Return a function's logical id: `MissedCall` for `missed_call`."""
    if name == "console":
        return "ConsoleFunction"  # Console is a parameter
    return "".join(part.capitalize() for part in name.split("_"))


def write() -> None:
    """Write the files, replacing existing ones, and the document that lists them."""
    made = files()
    FOLDER.mkdir(exist_ok=True)
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    DOCUMENT.write_text(document(), encoding="utf-8")
    say(f"Wrote {len(made)} files to {FOLDER.relative_to(ROOT)}/, and {DOCUMENT.relative_to(ROOT)}.")


def arrival(hook: str, registration: Mapping[str, str]) -> Arrival:
    """Return the request for a hook's event, the same event however its webhook is registered."""
    rng = random.Random(hook)  # noqa: S311 - not for cryptography, and has to be repeatable
    event = payload(hook, rng=rng, now=NOW, account_id=DASH_ACCOUNT_ID)
    document = {
        "id": f"{rng.getrandbits(128):032x}",
        "name": hook,
        "uri": f"https://{DOMAIN}/{STAGE}/hooks/{hook}/{token_for(CALLBACK_SECRET, hook)}",
        **CATALOGUE[hook].registration(),
        **registration,
    }
    wire = _Wire()
    Sender(transport=wire, clock=lambda: NOW).deliver(Webhook.from_document(DASH_ACCOUNT_ID, document), event)
    return Arrival(wire.requests[0], f"/hooks/{hook}/{{token}}", NOW, rng)


def stranger() -> Arrival:
    """Return a request from a stranger who tries addresses."""
    request = Request("GET", f"https://{DOMAIN}/{STAGE}/.env", {}, b"")
    return Arrival(request, "/{proxy+}", NOW, random.Random("stranger"))  # noqa: S311 - not for cryptography


@dataclass(frozen=True)
class _Wire(Transport):
    """Records requests, and responds with success."""

    requests: list[Request] = field(default_factory=list)

    @override
    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(200, {}, b"")
