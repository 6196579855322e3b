"""Stand-ins for what provisioning talks to besides Dash: Secrets Manager and CloudFormation."""

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from pytest_httpserver import HTTPServer
from werkzeug import Request as HttpRequest
from werkzeug import Response

from hookswitch.cloudformation.custom_resource import Request
from simulator.confidential import note
from simulator.dash import DEFAULT_API_KEY
from simulator.payloads import DEFAULT_ACCOUNT_ID

ACCOUNT = DEFAULT_ACCOUNT_ID
OTHER_ACCOUNT = "b" * 32
CREDENTIALS = "arn:aws:secretsmanager:us-east-1:111111111111:secret:dash"
CALLBACK = "arn:aws:secretsmanager:us-east-1:111111111111:secret:callback"
SECRET = "the callback secret of these tests, 0123456789"
HOOKS = "channel_create,parking,missed_call"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def properties(stack: str = "phones", region: str = "us-east-1", **changed: str) -> dict[str, str]:
    """Return the custom resource's properties as CloudFormation hands them over."""
    return {
        "ServiceToken": "arn:aws:lambda:us-east-1:111111111111:function:provision",
        "StackId": f"arn:aws:cloudformation:{region}:111111111111:stack/{stack}/0a1b2c3d",
        "AccountId": ACCOUNT,
        "ApiUrl": "http://127.0.0.1:1/v2",
        "CredentialsArn": CREDENTIALS,
        "CallbackSecretArn": CALLBACK,
        "ApiAddress": f"https://{stack}.execute-api.{region}.amazonaws.com/v1",
        "CallbackBaseUrl": "",
        "Hooks": HOOKS,
        "ReconcileAtOnce": "off",  # so that only what a test asks for is registered
        "HttpVerb": "post",
        "PayloadFormat": "json",
        "Retries": "3",
        "IncludeSubaccounts": "false",
        "IncludeInternalLegs": "true",
        "CustomData": "",
        "NamePrefix": "Hookswitch",
        "Deployment": "d1",
        **changed,
    }


def request(
    kind: str, new: Mapping[str, Any], old: Mapping[str, Any] | None = None, physical_id: str = "", seconds: float = 60
) -> Request:
    """Return a request of CloudFormation with some seconds to work, and as many to clean up."""
    now = time.monotonic()
    return Request(kind, physical_id, new, old or {}, now + seconds, now + 2 * seconds)  # type: ignore[arg-type]


