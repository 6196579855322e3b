"""Builds the template with `sam build`, and deploys it to the emulator with `sam deploy`."""

import contextlib
import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, WaiterError

from devtools import aws
from devtools.bytecode import add_bytecode
from devtools.errors import LaptopError
from devtools.local import (
    ACCESS_KEY,
    CALLBACK_SECRET,
    LOCAL,
    REGION,
    ROOT,
    SECRET_KEY,
    STACK_NAME,
    TEMPLATE,
    architecture,
    parameters,
)
from devtools.processes import CommandError, run, shown
from hookswitch.callback.token import token_for

BUILD = LOCAL / "build"
SAM = LOCAL / "sam" / "bin" / "sam"
SAM_VERSION = ROOT / "requirements" / "sam.txt"
SOURCE_OF_BYTECODE = Path(__file__).with_name("bytecode.py")
PARTS = ("functions", "layers", "operations")  # of a checkout, beside its template
CONFIG = Path(__file__).with_name("samconfig.toml")

OnLine = Callable[[str], None]


class StackError(LaptopError):
    """The stack can't be built, deployed or deleted."""


@dataclass(frozen=True)
class Stack:
    """A deployed stack.

    Attributes:
        endpoint: The emulator's address.
        name: The stack's name.
        outputs: Every output of the template.
        parameters: The parameters that it was deployed with.
    """

    endpoint: str
    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def path(self, hook: str) -> str:
        """Return a callback's path within the API, with the hook's token."""
        return f"/hooks/{hook}/{token_for(CALLBACK_SECRET, hook)}"

    def public_url(self, hook: str) -> str:
        """Return the callback URL to register on Dash."""
        return self.outputs["ApiUrl"].rstrip("/") + self.path(hook)

    @property
    def local_api_url(self) -> str:
        """The API's local address: its public name points to AWS, not to the emulator."""
        public = urlsplit(self.outputs["ApiUrl"])
        api_id = (public.hostname or "").partition(".")[0]
        return f"{self.endpoint}/_aws/execute-api/{api_id}{public.path.rstrip('/')}"

    def url(self, hook: str) -> str:
        """Return the callback URL at the API's local address."""
        return self.local_api_url + self.path(hook)

    @cached_property
    def resources(self) -> Mapping[str, str]:
        """The physical id of every resource by its logical id."""
        pages = aws.cloudformation(self.endpoint).get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {
            summary["LogicalResourceId"]: summary.get("PhysicalResourceId", "")
            for page in pages
            for summary in page["StackResourceSummaries"]
        }


def build(
    template: Path = TEMPLATE,
    *,
    directory: Path = BUILD,
    bytecode: bool = True,
    machine: str = "",
    on_line: OnLine | None = None,
) -> Path:
    """Build functions and layers, with bytecode, and return the path of the built template.

    What has not changed since the last build is not built again.

    Args:
        template: The template to build.
        directory: Where to.
        bytecode: Whether to compile the modules.
        machine: The architecture, as the template names it; empty for this machine's own, as the emulator needs it.
        on_line: Called with each line that sam prints.

    Raises:
        StackError: The template is missing or can't be built; the message has sam's error.
    """
    if not machine and sys.platform != "linux":
        raise StackError(
            "The emulator runs functions on the computer itself, and they are built for Linux: "
            "use Linux, WSL, or a Linux virtual machine."
        )
    if not template.exists():
        raise StackError(f"{shown(template)} does not exist.")
    log = LOCAL / "sam-build.log"
    chosen = machine or architecture()
    mark, stamp = fingerprint(template, chosen, str(bytecode)), directory.with_name(f"{directory.name}.sha256")
    built = directory / "template.yaml"
    command = [
        *sam("build"),
        "--template-file",
        str(template),
        "--build-dir",
        str(directory),
        "--cache-dir",
        str(directory.with_name(f"{directory.name}-cache")),
        "--parameter-overrides",
        f"Architecture={chosen}",
    ]
    with _alone():
        if built.exists() and stamp.exists() and stamp.read_text() == mark:
            return built
        stamp.unlink(missing_ok=True)
        try:
            run(command, environment=environment(), log=log, on_line=on_line)
        except CommandError as error:
            raise StackError(explain("sam build", error.output, log)) from error
        if bytecode:
            add_bytecode(directory)
        stamp.write_text(mark)
    return built


