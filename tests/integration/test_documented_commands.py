"""The commands of README and docs do what the pages say: each runs here as it is copied, against the emulator."""

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from devtools import aws
from devtools import stack as stacks
from devtools.emulator import ADDRESS
from devtools.local import DASH_ACCOUNT_ID, DASH_API_KEY, LOCAL, REGION, ROOT, STACK_NAME, architecture
from devtools.releasing.release import write
from devtools.stack import Stack, path_for_sam
from simulator.dash import credentials_of
from simulator.payloads import payload
from tests.documents.commands import Block, blocks
from tests.integration.here import MINUTES, Here, begin

# What runs as a whole elsewhere, and where.
ELSEWHERE = {
    "make run": "builds where other tests read; its verdict is in tests/unit/devtools/test_outcome.py",
    "make deploy": "tests/integration/test_deploying.py::test_three_answers",
    'make deploy SET="RetentionDays=90 IncludeSubaccounts=true"': "tests/integration/test_deploying.py::test_update",
    'make deploy SET="OperationsEmail=operations@example.com"': "tests/integration/test_deploying.py::test_update",
    'make deploy SET="EventsTableName=hookswitch-EventsTable-1A2B3C4D5E6F7"': (
        "tests/integration/test_deploying.py::test_removal_and_deployment_over_the_old_table"
    ),
    "make release VERSION=1.2.0": "tests/integration/test_release.py::test_release_is_deployed_from_its_files",
    "git pull": "git's own",
}
# What fails at the end of a block, and what it says. The emulator has no message move tasks: that it refuses them shows
# that the AWS CLI accepts the command and sends it.
FAILS = {
    "^make status": "1 thing needs attention.",  # the quarantine: the page says that the command fails then
    "^aws sqs (start-message-move-task|list-message-move-tasks)": "InvalidAction",
    "CAPABILITY_AUTO_EXPAND$": "Parameter 'CodeBucket' has no Default",  # an upgrade of what was not executed before
}

ACCOUNT_NAME, USER_NAME, PASSWORD = "Acme", "desk", "secret"
# The events of the pages' examples, and one that is quarantined: it is another account's.
EVENTS: tuple[tuple[str, dict[str, object]], ...] = (
    (
        "missed_call",
        {
            "call_id": "af1e1e12f1bcf519a96f2235ab8eeec4@10.20.0.1",
            "timestamp": 63962663273,  # 2026-11-23
            "caller_id_number": "+15552340017",
        },
    ),
    ("register", {"username": "desk1", "realm": "acme.sip.example.com"}),
    ("missed_call", {"account_id": "f" * 32}),
    ("missed_call", {}),
)
EMPTY = '"Count": 0'


