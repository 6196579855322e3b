"""The deliveries of `make sam-local`, what became of them, and what is wrong with that."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from devtools.local import DASH_ACCOUNT_ID
from devtools.outcome import Item
from devtools.samlocal.cli import invoke
from devtools.samlocal.files import Files
from devtools.sample_events import FOLDER, FORM, GET, JSON, function_of
from devtools.screen import Detail
from devtools.sending import Answer
from devtools.stack import Stack
from hookswitch.dash.hooks import CATALOGUE, HOOKS
from simulator.payloads import payload
from simulator.sender import Sender
from simulator.webhooks import Webhook

ENCODINGS = {"post json": JSON, "post form": FORM, "get": GET}
OK = 200
AT_ONCE = 3  # `sam local invoke` at a time: each is a Python, a Docker client and a container
VARIANTS = ("missed_call.base64", "missed_call.http-api", "voicemail_full.get", "channel_destroy.form")
UNSENDABLE = "malformed_url"


@dataclass(frozen=True)
class Delivery:
    """One delivery to a function in a container.

    Attributes:
        hook: Its hook.
        way: One of the encodings, or the event file that it was invoked with.
        answer: What came back; None if Dash can't send this event so.
        sent: The fields that were sent, empty where a file was.
    """

    hook: str
    way: str
    answer: Answer | None
    sent: Mapping[str, Any]

    @property
    def event_id(self) -> str:
        """The event id in the answer."""
        return self.answer.event_id if self.answer else ""


def post(base_url: str, deployed: Stack, hook: str, encoding: str) -> Delivery:
    """Send an event of a hook, with ids of its own, to `sam local start-api` as Dash would."""
    document = {
        "name": hook,
        "uri": base_url + deployed.path(hook),
        **ENCODINGS[encoding],
        **CATALOGUE[hook].registration(),
    }
    event = payload(hook)
    attempt = Sender().deliver(Webhook.from_document(DASH_ACCOUNT_ID, document), event)[-1]
    if (attempt.client_error or "").startswith(UNSENDABLE):
        return Delivery(hook, encoding, None, event)
    return Delivery(hook, encoding, Answer.of(attempt), event)


def post_all(base_url: str, deployed: Stack, detail: Detail) -> Iterator[Delivery]:
    """Send one event of each hook in each encoding."""
    for hook in HOOKS:
        for encoding in ENCODINGS:
            detail(f"{hook} by {encoding}")
            yield post(base_url, deployed, hook, encoding)


def invoke_file(files: Files, endpoint: str, name: str) -> Delivery:
    """Run a hook's function with an event file, named without its extension: `missed_call.base64`."""
    hook = name.partition(".")[0]
    event = FOLDER / f"{name}.json"
    invoked = invoke(files, endpoint, function_of(hook), event)
    body = _object(invoked.answer.get("body"))
    code = invoked.answer.get("statusCode")
    answer = Answer(
        code if isinstance(code, int) else None,
        str(body.get("status", "")),
        str(body.get("event_id", "")),
        invoked.seconds * 1000,
        invoked.text[-2000:],
    )
    return Delivery(hook, f"events/{event.name}", answer, {})


def invoke_all(files: Files, endpoint: str, detail: Detail) -> list[Delivery]:
    """Run every hook's function with its event file, and some with the rarer shapes."""
    names = (*HOOKS, *VARIANTS)

    def one(name: str) -> Delivery:
        detail(name)
        return invoke_file(files, endpoint, name)

    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        return list(pool.map(one, names))
    finally:
        pool.shutdown(cancel_futures=True)  # after a Ctrl-C none but those under way


def problems(deliveries: Sequence[Delivery], items: Mapping[str, Item]) -> list[str]:
    """Return everything that is wrong, a sentence each."""
    return [said for delivery in deliveries for said in problems_of(delivery, items)]


def problems_of(delivery: Delivery, items: Mapping[str, Item]) -> list[str]:
    """Return what is wrong with one delivery, a sentence each."""
    name, answer = f"{delivery.hook} by {delivery.way}", delivery.answer
    if answer is None:
        return []
    # The files of one hook hold one event, so the second file of a hook is a duplicate.
    if answer.code != OK or answer.status not in {"stored", "duplicate"}:
        return [f"{name} was answered {answer.code or 'nothing'}: {answer.text.strip()[-500:]}"]
    item = items.get(answer.event_id)
    if item is None:
        return [f"{name} is not in the table ({answer.event_id})."]
    said = [f"{name} is in the table as {item['hook']}."] if item["hook"] != delivery.hook else []
    # A form omits empty values.
    wanted = {field for field, value in delivery.sent.items() if value not in ({}, [])}
    if missing := wanted - item["payload"].keys():
        said.append(f"{name} lost these fields: {', '.join(sorted(missing))}.")
    return said


def _object(text: object) -> Mapping[str, Any]:
    try:
        value = json.loads(str(text))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