def event(kind: str, url: str, new: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return the same as the Lambda function gets it."""
    return {
        "RequestType": kind,
        "ResponseURL": url,
        "StackId": new["StackId"],
        "RequestId": "a-request",
        "LogicalResourceId": "Webhooks",
        "ResourceType": "Custom::DashWebhooks",
        "ResourceProperties": dict(new),
        **more,
    }


def environment(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the provision function of a stack with these properties has."""
    return {
        "STACK_ID": properties["StackId"],
        "DASH_API_URL": properties["ApiUrl"],
        "DASH_CREDENTIALS_ARN": properties["CredentialsArn"],
        "CALLBACK_SECRET_ARN": properties["CallbackSecretArn"],
        "CALLBACK_BASE_URL": properties["CallbackBaseUrl"],
        "STAGE_NAME": "v1",
        "URL_SUFFIX": "amazonaws.com",
    }


@dataclass
class Secrets:
    """Secrets Manager, as far as it is used: versions by secret and id, labels, and when a secret was changed."""

    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    stages: dict[str, dict[str, str]] = field(default_factory=dict)
    changed: dict[str, datetime] = field(default_factory=dict)

    def put(self, secret: str, text: str, version: str = "", changed: datetime = LONG_AGO) -> None:
        """Make a new current version; the one before becomes the previous."""
        note(text, "secret")
        version = version or f"{secret}-{len(self.versions.get(secret, {}))}"
        self.versions.setdefault(secret, {})[version] = text
        self._promote(secret, version)
        self.changed[secret] = changed

    def drop(self, secret: str) -> None:
        """Delete a secret."""
        for part in (self.versions, self.stages, self.changed):
            part.pop(secret, None)

    def current(self, secret: str) -> str:
        """Return the current version's text."""
        return self.versions[secret][self.stages[secret]["AWSCURRENT"]]

    def get_secret_value(self, SecretId: str, VersionStage: str = "", VersionId: str = "") -> dict[str, Any]:
        """Answer as Secrets Manager."""
        version = VersionId or self.stages.get(SecretId, {}).get(VersionStage or "AWSCURRENT", "")
        if version not in self.versions.get(SecretId, {}):
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")
        return {"SecretString": self.versions[SecretId][version], "VersionId": version}

    def describe_secret(self, SecretId: str) -> dict[str, Any]:
        """Answer as Secrets Manager."""
        return {"LastChangedDate": self.changed[SecretId]}

    def get_random_password(self, PasswordLength: int, ExcludePunctuation: bool) -> dict[str, str]:
        """Answer as Secrets Manager."""
        assert ExcludePunctuation
        return {"RandomPassword": f"{time.monotonic_ns():0{PasswordLength}}"}

    def put_secret_value(
        self,
        SecretId: str,
        ClientRequestToken: str,
        SecretString: str,
        VersionStages: list[str],
    ) -> None:
        """Answer as Secrets Manager."""
        self.versions[SecretId][ClientRequestToken] = note(SecretString, "secret")
        for stage in VersionStages:
            self.stages[SecretId][stage] = ClientRequestToken

    def update_secret_version_stage(
        self,
        SecretId: str,
        VersionStage: str,
        MoveToVersionId: str,
        RemoveFromVersionId: str,
    ) -> None:
        """Answer as Secrets Manager."""
        if self.stages[SecretId][VersionStage] != RemoveFromVersionId:
            raise ClientError({"Error": {"Code": "InvalidParameterException"}}, "UpdateSecretVersionStage")
        self._promote(SecretId, MoveToVersionId)
        self.changed[SecretId] = datetime.now(UTC)

    def _promote(self, secret: str, version: str) -> None:
        stages = self.stages.setdefault(secret, {})
        if "AWSCURRENT" in stages:
            stages["AWSPREVIOUS"] = stages["AWSCURRENT"]
        stages["AWSCURRENT"] = version


def usual_secrets() -> Secrets:
    """Return the two secrets of a stack."""
    secrets = Secrets()
    secrets.put(CREDENTIALS, json.dumps({"api_key": DEFAULT_API_KEY}))
    secrets.put(CALLBACK, SECRET)
    return secrets


@dataclass
class Stacks:
    """CloudFormation's API, as far as it is used."""

    status: str = "CREATE_IN_PROGRESS"
    away: bool = False
    api: str = ""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        """Answer as CloudFormation."""
        return {"Stacks": [{"StackName": StackName, "StackStatus": self.status}]}

    def describe_stack_resource(self, StackName: str, LogicalResourceId: str) -> dict[str, Any]:
        """Answer as CloudFormation: unless set, the API of a stack has the stack's name for its id."""
        assert LogicalResourceId == "Api"
        if self.away:
            raise ClientError({"Error": {"Code": "Throttling"}}, "DescribeStackResource")
        return {"StackResourceDetail": {"PhysicalResourceId": self.api or StackName.split("/")[1]}}


@dataclass
class Context:
    """Lambda's context."""

    seconds: float = 60.0
    function_name: str = "provision"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:111111111111:function:provision"
    aws_request_id: str = "request"
    log_group_name: str = "the-log-group"

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left at the start."""
        return int(self.seconds * 1000)


class Answers:
    """Where CloudFormation waits for answers: `answers.url` takes them, `answers.all` has them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.all: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.content_types: list[str | None] = []
        self.refuse = 0
        self.arrived = threading.Event()

    @property
    def only(self) -> dict[str, Any]:
        """The one answer there is."""
        (answer,) = self.all
        return answer


logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its access log has the whole address


@contextmanager
def answering() -> Iterator[Answers]:
    """Serve the address that CloudFormation gives out."""
    with HTTPServer() as server:
        answers = Answers(server.url_for("/stack?X-Amz-Signature=a-signature"))

        def take(request: HttpRequest) -> Response:
            if answers.refuse:
                answers.refuse -= 1
                return Response(status=503)
            answers.all.append(json.loads(request.data))
            answers.sizes.append(len(request.data))
            answers.content_types.append(request.headers.get("content-type"))
            answers.arrived.set()
            return Response()

        server.expect_request("/stack", method="PUT").respond_with_handler(take)
        yield answers
