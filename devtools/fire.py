"""`make fire`: sends events to the stack that is up, as Dash would."""

import json

from devtools.errors import LaptopError
from devtools.local import STACK_FILE
from devtools.screen import say
from devtools.up import Up
from hookswitch.dash.hooks import CATALOGUE, HOOKS
from simulator.attempts import Attempt
from simulator.payloads import payload
from simulator.sender import Sender
from simulator.webhooks import Webhook


def fire(hook: str, verb: str, body_format: str, count: int) -> bool:
    """Send `count` events of a hook, print each answer, and return whether Dash would take all for success."""
    if hook not in HOOKS:
        said = f"There is no hook {hook!r}." if hook else "Which hook? Such as `make fire HOOK=missed_call`."
        raise LaptopError(f"{said} The hooks are: {', '.join(HOOKS)}.")
    if Up.load() is None or not STACK_FILE.exists():
        raise LaptopError("Nothing is up. Start it with `make up`.")
    where = json.loads(STACK_FILE.read_text())
    webhook = Webhook.from_document(
        where["dash"]["account_id"],
        {
            "name": "make fire",
            "uri": where["hooks"][hook],
            "http_verb": verb,
            "format": body_format,
            **CATALOGUE[hook].registration(),
        },
    )
    sender = Sender()
    satisfied = True
    for _ in range(count):
        attempt = sender.deliver(webhook, payload(hook))[-1]
        satisfied = satisfied and attempt.delivered
        say(_describe(attempt))
    return satisfied


def _describe(attempt: Attempt) -> str:
    if attempt.status:
        answer = attempt.resp_body.decode(errors="replace")
        return f"{attempt.status}  {attempt.duration_ms:6.0f} ms  {answer}"
    if (attempt.client_error or "").startswith("malformed_url"):
        return "Not sent: this event has nested fields, which Dash cannot put into the URL of a GET."
    return f"No answer: {attempt.client_error}"