def fingerprint(template: Path, *more: str) -> str:
    """Return a hash of all that a build is made of; what has not changed need not be built again."""
    root = template.parent
    files = [template, SOURCE_OF_BYTECODE, SAM_VERSION, *(file for part in PARTS for file in (root / part).rglob("*"))]
    found = sha256("\0".join(more).encode())
    for file in sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts):
        found.update(f"\0{file}\0".encode())
        found.update(file.read_bytes())
    return found.hexdigest()


def deploy(
    endpoint: str,
    stack_name: str = STACK_NAME,
    overrides: Mapping[str, str] | None = None,
    *,
    template: Path = BUILD / "template.yaml",
    on_line: OnLine | None = None,
) -> Stack:
    """Create or update a stack of the built template on the emulator.

    Args:
        endpoint: The emulator's address.
        stack_name: The stack's name.
        overrides: Template parameters that differ from those of `local.parameters`.
        template: The built template.
        on_line: Called with each line that sam prints.

    Raises:
        StackError: The stack can't be deployed; the message has CloudFormation's reasons.
    """
    given = {**parameters(), "CallbackSecretSourceArn": callback_secret(endpoint), **(overrides or {})}
    log = LOCAL / f"sam-deploy-{stack_name}.log"
    command = [
        *sam("deploy"),
        "--template-file",
        str(template),
        "--stack-name",
        stack_name,
        "--region",
        REGION,
        "--parameter-overrides",
        *[f"{name}={value}" for name, value in given.items()],
    ]
    with _alone():
        try:
            run(command, environment=environment(endpoint), log=log, on_line=on_line)
        except CommandError as error:
            reasons = failures(endpoint, stack_name)
            raise StackError(
                f"The stack {stack_name} was not deployed. CloudFormation's reasons:\n" + "\n".join(reasons)
                if reasons
                else explain("sam deploy", error.output, log)
            ) from error
    return Stack(endpoint, stack_name, outputs(endpoint, stack_name), given)


def callback_secret(endpoint: str, value: str = CALLBACK_SECRET, name: str = "callback-secret-to-copy") -> str:
    """Keep a callback secret on the emulator, from which stacks copy theirs, and return its ARN."""
    client = aws.secretsmanager(endpoint)
    try:
        return client.create_secret(Name=name, SecretString=value)["ARN"]
    except client.exceptions.ResourceExistsException:
        return client.put_secret_value(SecretId=name, SecretString=value)["ARN"]


def package(endpoint: str, bucket: str, directory: Path, *, template: Path = BUILD / "template.yaml") -> Path:
    """Upload the build to a bucket of the emulator, and return the template that refers to it.

    Raises:
        StackError: It can't be uploaded.
    """
    packaged = directory / "packaged.json"
    command = [
        *sam("package"),
        "--template-file",
        str(template),
        "--s3-bucket",
        bucket,
        "--region",
        REGION,
        "--use-json",
        "--output-template-file",
        str(packaged),
    ]
    log = LOCAL / "sam-package.log"
    with _alone():
        try:
            run(command, environment=environment(endpoint), log=log)
        except CommandError as error:
            raise StackError(explain("sam package", error.output, log)) from error
    return packaged


