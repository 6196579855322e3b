"""Somebody at a machine: an emulator and a Dash of their own, and the settings that lead commands to them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pexpect

from devtools import aws, emulator
from devtools.dash import simulator
from devtools.local import ACCESS_KEY, REGION, ROOT, SECRET_KEY, STACK_NAME, architecture
from simulator.api import DashApi

COLUMNS = 80
MINUTES = 10 * 60  # seconds; what takes longer hangs
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
OWN = ("AWS_", "DASH_", "CI", "MAKE", "MFLAGS")  # variables of this machine that must not change what a command does


@dataclass
class Here:
    """An emulator, a Dash, and the user's settings."""

    endpoint: str
    api: DashApi
    environment: Mapping[str, str]

    def command(self, *words: str) -> list[str]:
        """Return a command line, as the Makefile has it."""
        return [sys.executable, "-m", "devtools", *words]

    def run(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a command where nobody can be asked, as in a pipeline."""
        return subprocess.run(  # noqa: S603 - our own program
            self.command(*words),
            cwd=ROOT,
            env={**self.environment, "CI": "true", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MINUTES,
            check=False,
        )

    def talk(self, *words: str, answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
        """Run a command at a terminal of 80 columns and answer its questions; return its exit code and its screen."""
        program, *arguments = self.command(*words)
        child = pexpect.spawn(
            program,
            arguments,
            cwd=str(ROOT),
            env=cast("Any", {**self.environment, "TERM": "xterm"}),
            dimensions=(60, COLUMNS),
            timeout=MINUTES,
            encoding="utf-8",
        )
        screen = []
        for question, answer in answers:
            child.expect_exact(question)
            screen.append(child.before or "")
            child.sendline(answer)
        child.expect(pexpect.EOF)
        screen.append(child.before or "")
        child.close()
        return child.exitstatus or 0, ESCAPE.sub("", "".join(screen))

    @property
    def stacks(self) -> list[str]:
        """The names of the stacks that exist, but for that of SAM's bucket."""
        found = aws.cloudformation(self.endpoint).describe_stacks()["Stacks"]
        return [stack["StackName"] for stack in found if not stack["StackName"].startswith("aws-sam-cli")]

    @property
    def table(self) -> str:
        """The name of the stack's table."""
        (found,) = [
            output["OutputValue"]
            for stack in aws.cloudformation(self.endpoint).describe_stacks(StackName=STACK_NAME)["Stacks"]
            for output in stack["Outputs"]
            if output["OutputKey"] == "EventsTableName"
        ]
        return str(found)

    def items(self, table: str) -> list[str]:
        """Return the keys of a table's items."""
        pages = aws.dynamodb(self.endpoint).get_paginator("scan").paginate(TableName=table)
        return [item["event_id"]["S"] for page in pages for item in page["Items"]]


@contextmanager
def begin(home: Path, logs: Path, environment: Mapping[str, str] | None = None) -> Iterator[Here]:
    """Start an emulator and a Dash, and write the settings of a user.

    Args:
        home: The user's home, a folder that is empty.
        logs: For what the emulator writes.
        environment: More variables for the functions.
    """
    port, config = emulator.free_port(), home / "hookswitch.toml"
    endpoint = emulator.endpoint(port)
    with emulator.running(port, logs, environment), DashApi(simulator(endpoint)) as api:
        parameters = f'DashApiUrl = "{api.url}"\nArchitecture = "{architecture()}"\n'
        config.write_text(f'[parameters]\n{parameters}[tags]\nproject = "phones"\n')
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
        chosen = {
            "HOME": str(home),
            "HOOKSWITCH_CONFIG": str(config),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "COLUMNS": str(COLUMNS),
        }
        yield Here(endpoint, api, {**kept, **chosen})
