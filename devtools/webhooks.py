"""`make webhooks` and `make rotate`: the webhooks of a stack on Dash, here or on AWS."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from devtools.errors import LaptopError
from devtools.local import STACK_FILE
from devtools.screen import cell, console, grid, say, step
from devtools.target import Target, told
from devtools.up import write
from hookswitch.callback.token import token_for
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Create, Delete, Plan, Update

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


def rotate_function(target: Target) -> str:
    """Return the name of the stack's rotation function."""
    return target.resources["Rotate"]


def desired(target: Target) -> Desired:
    """Return what the stack has registered, as its other functions know it."""
    functions: LambdaClient = target.client("lambda")
    variables = functions.get_function_configuration(FunctionName=rotate_function(target))["Environment"]
    return Desired.from_state(variables["Variables"]["DASH_WEBHOOKS"])


@dataclass(frozen=True)
class Registered:
    """The webhooks of a stack on Dash.

    Attributes:
        wanted: What the stack has registered.
        ownership: Which webhooks are the stack's.
        webhooks: Those on Dash.
        plan: What differs from the template.
    """

    wanted: Desired
    ownership: Ownership
    webhooks: list[dict[str, Any]]
    plan: Plan

    @classmethod
    def of(cls, target: Target) -> "Registered":
        """Return what is on Dash for a stack.

        Raises:
            HookswitchError: Dash can't be asked.
            ClientError, BotoCoreError: AWS can't be asked.
        """
        wanted = desired(target)
        ownership = Ownership.of(wanted)
        client = DashClient(wanted.api_url, credentials.parse(target.secret(wanted.credentials_arn)))
        webhooks = list_owned(client, wanted.account_id, ownership)
        documents = wanted.documents(target.secret(wanted.callback_secret_arn))
        return cls(wanted, ownership, webhooks, Plan.between(webhooks, documents, ownership))


def show(stack: str) -> bool:
    """Print what is registered on Dash for a stack, and return whether it matches the template.

    Raises:
        LaptopError: Dash or AWS cannot be asked.
    """
    with told():
        found = Registered.of(Target.find(stack))
    console.print(_table(found.webhooks, found.plan, found.ownership))
    for detail in _details(found.webhooks, found.plan, found.ownership):
        say(detail, style="yellow")
    addresses = sorted({_split(str(webhook.get("uri", "")))[0] for webhook in found.webhooks})
    say(
        f"{len(found.webhooks)} webhooks of {found.wanted.stack} on the Dash account {found.wanted.account_id}"
        f"{' call ' if addresses else ''}{' and '.join(addresses)}."
    )
    if found.plan:
        say("They differ from the template; the next deployment or reconciliation repairs them.", style="red")
    return not found.plan


def rotate(stack: str) -> bool:
    """Give a stack a new callback secret and its webhooks new tokens, and return whether that succeeded.

    Raises:
        LaptopError: The function can't be called.
    """
    target = Target.find(stack)
    with told(), step("Rotating the callback secret, which waits a minute until the functions know it"):
        functions: LambdaClient = target.client("lambda")
        answer = functions.invoke(FunctionName=rotate_function(target), Payload=b"{}")
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise LaptopError(str(said.get("errorMessage", "The rotation failed; see the function's log.")))
    if target.endpoint:
        _write_new_tokens(target)
    say(f"{len(said['webhooks'])} webhooks have new tokens.")
    return True


def _write_new_tokens(target: Target) -> None:
    """Update the callback URLs in the stack file."""
    where = json.loads(STACK_FILE.read_text())
    secret = target.secret(where["outputs"]["CallbackSecretArn"])
    where["hooks"] = {
        hook: f"{url.rpartition('/')[0]}/{token_for(secret, hook)}" for hook, url in where["hooks"].items()
    }
    write(STACK_FILE, where)


def masked(uri: str) -> str:
    """Return a callback's address without its token."""
    address, slash, token = uri.rpartition("/")
    return f"{address}/…" if slash and token else uri


def _table(webhooks: list[dict[str, Any]], plan: Plan, ownership: Ownership) -> Table:
    lines = grid()
    for name in ("hook", "path", "sent as", "tries", "state"):
        lines.add_column(name, overflow="fold", no_wrap=name == "hook")
    differing = _differing(plan)
    for webhook in sorted(webhooks, key=ownership.find_hook):
        lines.add_row(
            cell(ownership.find_hook(webhook) or "?"),
            cell(_split(str(webhook.get("uri", "")))[1] or "elsewhere"),
            cell(f"{webhook.get('http_verb', 'post')} {webhook.get('format', '')}"),
            cell(webhook.get("retries", 2)),
            _state(webhook, differing.get(str(webhook["id"]))),
        )
    for change in plan:
        if isinstance(change, Create):
            lines.add_row(change.hook, "", "", "", Text("missing", "red"))
    return lines


def _split(uri: str) -> tuple[str, str]:
    """Return the address of an API, and a callback's path below it without its token."""
    address, hooks, rest = masked(uri).partition("/hooks/")
    return (address, hooks + rest) if hooks else (masked(uri), "")


def _details(webhooks: list[dict[str, Any]], plan: Plan, ownership: Ownership) -> Iterator[str]:
    """Yield what is wrong with each webhook, a sentence each."""
    differing = _differing(plan)
    for webhook in sorted(webhooks, key=ownership.find_hook):
        hook, change = ownership.find_hook(webhook) or "?", differing.get(str(webhook["id"]))
        if webhook.get("enabled", True) is False:
            yield f"{hook} is off: {webhook.get('disable_reason') or 'switched off by hand'}."
        if isinstance(change, Delete):
            yield f"{hook} is registered but not wanted."
        elif change and (fields := [name for name in change.fields if name != "enabled"]):
            yield f"{hook} differs in {', '.join(fields)}."


def _differing(plan: Plan) -> dict[str, Update | Delete]:
    return {change.webhook_id: change for change in plan if not isinstance(change, Create)}


def _state(webhook: Mapping[str, Any], change: Update | Delete | None) -> Text:
    if webhook.get("enabled", True) is False:
        return Text("off", "red")
    if change is None:
        return Text("on", "green")
    return Text("unwanted" if isinstance(change, Delete) else "differs", "yellow")
