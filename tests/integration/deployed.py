"""A stack of the real template that a test creates and deletes, and the Dash account that it serves."""

import fcntl
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from devtools import aws, stack
from devtools.adoption import with_table_name
from devtools.local import LOCAL, STACK_NAME, parameters
from devtools.waiting import wait_for
from simulator.api import DashApi
from simulator.dash import Account
from simulator.payloads import payload
from simulator.webhooks import Webhook
from tests.leaks import note_secrets

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackEventTypeDef, StackTypeDef

# Functions that wait less than on AWS.
IMPATIENT = {"DASH_READ_SECONDS": "1", "CALLBACK_SETTLE_SECONDS": "1", "CALLS_SETTLE_SECONDS": "2"}
CODE, TEMPLATES = "code", "templates"  # buckets
PACKAGE = LOCAL / "package-for-tests"
SEVEN = "channel_create,channel_answer,channel_bridge,channel_destroy,parking,missed_call,register"


def uploaded(endpoint: str) -> dict[str, Any]:
    """Upload the build to an emulator, once for all its stacks, and return the template that refers to it.

    SAM packages each build only once for all emulators, since that takes longer than anything else in creating a stack.
    """
    mark = stack.BUILD.with_name(f"{stack.BUILD.name}.sha256").read_text()
    stamp, objects = PACKAGE / "sha256", PACKAGE / "objects"
    bucket = _bucket(endpoint, CODE)
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "package-for-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != mark:
            shutil.rmtree(PACKAGE, ignore_errors=True)
            objects.mkdir(parents=True)
            stack.package(endpoint, CODE, PACKAGE)
            for found in bucket.list_objects_v2(Bucket=CODE)["Contents"]:
                bucket.download_file(CODE, found["Key"], str(objects / found["Key"]))
            stamp.write_text(mark)
        else:
            for file in objects.iterdir():
                bucket.upload_file(str(file), CODE, file.name)
        template: dict[str, Any] = json.loads((PACKAGE / "packaged.json").read_text())
    return template


