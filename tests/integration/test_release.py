"""A release is deployed from its two files, by the calls of the AWS CLI's commands, and works."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devtools import aws, emulator
from devtools.dash import simulator
from devtools.local import ACCESS_KEY, DASH_ACCOUNT_ID, DASH_API_KEY, REGION, ROOT, SECRET_KEY, STACK_NAME, architecture
from devtools.releasing.release import Release, write
from simulator.api import DashApi

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

type Run = Callable[[str], str]

BUCKET, FOLDER = "releases-of-an-office", "hookswitch/"
VERSION = "1.2.0"
PACKAGE = 5_000_000  # bytes, as in tests/built


@pytest.fixture(scope="module")
def release(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The files of a release for this machine."""
    return write(built, architecture(), VERSION, tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator of its own."""
    port = emulator.free_port()
    with emulator.running(port, tmp_path_factory.mktemp("emulator"), {}) as running:
        session: Any = aws.SESSION
        session.client("s3", endpoint_url=running.endpoint, config=aws.CONFIG).create_bucket(Bucket=BUCKET)
        yield running.endpoint


@pytest.fixture(scope="module")
def dash_api(endpoint: str) -> Iterator[DashApi]:
    """The Dash on which the stack registers its webhooks."""
    with DashApi(simulator(endpoint)) as api:
        yield api


def deploy(endpoint: str, release: Release, overrides: dict[str, str]) -> None:
    """Do what `aws s3 cp` and `aws cloudformation deploy --s3-bucket` do: other parameters keep their values."""
    session: Any = aws.SESSION
    s3 = session.client("s3", endpoint_url=endpoint, config=aws.CONFIG)
    for file in (release.archive, release.template):
        s3.upload_file(str(file), BUCKET, f"{FOLDER}{file.name}")
    client: Any = aws.cloudformation(endpoint)
    creates = not client.list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])["StackSummaries"]
    names = json.loads(release.template.read_text())["Parameters"].keys() - overrides.keys()
    made = client.create_change_set(
        StackName=STACK_NAME,
        ChangeSetName=f"awscli-cloudformation-package-deploy{int(time.time())}",
        ChangeSetType="CREATE" if creates else "UPDATE",
        TemplateURL=f"{endpoint}/{BUCKET}/{FOLDER}{release.template.name}",
        Parameters=[
            *({"ParameterKey": name, "ParameterValue": value} for name, value in overrides.items()),
            *({"ParameterKey": name, "UsePreviousValue": True} for name in names if not creates),
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    wait = {"Delay": 1, "MaxAttempts": 120}
    client.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"], WaiterConfig=wait)
    client.execute_change_set(ChangeSetName=made["Id"])
    waiter = client.get_waiter(f"stack_{'create' if creates else 'update'}_complete")
    waiter.wait(StackName=STACK_NAME, WaiterConfig=wait)


@pytest.fixture(scope="module")
def run(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run one of our commands about the stack, as from any checkout, and return what it prints."""
    config = tmp_path_factory.mktemp("home") / "hookswitch.toml"
    config.write_text("")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DASH_"))}
    chosen = {
        "HOOKSWITCH_CONFIG": str(config),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "CI": "true",
    }

    def command(name: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "devtools", name, "--stack", STACK_NAME],
            cwd=ROOT,
            env=kept | chosen,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "✗" not in done.stdout
        return done.stdout

    return command


def test_package_is_small(release: Release) -> None:
    """A cold start on a new machine fetches no more than with functions and layer apart."""
    assert release.archive.stat().st_size <= PACKAGE


def test_release_is_deployed_from_its_files(release: Release, endpoint: str, dash_api: DashApi, run: Run) -> None:
    """The stack registers its webhooks, stores and publishes a test delivery of each hook, and tells its version."""
    secret = aws.secretsmanager(endpoint).create_secret(Name="dash", SecretString=json.dumps({"api_key": DASH_API_KEY}))
    deploy(
        endpoint,
        release,
        {
            "CodeBucket": BUCKET,
            "CodePrefix": FOLDER,
            "DashAccountId": DASH_ACCOUNT_ID,
            "DashCredentialsArn": secret["ARN"],
            "DashApiUrl": dash_api.url,
        },
    )
    assert len(dash_api.dash.webhooks(DASH_ACCOUNT_ID)) == 14
    assert "It works." in run("doctor")
    assert VERSION in run("status")


def test_next_release(built: Path, endpoint: str, dash_api: DashApi, run: Run, tmp_path: Path) -> None:
    """It needs no parameter, runs its own code although the parameters stay, and leaves the webhooks alone."""
    functions = aws.lambda_(endpoint)
    webhooks = {webhook.id for webhook in dash_api.dash.webhooks(DASH_ACCOUNT_ID)}
    versions = _versions(functions)
    deploy(endpoint, write(built, architecture(), "1.3.0", tmp_path), {})
    assert {webhook.id for webhook in dash_api.dash.webhooks(DASH_ACCOUNT_ID)} == webhooks
    assert not versions & _versions(functions)
    assert "It works." in run("doctor")
    assert "1.3.0" in run("status")


def _versions(functions: "LambdaClient") -> set[tuple[str, str]]:
    """Return each hook's function with the version that the API calls."""
    names = [
        it["FunctionName"] for page in functions.get_paginator("list_functions").paginate() for it in page["Functions"]
    ]
    return {
        (name, alias["FunctionVersion"])
        for name in names
        for alias in functions.list_aliases(FunctionName=name)["Aliases"]
    }
