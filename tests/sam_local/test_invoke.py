"""`sam local invoke` with the files of events/, as a person types it."""

import os
import subprocess

import pytest

from devtools.local import ROOT
from devtools.samlocal.deliveries import invoke_file, problems_of
from devtools.samlocal.run import Ready
from devtools.sample_events import function_of
from devtools.stack import environment

NAMES = ("channel_destroy", "voicemail_full.get", "voicemail_new.form", "missed_call.base64", "missed_call.http-api")


@pytest.mark.parametrize("name", NAMES)
def test_event_files(ready: Ready, name: str) -> None:
    """The function answers 200, and the event is in the table."""
    delivery = invoke_file(ready.files, ready.stack.endpoint, name)
    assert problems_of(delivery, ready.items()) == []


def test_as_a_person_types_it(ready: Ready) -> None:
    """What the shell has of AWS does not get into the container: neither the credentials nor an address."""
    shell = {**environment(ready.stack.endpoint), "AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "else"}
    shell |= {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_STS": ready.stack.endpoint}
    files = ["-t", os.path.relpath(ready.files.template, ROOT), "-n", os.path.relpath(ready.files.variables, ROOT)]
    command = ["sam", "local", "invoke", function_of("parking"), "-e", "events/parking.json", *files]
    done = subprocess.run(  # noqa: S603 - the SAM CLI
        [*command, "--skip-pull-image"], cwd=ROOT, env=shell, capture_output=True, text=True, check=False, timeout=120
    )
    assert '"statusCode": 200' in done.stdout, done.stderr
