"""The stack that a command is about: on AWS, or the one that is up on this machine."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from devtools import choices
from devtools.errors import LaptopError
from devtools.local import ACCESS_KEY, SECRET_KEY, STACK_FILE
from hookswitch.errors import HookswitchError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackTypeDef

WAIT = 320  # seconds; a little more than the slowest function may take
CREDENTIALS = (
    "No AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "or run `aws configure`."
)
REGION = 'No AWS Region is set. Set AWS_REGION, or put region = "us-east-1" into hookswitch.toml.'


@dataclass(frozen=True)
class Target:
    """A stack, and how to reach it.

    Attributes:
        session: With credentials and Region.
        endpoint: The address of the emulator of `make up`; None on AWS.
        stack: The stack's name.
    """

    session: boto3.Session
    endpoint: str | None
    stack: str

    @classmethod
    def find(cls, stack: str) -> "Target":
        """Return a stack on AWS by its name; without a name the one that is up here, or else the configured one.

        Raises:
            LaptopError: There is no such AWS profile, or `hookswitch.toml` is invalid.
        """
        return cls.on_aws(stack) if stack or not _is_up() else cls._up_here()

    @classmethod
    def on_aws(cls, stack: str = "") -> "Target":
        """Return a stack on AWS by its name, or else the configured one.

        Raises:
            LaptopError: As for `find`.
        """
        chosen = choices.load()
        region = chosen.region or os.environ.get("AWS_REGION")  # boto3 itself reads AWS_DEFAULT_REGION only
        try:
            return cls(boto3.Session(region_name=region), None, stack or chosen.stack)
        except ProfileNotFound as error:
            raise LaptopError(f"{error}. Choose another AWS_PROFILE, or create it with `aws configure`.") from error

    @classmethod
    def _up_here(cls) -> "Target":
        where = json.loads(STACK_FILE.read_text())
        session = boto3.Session(
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=where["region"]
        )
        return cls(session, where["aws_endpoint"], where["stack_name"])

    def client(self, service: str) -> Any:
        """Return a client that waits as long as the slowest function takes, and does not call it a second time."""
        proxies: Mapping[str, Any] = {"proxies": {}} if self.endpoint else {}
        attempts = 1 if service == "lambda" else 5
        config = Config(read_timeout=WAIT, retries={"total_max_attempts": attempts}, **proxies)
        session: Any = self.session
        return session.client(service, endpoint_url=self.endpoint, config=config)

    @property
    def is_emulated(self) -> bool:
        """Whether an emulator stands for AWS: that of `make up`, or the one that AWS_ENDPOINT_URL names."""
        return str(self.client("cloudformation").meta.endpoint_url).startswith("http://")

    @property
    def argument(self) -> str:
        """What to add to another command so that it is about the same stack: nothing, or ` STACK=<name>`."""
        return "" if self.endpoint or self.stack == choices.load().stack else f" STACK={self.stack}"

    def description(self) -> "StackTypeDef | None":
        """Return the stack as CloudFormation describes it; None if there is none of that name."""
        client: CloudFormationClient = self.client("cloudformation")
        try:
            return client.describe_stacks(StackName=self.stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    @cached_property
    def described(self) -> "StackTypeDef":
        """The stack as CloudFormation describes it.

        Raises:
            LaptopError: There is no stack of that name.
        """
        found = self.description()
        if found is None:
            where = self.session.region_name
            raise LaptopError(
                f"There is no stack {self.stack} in {where}. Deploy it with `make deploy`, name another one with "
                "STACK=..., or start one on this machine with `make up`."
            )
        return found

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.described.get("Outputs", [])}

    def output(self, name: str) -> str:
        """Return an output of the stack.

        Raises:
            LaptopError: It has none of that name: it is another application's, or was never deployed completely.
        """
        if name not in self.outputs:
            raise LaptopError(
                f"The stack {self.stack} has no output {name}; its status is {self.described['StackStatus']}. "
                f"Deploy it with `make deploy{self.argument}`, or name another one with STACK=..."
            )
        return self.outputs[name]

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The stack's parameters; secret ones are masked."""
        return {
            parameter["ParameterKey"]: parameter.get("ParameterValue", "")
            for parameter in self.described.get("Parameters", [])
        }

    @cached_property
    def resources(self) -> Mapping[str, str]:
        """The physical id of every resource by its logical id."""
        client: CloudFormationClient = self.client("cloudformation")
        pages = client.get_paginator("list_stack_resources").paginate(StackName=self.described["StackName"])
        return {
            summary["LogicalResourceId"]: summary.get("PhysicalResourceId", "")
            for page in pages
            for summary in page["StackResourceSummaries"]
        }

    def secret(self, secret_arn: str) -> str:
        """Return the current version of a secret."""
        return str(self.client("secretsmanager").get_secret_value(SecretId=secret_arn)["SecretString"])


@contextmanager
def told() -> Iterator[None]:
    """Tell what AWS or Dash answered as a sentence for the person in front of it.

    Raises:
        LaptopError: Whatever AWS or Dash raised within the block.
    """
    try:
        yield
    except NoCredentialsError as error:
        raise LaptopError(CREDENTIALS) from error
    except NoRegionError as error:
        raise LaptopError(REGION) from error
    except EndpointConnectionError as error:
        raise LaptopError(f"{error} Check the network, the Region and AWS_ENDPOINT_URL.") from error
    except ClientError as error:
        raise LaptopError(_sentence(error)) from error
    except (HookswitchError, BotoCoreError) as error:
        raise LaptopError(str(error)) from error


def _sentence(error: ClientError) -> str:
    code, said = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    match code:
        case "ExpiredToken" | "ExpiredTokenException" | "RequestExpired":
            return "Your AWS session has expired. Sign in again, for example with `aws sso login`."
        case "InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch" | "AuthFailure":
            return f"AWS does not accept your credentials: {said}"
        case "AccessDenied" | "AccessDeniedException" | "AuthorizationError":
            return f"Your AWS credentials lack a permission: {said}"
    return f"AWS refused {error.operation_name}: {said}"


def _is_up() -> bool:
    if not STACK_FILE.exists():
        return False
    from devtools.up import Up  # noqa: PLC0415 - only where it may be needed

    return Up.load() is not None