def update(deployed: Stack, overrides: Mapping[str, str]) -> Stack:
    """Change parameters of a stack; its template and all other parameters stay.

    Raises:
        StackError: It can't be updated; the message has CloudFormation's reasons.
    """
    client = aws.cloudformation(deployed.endpoint)
    given = {**deployed.parameters, **overrides}
    client.update_stack(
        StackName=deployed.name,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    try:
        client.get_waiter("stack_update_complete").wait(
            StackName=deployed.name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
    except WaiterError as error:
        reasons = failures(deployed.endpoint, deployed.name) or [str(error)]
        raise StackError(f"The stack {deployed.name} was not updated:\n" + "\n".join(reasons)) from error
    return Stack(deployed.endpoint, deployed.name, outputs(deployed.endpoint, deployed.name), given)


def delete(endpoint: str, stack_name: str = STACK_NAME) -> None:
    """Delete a stack, and wait until it is deleted.

    Raises:
        StackError: A resource can't be deleted.
    """
    client = aws.cloudformation(endpoint)
    client.delete_stack(StackName=stack_name)
    try:
        client.get_waiter("stack_delete_complete").wait(
            StackName=stack_name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
    except WaiterError as error:
        reasons = failures(endpoint, stack_name) or [str(error)]
        raise StackError(f"The stack {stack_name} was not deleted:\n" + "\n".join(reasons)) from error


def outputs(endpoint: str, stack_name: str = STACK_NAME) -> dict[str, str]:
    """Return all outputs of a stack."""
    stacks = aws.cloudformation(endpoint).describe_stacks(StackName=stack_name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}


def failures(endpoint: str, stack_name: str) -> list[str]:
    """Return the failures of the stack's last operation, the cause first."""
    try:
        pages = aws.cloudformation(endpoint).get_paginator("describe_stack_events").paginate(StackName=stack_name)
        events = [event for page in pages for event in page["StackEvents"]]
    except ClientError:
        return []  # the stack does not exist: not even its change set could be created
    return [
        f"- {event['LogicalResourceId']} ({event.get('ResourceType', 'unknown type')}): "
        f"{event.get('ResourceStatusReason', 'no reason given')}"
        for event in sorted(events, key=lambda event: event["Timestamp"])
        if event.get("ResourceStatus", "").endswith("_FAILED")
    ]


def validate(template: Path = TEMPLATE) -> str:
    """Check the template with `sam validate --lint`; return what it printed.

    Raises:
        CommandError: The template has errors, which are in the message.
    """
    command = [*sam("validate"), "--lint", "--template-file", str(template), "--region", REGION]
    return run(command, environment=environment(), log=LOCAL / "sam-validate.log")


def sam(command: str) -> list[str]:
    """Return the beginning of a command line of the SAM CLI.

    Raises:
        StackError: It is not installed.
    """
    if not SAM.exists():
        raise StackError("The SAM CLI is not installed. Run `make setup` first.")
    return [str(SAM), command, "--config-file", str(CONFIG)]


def environment(endpoint: str | None = None) -> dict[str, str]:
    """Return the environment for sam, without the user's AWS settings, so it can never reach a real account."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SAM_CLI_", "PYTHON", "VIRTUAL_ENV"))
    }
    direct = ",".join(["127.0.0.1", "localhost", *([urlsplit(endpoint).hostname or ""] if endpoint else [])])
    return {
        **kept,
        "PATH": path_for_sam(kept.get("PATH", os.defpath)),
        "NO_PROXY": direct,
        "no_proxy": direct,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}),
    }


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other command of this checkout builds, or uploads a build."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def path_for_sam(path: str) -> str:
    """Return a PATH with the python3.13 and the pip for sam's builds in front."""
    return os.pathsep.join([str(LOCAL / "dev" / "bin"), str(SAM.parent), path])


def explain(command: str, output: str, log: Path) -> str:
    """Return an error message with sam's own reason, from its output."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    start = next((at for at, line in enumerate(lines) if line.lstrip().startswith(("Error:", "Build Failed"))), None)
    reason = lines[start:] if start is not None else lines[-15:]
    return f"`{command}` failed; its full output is in {shown(log)}. Its reason:\n" + "\n".join(reason)