def deploy(endpoint: str, overrides: Mapping[str, str]) -> stack.Stack:
    """Create the stack as `devtools.stack.deploy` does, from the package of all tests.

    Raises:
        StackError: It can't be created; the message has CloudFormation's reasons.
    """
    given = parameters() | {"CallbackSecretSourceArn": stack.callback_secret(endpoint)} | dict(overrides)
    client = aws.cloudformation(endpoint)
    client.create_stack(
        StackName=STACK_NAME,
        TemplateURL=_put(endpoint, STACK_NAME, uploaded(endpoint)),
        Parameters=cast("Any", _listed(given)),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    wait_for(
        lambda: not client.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["StackStatus"].endswith("_IN_PROGRESS"),
        "the stack is created",
        limit=300,
    )
    if reasons := stack.failures(endpoint, STACK_NAME):
        raise stack.StackError("The stack was not created:\n" + "\n".join(reasons))
    return stack.Stack(endpoint, STACK_NAME, stack.outputs(endpoint), given)


def _put(endpoint: str, name: str, template: Mapping[str, Any]) -> str:
    """Upload a template, which is too large for a request, and return its address."""
    _bucket(endpoint, TEMPLATES).put_object(Bucket=TEMPLATES, Key=name, Body=json.dumps(template).encode())
    return f"{endpoint}/{TEMPLATES}/{name}"


def _bucket(endpoint: str, name: str) -> Any:
    s3 = cast("Any", aws.SESSION).client("s3", endpoint_url=endpoint, config=aws.CONFIG)
    s3.create_bucket(Bucket=name)
    return s3


@dataclass
class Deployed:
    """A stack of the real template that serves one Dash account."""

    endpoint: str
    template: dict[str, Any]
    api: DashApi
    account: Account
    name: str
    client: "CloudFormationClient" = field(init=False)
    given: dict[str, str] = field(init=False)
    _second: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Prepare the parameters, and retain the log when the stack is deleted, because all logs are scanned."""
        self.template["Resources"]["LogGroup"]["DeletionPolicy"] = "Retain"
        self.client = aws.cloudformation(self.endpoint)
        self.given = parameters() | {
            "DashAccountId": self.account.id,
            "DashApiKey": self.account.api_key,
            "DashApiUrl": self.api.url,
            "CallbackSecretSourceArn": stack.callback_secret(self.endpoint),
            "Hooks": SEVEN,
        }
        if "ReconcileAtOnce" in self.template["Parameters"]:
            self.given["ReconcileAtOnce"] = "off"  # so that only what a test asks for is registered
        if "SendToDestinations" in self.template["Parameters"]:  # an older release's has none
            self.given["SendToDestinations"] = "off"  # it would start a function for each event that is published

    def create(self, **changed: str) -> str:
        """Create the stack and return its status."""
        self.given |= changed
        self.client.create_stack(**self._call())
        self._second = int(time.time())
        return self.status()

    def adopt(self, table: str, **changed: str) -> str:
        """Create the stack on a table that exists, by a change set, and return its status."""
        self.given |= changed | {"EventsTableName": table}
        call = self._call(with_table_name(self.template, table))
        made = self.client.create_change_set(
            **call, ChangeSetName="adopt", ChangeSetType="CREATE", ImportExistingResources=True
        )
        self.client.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"], WaiterConfig={"Delay": 1})
        self.client.execute_change_set(ChangeSetName=made["Id"])
        self._second = int(time.time())
        return self.status()

    def update(self, **changed: str) -> str:
        """Update the stack and return its status.

        SAM identifies deployments of an API by the second (`AlwaysDeploy`), so this waits for the next second.
        """
        call = self._call() | {"Parameters": _listed(self.given | changed)}
        wait_for(lambda: int(time.time()) > self._second, "the next second begins")
        self.client.update_stack(**call)
        self._second = int(time.time())
        status = self.status()
        if status == "UPDATE_COMPLETE":
            self.given |= changed
        return status

    def delete(self) -> str:
        """Delete the stack and return its status."""
        stack_id = self._described()["StackId"]
        note_secrets(self.endpoint)  # the stack's own are deleted with it
        self.client.delete_stack(StackName=self.name)
        return self.status(stack_id)

    def status(self, stack_id: str = "") -> str:
        """Return the stack's status once its operation has ended."""
        stack_id = stack_id or self.name

        def at_rest() -> str:
            status = self._described(stack_id)["StackStatus"]
            return "" if status.endswith("_IN_PROGRESS") else status

        return wait_for(at_rest, f"the stack {self.name} has finished", limit=300)

    @property
    def reasons(self) -> list[str]:
        """The reasons for failures in the stack's events, newest first."""
        return [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in self._events()
            if event["ResourceStatus"].endswith("_FAILED") and event["LogicalResourceId"] != self.name
        ]

    @property
    def begun(self) -> set[str]:
        """The logical ids in the stack's events: of all resources that it ever began to make."""
        return {event["LogicalResourceId"] for event in self._events()}

    @property
    def webhooks(self) -> list[Webhook]:
        """The account's webhooks."""
        return self.api.dash.webhooks(self.account.id)

    @property
    def hooks(self) -> list[str]:
        """The hooks of the account's webhooks that have this stack's name."""
        return sorted(webhook.uri.split("/")[-2] for webhook in self.webhooks if f" ({self.name} " in webhook.name)

    @property
    def resources(self) -> Mapping[str, str]:
        """The physical id of every resource by its logical id."""
        return stack.Stack(self.endpoint, self.name, {}, {}).resources

    def fire(self, hook: str) -> list[int | None]:
        """Fire an event, and return the status of the response to each webhook called."""
        firings = self.api.dash.fire(self.account.id, hook, payload(hook) | {"account_id": self.account.id})
        return [firing.attempts[-1].status for firing in firings]

    def _events(self) -> "list[StackEventTypeDef]":
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=self._described()["StackId"])
        return [event for page in pages for event in page["StackEvents"]]

    def _call(self, template: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {
            "StackName": self.name,
            "TemplateURL": _put(self.endpoint, self.name, template or self.template),
            "Parameters": _listed(self.given),
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        }

    def _described(self, stack_id: str = "") -> "StackTypeDef":
        try:
            return self.client.describe_stacks(StackName=stack_id or self.name)["Stacks"][0]
        except ClientError:
            stacks = self.client.get_paginator("list_stacks").paginate().build_full_result()["StackSummaries"]
            return cast("StackTypeDef", next(it for it in stacks if it["StackName"] == self.name))


def _listed(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
