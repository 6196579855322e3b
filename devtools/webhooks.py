"""`make webhooks` and `make rotate`: the webhooks of a stack on Dash, here or on AWS."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from devtools.errors import LaptopError
from devtools.local import ACCESS_KEY, SECRET_KEY, STACK_FILE
from devtools.screen import cell, console, say, step
from devtools.up import Up, write
from hookswitch.callback.token import token_for
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.errors import HookswitchError
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Create, Delete, Plan, Update

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_secretsmanager import SecretsManagerClient

ROTATION_SECONDS = 320  # a little more than the function may take


@dataclass(frozen=True)
class Place:
    """Where a stack is: on the emulator of `make up`, or on AWS.

    Attributes:
        session: With credentials and region.
        endpoint: Of the emulator, or None.
        stack: The stack's name.
    """

    session: boto3.Session
    endpoint: str | None
    stack: str

    @classmethod
    def find(cls, stack: str) -> "Place":
        """Return the place of a stack on AWS, or of the one that is up here if none is named.

        Raises:
            LaptopError: None is named, and nothing is up.
        """
        if stack:
            return cls(boto3.Session(), None, stack)
        if Up.load() is None or not STACK_FILE.exists():
            raise LaptopError("Nothing is up. Start it with `make up`, or name a stack on AWS: STACK=hookswitch.")
        where = json.loads(STACK_FILE.read_text())
        session = boto3.Session(
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=where["region"]
        )
        return cls(session, where["aws_endpoint"], where["stack_name"])

    def client(self, service: str) -> Any:
        """Return a client that waits as long as a rotation takes, and does not start a second one."""
        proxies: Mapping[str, Any] = {"proxies": {}} if self.endpoint else {}
        config = Config(read_timeout=ROTATION_SECONDS, retries={"total_max_attempts": 1}, **proxies)
        session: Any = self.session
        return session.client(service, endpoint_url=self.endpoint, config=config)

    def rotate_function(self) -> str:
        """Return the name of the stack's rotation function."""
        cloudformation: CloudFormationClient = self.client("cloudformation")
        detail = cloudformation.describe_stack_resource(StackName=self.stack, LogicalResourceId="Rotate")
        return detail["StackResourceDetail"]["PhysicalResourceId"]

    def desired(self) -> Desired:
        """Return what the stack has registered, as its other functions know it."""
        functions: LambdaClient = self.client("lambda")
        variables = functions.get_function_configuration(FunctionName=self.rotate_function())["Environment"]
        return Desired.from_state(variables["Variables"]["DASH_WEBHOOKS"])

    def secret(self, secret_arn: str) -> str:
        """Return the current version of a secret."""
        secrets: SecretsManagerClient = self.client("secretsmanager")
        return secrets.get_secret_value(SecretId=secret_arn)["SecretString"]


def show(stack: str) -> bool:
    """Print what is registered on Dash for a stack, and return whether it matches the template.

    Raises:
        LaptopError: Dash or AWS cannot be asked.
    """
    try:
        place = Place.find(stack)
        desired = place.desired()
        ownership = Ownership.of(desired)
        client = DashClient(desired.api_url, credentials.parse(place.secret(desired.credentials_arn)))
        webhooks = list_owned(client, desired.account_id, ownership)
        plan = Plan.between(webhooks, desired.documents(place.secret(desired.callback_secret_arn)), ownership)
    except (HookswitchError, ClientError, BotoCoreError) as error:
        raise LaptopError(str(error)) from error
    console.print(_table(webhooks, plan, ownership))
    say(f"{len(webhooks)} webhooks of {desired.stack} on the Dash account {desired.account_id}.")
    if plan:
        say("They differ from the template; the next deployment or reconciliation repairs them.", style="red")
    return not plan


def rotate(stack: str) -> bool:
    """Give a stack a new callback secret and its webhooks new tokens, and return whether that succeeded.

    Raises:
        LaptopError: The function can't be called.
    """
    try:
        place = Place.find(stack)
        functions: LambdaClient = place.client("lambda")
        with step("Rotating the callback secret, which waits a minute until the functions know it"):
            answer = functions.invoke(FunctionName=place.rotate_function(), Payload=b"{}")
    except (ClientError, BotoCoreError) as error:
        raise LaptopError(str(error)) from error
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise LaptopError(str(said.get("errorMessage", "The rotation failed; see the function's log.")))
    if place.endpoint:
        _write_new_tokens(place)
    say(f"{len(said['webhooks'])} webhooks have new tokens.")
    return True


def _write_new_tokens(place: Place) -> None:
    """Update the callback URLs in the stack file."""
    where = json.loads(STACK_FILE.read_text())
    secret = place.secret(where["outputs"]["CallbackSecretArn"])
    where["hooks"] = {
        hook: f"{url.rpartition('/')[0]}/{token_for(secret, hook)}" for hook, url in where["hooks"].items()
    }
    write(STACK_FILE, where)


def masked(uri: str) -> str:
    """Return a callback's address without its token."""
    address, slash, token = uri.rpartition("/")
    return f"{address}/…" if slash and token else uri


def _table(webhooks: list[dict[str, Any]], plan: Plan, ownership: Ownership) -> Table:
    lines = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("hook", "address", "verb", "format", "retries", "state"):
        lines.add_column(name, overflow="fold")
    differing = {change.webhook_id: change for change in plan if not isinstance(change, Create)}
    for webhook in sorted(webhooks, key=ownership.find_hook):
        lines.add_row(
            cell(ownership.find_hook(webhook) or "?"),
            cell(masked(str(webhook.get("uri", "")))),
            cell(webhook.get("http_verb", "post")),
            cell(webhook.get("format", "-")),
            cell(webhook.get("retries", 2)),
            _state(webhook, differing.get(str(webhook["id"]))),
        )
    for change in plan:
        if isinstance(change, Create):
            lines.add_row(change.hook, "", "", "", "", Text("missing", "red"))
    return lines


def _state(webhook: Mapping[str, Any], change: Update | Delete | None) -> Text:
    if webhook.get("enabled", True) is False:
        return cell(f"off: {webhook.get('disable_reason') or 'switched off by hand'}", "red")
    if change is None:
        return Text("on", "green")
    wrong = "not wanted" if isinstance(change, Delete) else f"differs in {', '.join(change.fields)}"
    return cell(f"on, {wrong}", "yellow")