@dataclass(frozen=True)
class Reader:
    """Somebody who copies commands from the pages.

    Attributes:
        here: The machine.
        stack: The stack that the pages are about.
        environment: The variables of the shell.
    """

    here: Here
    stack: Stack
    environment: Mapping[str, str]

    def run(self, shell: str, text: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a text in a shell that stops at the first error."""
        return subprocess.run(  # noqa: S603 - what our own pages say
            [shell, "-euc", text],
            cwd=ROOT,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=MINUTES,
            check=False,
        )

    def adapted(self, block: Block, command: str) -> str:
        """Return a command with what exists here in place of the page's examples."""
        examples = {
            "docs/configuration.md": {
                "arn:aws:sns:us-east-1:123456789012:hookswitch-EventsTopic": self.stack.outputs["EventsTopicArn"]
            },
            "docs/deploying.md": {" hookswitch.toml ": f" {self.environment['HOME']}/copied.toml "},
            "docs/provisioning.md": {
                "https://public-api.virtualpbx.com:8443/v2": self.here.api.url,
                "STACK=hookswitch": "STACK=failed",
            },
            "docs/releases.md": {
                "-arm64": f"-{architecture()}",
                '"hookswitch-$VERSION': f'"{self.environment["HOME"]}/hookswitch-$VERSION',
                "--stack-name hookswitch": "--stack-name released --no-execute-changeset",  # see test_release.py
            },
            "docs/restore.md": {"hookswitch-EventsTable-1A2B3C4D5E6F7": self.stack.outputs["EventsTableName"]},
            "examples/missed_calls/README.md": {" --tail": ""},  # which ends only with Ctrl-C
        }
        for example, real in examples.get(block.page, {}).items():
            command = command.replace(example, real)
        return command

    def token(self) -> str:
        """Log a user in to Dash, and return the token."""
        data = {"credentials": credentials_of(USER_NAME, PASSWORD), "account_name": ACCOUNT_NAME}
        request = urllib.request.Request(  # noqa: S310 - the simulator's address
            f"{self.here.api.url}/user_auth", json.dumps({"data": data}).encode(), method="PUT"
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return str(json.load(answer)["auth_token"])


# What a command prints.
SAID = {
    "make doctor": "It works.",
    "make events": "missed_call",
    "make import": "not here",
    "make reconcile": "is recovered",
    "make replay": "quarantine",
    "aws iam create-policy": "hookswitch-deployer",
    "aws lambda invoke": '"StatusCode": 200',
    "aws lambda list-event-source-mappings": "Enabled",
    "sam remote invoke": "watermark",
}
# What is typed where a script asks, and what Dash answers.
ASKED: Mapping[str, tuple[Callable[[Reader], str], str]] = {
    "create-secret": (lambda _: json.dumps({"api_key": DASH_API_KEY}), ""),
    "/user_auth": (lambda _: f"{ACCOUNT_NAME}\n{USER_NAME}\n{PASSWORD}\n", DASH_ACCOUNT_ID),
    "/api_key": (lambda reader: f"{DASH_ACCOUNT_ID}\n{reader.token()}\n", DASH_API_KEY),
}


@pytest.fixture(scope="module")
def reader(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader with a stack that has the events that the pages' examples ask for, and nothing that needs installing."""
    home = tmp_path_factory.mktemp("home")
    quick = {"CALLBACK_SETTLE_SECONDS": "1", "DASH_READ_SECONDS": "1"}
    with begin(home, tmp_path_factory.mktemp("emulator"), quick) as here:
        for version in ("1.2.0", "1.3.0"):
            write(built, architecture(), version, home)
        deployed = stacks.deploy(here.endpoint, overrides={"DashApiUrl": here.api.url, "ReconcileRate": "off"})
        account = here.api.dash.accounts[DASH_ACCOUNT_ID]
        account.name = ACCOUNT_NAME
        account.add_user(USER_NAME, PASSWORD)
        for hook, example in EVENTS:
            here.api.dash.fire(DASH_ACCOUNT_ID, hook, payload(hook) | example)
        action = {"event_id": "action-example", "kind": "action", "timeline_key": "2026-11-26", "feed": "actions"}
        aws.dynamodb(here.endpoint).put_item(
            TableName=deployed.outputs["EventsTableName"], Item={name: {"S": value} for name, value in action.items()}
        )
        environment = {
            **here.environment,
            "CI": "true",
            "AWS_DEFAULT_REGION": REGION,  # the AWS CLI 1 and sam do not read AWS_REGION
            "STACK": STACK_NAME,  # not one that `make up` has left running on this machine
            "DASH_ACCOUNT_ID": DASH_ACCOUNT_ID,
            "DASH_API_KEY": DASH_API_KEY,
            "NO_PROXY": ADDRESS,
            "no_proxy": ADDRESS,
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.2",
            "PATH": os.pathsep.join([str(programs(home)), path_for_sam(here.environment["PATH"])]),
        }
        yield Reader(here, deployed, environment)


def programs(home: Path) -> Path:
    """Return a folder with the AWS CLI, and with a make that installs nothing."""
    folder = home / "bin"
    folder.mkdir()
    stamps = re.findall(r":= (\.local/\w+\.stamp)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for name, command in {
        # For SQS, version 1 goes past AWS_ENDPOINT_URL to the address that the service had before.
        "aws": f'"{LOCAL}/awscli/bin/aws" --endpoint-url "$AWS_ENDPOINT_URL"',
        "make": f"make {' '.join(f'--old-file={stamp}' for stamp in stamps)}",
    }.items():
        (folder / name).write_text(f'#!/bin/sh\nPATH="${{PATH#*:}}" exec {command} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def test_what_runs_elsewhere_exists() -> None:
    """Tests that are named exist, and each named command is still in a page."""
    commands = {one for block in blocks() for one in block.commands}
    assert commands >= ELSEWHERE.keys()
    for place in re.findall(r"tests/[\w/]+\.py(?:::\w+)?", str(ELSEWHERE)):
        path, _, function = place.partition("::")
        assert f"def {function}" in (ROOT / path).read_text()


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.name)
def test_block(reader: Reader, block: Block) -> None:
    """All commands of a block succeed, one after the other, in one shell."""
    commands = [reader.adapted(block, one) for one in block.commands if one not in ELSEWHERE]
    typed, answered = next((asked for path, asked in ASKED.items() if path in block.text), (lambda _: "", ""))
    done = reader.run(block.shell, "\n".join(commands), typed(reader))
    shown = f"{done.stdout}\n{done.stderr}"
    last = commands[-1] if commands else ""
    failure = next((said for pattern, said in FAILS.items() if re.search(pattern, last)), "")
    assert (done.returncode != 0) == bool(failure), shown
    expected = {said for start, said in SAID.items() if any(start in command for command in commands)}
    assert all(said in shown for said in {failure, answered, *expected}), shown
    assert EMPTY not in done.stdout, shown


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("webhooks", "missed_call"),
        ("rotate", "15 webhooks have new tokens."),
        ("events HOOK=missed_call SINCE=7d", "Missed call from"),
    ],
)
def test_make(reader: Reader, command: str, said: str) -> None:
    """So do those that pages name in a sentence only."""
    done = reader.run("sh", f"make {command}")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert said in done.stdout


def test_build_without_make(reader: Reader, tmp_path: Path) -> None:
    """`sam build`, here of one function, and `python3.13 devtools/bytecode.py` make functions with bytecode."""
    options = f"--build-dir {tmp_path}/build --cache-dir {tmp_path}/cache"
    done = reader.run("sh", f"sam build MissedCall {options}\npython3.13 devtools/bytecode.py {tmp_path}/build")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert list((tmp_path / "build" / "MissedCall").rglob("*.pyc"))
