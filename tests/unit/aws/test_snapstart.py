"""A hook function that is started from a snapshot: what the snapshot holds, and what each copy does by itself.

Lambda's part is played in a fresh process: it imports the handler, runs the hooks before the snapshot, forks for each
copy, and runs the hooks after the restore. AWS and the endpoint of the function's credentials are on loopback.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from devtools.local import REGION, ROOT
from hookswitch.callback.token import token_for
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.receiving import rest_event

SECRET = "the-callback-secret-of-these-tests"
PROOF = "what the credentials are asked for with"
COPIES = 2

# snapshot_restore_py as Lambda's runtime has it (aws/snapshot-restore-py): functions with their arguments, in order.
RUNTIME_HOOKS = """
before, after = [], []
def register_before_snapshot(function, *args, **kwargs):
    before.append((function, args, kwargs))
    return function
def register_after_restore(function, *args, **kwargs):
    after.append((function, args, kwargs))
    return function
"""

LAMBDA = """
import json, os, random, sys
from functions.hooks.missed_call import handler
from hookswitch.aws import connection
import snapshot_restore_py as hooks

task = json.load(sys.stdin)
class Context:
    function_name = function_version = invoked_function_arn = aws_request_id = "function"
    memory_limit_in_mb = 512

for function, args, kwargs in reversed(hooks.before):
    function(*args, **kwargs)
open_files = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if int(name) > 2 and
              os.path.exists(f"/proc/self/fd/{name}")]
loaded, chance = set(sys.modules), random.getstate()
found = {
    "sockets": [name for name in open_files if name.startswith("socket:")],
    "authorities": connection.tls_context.cache_info().currsize,
    "copies": [],
}
for number in range(task["copies"]):
    reading, writing = os.pipe()
    if os.fork() == 0:
        random.setstate(chance)  # a fork seeds it anew, which a restore does not
        for function, args, kwargs in hooks.after:
            function(*args, **kwargs)
        drawn = random.random()
        answers = [handler.handler(event, Context)["statusCode"] for event in task["events"][number]]
        late = sorted(set(sys.modules) - loaded)
        with os.fdopen(writing, "w") as pipe:
            json.dump({"chance": drawn, "answers": answers, "late": late}, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        found["copies"].append(json.load(pipe))
    os.wait()
json.dump(found, sys.stderr)
"""


@dataclass
class Cloud:
    """AWS, and the endpoint of credentials: what was asked, in its order."""

    url: str = ""
    credentials: list[str] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """Both on loopback."""
    cloud = Cloud()

    def hand_out_credentials(request: Request) -> Response:
        cloud.credentials.append(request.headers["Authorization"])
        found = {
            "AccessKeyId": f"ASIACOPY{len(cloud.credentials)}",
            "SecretAccessKey": "a key",
            "Token": "a token",
            "Expiration": "2099-01-01T00:00:00Z",
        }
        return Response(json.dumps(found))

    def serve(request: Request) -> Response:
        cloud.calls.append({name.lower(): value for name, value in request.headers.items()})
        reads = request.headers["X-Amz-Target"].endswith("GetSecretValue")
        return Response(json.dumps({"SecretString": SECRET} if reads else {}))

    with HTTPServer() as server:
        server.expect_request("/credentials").respond_with_handler(hand_out_credentials)
        server.expect_request("/", method="POST").respond_with_handler(serve)
        cloud.url = server.url_for("").rstrip("/")
        yield cloud


@pytest.fixture(scope="module")
def run(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was found before the snapshot, and in each copy, which gets two deliveries."""
    runtime = tmp_path_factory.mktemp("runtime")
    (runtime / "snapshot_restore_py.py").write_text(RUNTIME_HOOKS)
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", LAMBDA],
        input=json.dumps(
            {"copies": COPIES, "events": [[event(copy, of) for of in range(2)] for copy in range(COPIES)]}
        ),
        env={
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join([str(runtime), str(ROOT), str(ROOT / "layers" / "hookswitch")]),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{cloud.url}/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": PROOF,
            "AWS_ENDPOINT_URL": cloud.url,
            "EVENTS_TABLE": "events",
            "CALLBACK_SECRET_ARN": "callback",
            "REDRIVE_QUEUE_URL": "queue",
            "DASH_ACCOUNT_ID": DEFAULT_ACCOUNT_ID,
            "INCLUDE_SUBACCOUNTS": "false",
            "HOOKS": "missed_call",
            "RETENTION_DAYS": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stderr)
    return found


def event(*number: int) -> dict[str, Any]:
    """Return a delivery as the API hands it over."""
    body = payload("missed_call") | {"call_id": f"call-{number}"}
    return rest_event(json.dumps(body), pathParameters={"token": token_for(SECRET, "missed_call")})


def test_snapshot_holds_nothing_of_its_own(run: dict[str, Any], cloud: Cloud) -> None:
    """No connection is open, and every copy asks for credentials and for the secret itself: none had been read."""
    assert run["sockets"] == []
    assert cloud.credentials == [PROOF] * COPIES
    reads = [call for call in cloud.calls if call["x-amz-target"].endswith("GetSecretValue")]
    assert len(reads) == COPIES


def test_copies_receive(run: dict[str, Any], cloud: Cloud) -> None:
    """Each stores its deliveries, with the credentials that it was given, and its own proof of them."""
    assert [copy["answers"] for copy in run["copies"]] == [[200, 200]] * COPIES
    puts = [call["authorization"] for call in cloud.calls if call["x-amz-target"].endswith("PutItem")]
    assert len(puts) == 2 * COPIES
    assert len({line.partition("Credential=")[2].partition("/")[0] for line in puts}) == COPIES
    assert all(call["x-amz-security-token"] == "a token" for call in cloud.calls)


def test_copies_do_not_share_their_chance(run: dict[str, Any]) -> None:
    """Else all would wait the same time for a retry."""
    assert len({copy["chance"] for copy in run["copies"]}) == COPIES


def test_no_copy_waits_for_what_is_the_same_for_all(run: dict[str, Any]) -> None:
    """All that a delivery needs was loaded before the snapshot: modules, and the certificate authorities."""
    assert run["authorities"] == 1
    for copy in run["copies"]:
        assert copy["late"] == []
