"""A release is deployed from its two files, by the calls of the AWS CLI's commands, and works."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devtools import aws, emulator
from devtools.dash import simulator
from devtools.local import ACCESS_KEY, DASH_ACCOUNT_ID, DASH_API_KEY, REGION, ROOT, SECRET_KEY, STACK_NAME, architecture
from devtools.releasing.release import Release, write
from simulator.api import DashApi

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
        yield running.endpoint


@pytest.fixture(scope="module")
def dash_api(endpoint: str) -> Iterator[DashApi]:
    """The Dash on which the stack registers its webhooks."""
    with DashApi(simulator(endpoint)) as api:
        yield api


def deploy(endpoint: str, release: Release, overrides: dict[str, str]) -> None:
    """Do what `aws s3 cp` and `aws cloudformation deploy --s3-bucket` do."""
    session: Any = aws.SESSION
    s3 = session.client("s3", endpoint_url=endpoint, config=aws.CONFIG)
    s3.create_bucket(Bucket=BUCKET)
    for file in (release.archive, release.template):
        s3.upload_file(str(file), BUCKET, f"{FOLDER}{file.name}")
    client = aws.cloudformation(endpoint)
    made = client.create_change_set(
        StackName=STACK_NAME,
        ChangeSetName="awscli-cloudformation-package-deploy",
        ChangeSetType="CREATE",
        TemplateURL=f"{endpoint}/{BUCKET}/{FOLDER}{release.template.name}",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in overrides.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    wait = {"Delay": 1, "MaxAttempts": 120}
    client.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"], WaiterConfig=wait)  # type: ignore[arg-type]
    client.execute_change_set(ChangeSetName=made["Id"])
    client.get_waiter("stack_create_complete").wait(StackName=STACK_NAME, WaiterConfig=wait)  # type: ignore[arg-type]


def test_package_is_small(release: Release) -> None:
    """A cold start on a new machine fetches no more than with functions and layer apart."""
    assert release.archive.stat().st_size <= PACKAGE


def test_release_is_deployed_from_its_files(release: Release, endpoint: str, dash_api: DashApi, tmp_path: Path) -> None:
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
    assert len(dash_api.dash.webhooks(DASH_ACCOUNT_ID)) == 13
    config = tmp_path / "hookswitch.toml"
    config.write_text("")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DASH_"))} | {
        "HOOKSWITCH_CONFIG": str(config),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "CI": "true",
    }
    for command, said in (("doctor", "It works."), ("status", VERSION)):
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "devtools", command, "--stack", STACK_NAME],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert said in done.stdout
        assert "✗" not in done.stdout
