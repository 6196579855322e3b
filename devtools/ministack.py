"""MiniStack with AWS's behaviour of IAM: the program that `emulator` starts, in the emulator's own environment.

With AUTH=true, MiniStack enforces policies. This module corrects the differences from AWS, in IAM and in reading the
template, so that the template needs no exception for the emulator:

- A batch is allowed by the action for a single message: PublishBatch by sns:Publish, SendMessageBatch by
  sqs:SendMessage (service authorization reference of SNS and of SQS). MiniStack requires separate actions.
- `aws:PrincipalArn` of a function is the ARN of its role (IAM, "Global condition context keys"). MiniStack uses the
  session's ARN.
- Calls to DynamoDB Streams are about the stream that they name (service authorization reference of DynamoDB).
  MiniStack requires permission for all resources.
- A call about a change set that its ARN names is about that one (service authorization reference of CloudFormation).
  MiniStack requires permission for all resources.
- `dynamodb:LeadingKeys` are the keys of a call's items (DynamoDB, "Using IAM policy conditions for fine-grained access
  control"). MiniStack does not support this condition key.
- `kms:EncryptionContextKeys` are the names in a call's encryption context (AWS KMS, "Condition keys for AWS KMS").
  MiniStack does not support this one either.
- A queue's `MaximumConcurrency` may be a parameter of the template, whose value is text in CloudFormation. MiniStack
  compares it with numbers as it is, which ends its reading of all queues.
- A media type in an API's `BinaryMediaTypes` has `~1` instead of the slash (CloudFormation, AWS::ApiGateway::RestApi).
  MiniStack compares it literally, so it matches no request.
- An OpenAPI path's `x-amazon-apigateway-any-method` is the method ANY of that resource (API Gateway, "OpenAPI
  extensions"). MiniStack ignores it.
- An ID token that is issued for a refresh token has the user's groups (Cognito, "The identity (ID) token"). MiniStack's
  has none.
- Environments of functions can start at the same moment. In MiniStack each registers a session, for which it looks
  through those of all others; if one is added meanwhile, the start fails, and ends all environments of the function.
- `aws:SecureTransport` is true, though the emulator uses plain HTTP, unless X-Forwarded-Proto says http.

On AWS, a function does not take processor time from the services that it calls. Here they share the processor, and
fifty functions that start at the same time would keep the services from responding within two seconds, the timeout of
the functions' clients. So functions run at a lower priority than the services.

On AWS, all environments of a function share one image of its code and layer. MiniStack extracts both for every
environment, and each then compiles them, which took more processor time than everything else that functions do. So
each archive is extracted only once.

Nor does the start of an environment take processor time from others on AWS. Here it took half a second, nearly all for
importing packages, and a run of the tests starts hundreds. So environments are forked from a process that has imported
the packages of their layer; see `environments`. Each still imports its function and hookswitch by itself.

It records the permissions that roles used in the file IAM_TRAIL: one line of JSON for each role, action and resource.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any, ClassVar, override
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import apigateway_v1, cognito, dynamodb_streams, lambda_svc, sts

SESSION = re.compile(r"arn:(?P<partition>[a-z-]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/.+")
ENVIRONMENTS = Path(__file__).with_name("environments.py")
FUNCTION_NICENESS = 5  # a third of a service's weight, so that functions still start under load
ANY_METHOD = "x-amazon-apigateway-any-method"
BATCH = re.compile(r"(?P<single>sns:Publish|sqs:(Send|Delete)Message|sqs:ChangeMessageVisibility)Batch")

_plain = ContextVar("plain", default=False)
_leading_keys = ContextVar[list[str] | None]("leading_keys", default=None)
_context_keys = ContextVar[list[str] | None]("context_keys", default=None)
_serve = app.app
_action_of = iam_actions.extract_iam_action
_resource_of = iam_actions.extract_resource_arn
_condition_key = iam_evaluator._resolve_condition_key  # noqa: SLF001 - there is no public interface
_pin_origin = app.pin_request_origin
_enforce = iam_evaluator.enforce
_import_operation = apigateway_v1._import_operation  # noqa: SLF001 - there is no public interface
_concurrency = lambda_svc._sqs_esm_concurrency  # noqa: SLF001 - there is no public interface
_token = cognito._fake_token  # noqa: SLF001 - there is no public interface
_is_binary = apigateway_v1._media_type_matches  # noqa: SLF001 - there is no public interface
_register_session = sts.register_session
_registering = Lock()


def role_of(principal: str) -> str:
    """Return the ARN of the role whose session a principal is, or the principal itself."""
    found = SESSION.fullmatch(principal)
    return "arn:{partition}:iam::{account}:role/{role}".format_map(found.groupdict()) if found else principal


async def serve(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    """Serve a request, and remember whether its headers say that it came without TLS."""
    _plain.set(dict(scope.get("headers", ())).get(b"x-forwarded-proto") == b"http")
    await _serve(scope, receive, send)


def pin_origin(address: str, _: object) -> None:
    """Treat a request as one over TLS, unless its headers say otherwise."""
    _pin_origin(address, not _plain.get())


def action_of(*request: Any) -> str | None:
    """Return the IAM action that a request requires."""
    action: str | None = _action_of(*request)
    batch = BATCH.fullmatch(action or "")
    return batch["single"] if batch else action


def resource_of(service: str, *request: Any) -> str:
    """Return the ARN of the resource that a request is about, or `*`; remember which items it is about."""
    _leading_keys.set(leading_keys(request[3]) if service == "dynamodb" else None)
    *_, body, _, _, _ = request
    _context_keys.set([*json.loads(body or b"{}").get("EncryptionContext", {})] if service == "kms" else None)
    if service != "dynamodbstreams":
        resource: str = _resource_of(service, *request)
        change_set = (
            parse_qs((body or b"").decode()).get("ChangeSetName", [""])[0] if service == "cloudformation" else ""
        )
        return change_set if resource == "*" and change_set.startswith("arn:") else resource
    asked = json.loads(body or b"{}")
    iterator = dynamodb_streams._decode_iterator(asked.get("ShardIterator", "")) or {}  # noqa: SLF001 - there is no public reader
    return str(asked.get("StreamArn") or iterator.get("arn") or "*")


def leading_keys(body: bytes) -> list[str] | None:
    """Return the keys of the items in a call to DynamoDB; None if it has none, like a query."""
    asked = json.loads(body or b"{}")
    item = asked.get("Key") or asked.get("Item")
    if not isinstance(item, dict):
        return None
    key = "owner" if {"owner", "sort"} <= item.keys() else "event_id"  # the keys of the template's two tables
    return [item[key]["S"]] if key in item else None


def condition_key(key: str, context: Any) -> Any:
    """Return the value of a condition key in a request."""
    if key.lower() == "dynamodb:leadingkeys":
        return _leading_keys.get()
    if key.lower() == "kms:encryptioncontextkeys":
        return _context_keys.get()
    found = _condition_key(key, context)
    return role_of(found) if key.lower() == "aws:principalarn" else found


def import_operation(api: str, resource: str, method: str, *definition: Any) -> None:
    """Import a method of an OpenAPI path, or the one for any method."""
    _import_operation(api, resource, "ANY" if method.lower() == ANY_METHOD else method, *definition)


def concurrency(mapping: MutableMapping[str, Any], *about: Any) -> int:
    """Return how many batches of a queue may be with a function at the same time."""
    scaling = mapping.get("ScalingConfig") or {}
    if "MaximumConcurrency" in scaling:
        mapping["ScalingConfig"] = {**scaling, "MaximumConcurrency": int(scaling["MaximumConcurrency"])}
    limit: int = _concurrency(mapping, *about)
    return limit


def token(sub: str, pool_id: str, client_id: str, kind: str = "access", username: str = "", **more: Any) -> str:
    """Make a token, with the groups of its user."""
    pool = cognito._get_pool_unscoped(pool_id)  # noqa: SLF001 - there is no public reader
    if pool and not more.get("groups"):
        more["groups"] = pool["_users"].get(username, {}).get("_groups", [])
    return str(_token(sub, pool_id, client_id, kind, username, **more))


def register_session(access_key: str, session: dict[str, Any]) -> None:
    """Register a role's session: one at a time, since others are looked through for what has expired."""
    with _registering:
        _register_session(access_key, session)


def is_binary(media_type: str | None, binary_media_types: Sequence[str] | None) -> bool:
    """Tell whether an API passes on bodies of a media type as bytes."""
    return bool(_is_binary(media_type, [written.replace("~1", "/") for written in binary_media_types or ()]))


class FunctionProcess(subprocess.Popen[str]):
    """The process of a function without a layer, with a lower priority than the services."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        os.setpriority(os.PRIO_PROCESS, self.pid, FUNCTION_NICENESS)


class Origin:
    """The process that the environments of functions with the same layers are forked from; see `environments`."""

    _known: ClassVar[dict[tuple[str, ...], "Origin"]] = {}
    _starting: ClassVar[Lock] = Lock()

    def __init__(self, layers: Sequence[str]) -> None:
        self._asking = Lock()
        self._control, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            subprocess.Popen(  # it ends with the socket
                [sys.executable, "-P", str(ENVIRONMENTS), str(there.fileno()), *layers],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
            )

    @classmethod
    def of(cls, layers: tuple[str, ...]) -> "Origin":
        """Return the process for some layers; it is started only once."""
        with cls._starting:
            if layers not in cls._known:
                cls._known[layers] = cls(layers)
            return cls._known[layers]

    def fork(self, asked: Mapping[str, Any], standard: Sequence[int]) -> tuple[int, int]:
        """Have a process run a script; return its id, and a file descriptor that stands for it."""
        with self._asking:
            socket.send_fds(self._control, [json.dumps(asked).encode()], standard)
            said, (stands_for,), _, _ = socket.recv_fds(self._control, 32, 1)
        return int(said), stands_for


class ForkedFunction:
    """The process of a function that was forked: it does what MiniStack expects of `subprocess.Popen`."""

    def __init__(self, origin: Origin, script: str, folder: str, environment: Mapping[str, str]) -> None:
        (read, stdin), (stdout, write), (stderr, complain) = os.pipe(), os.pipe(), os.pipe()
        self.stdin = os.fdopen(stdin, "w", buffering=1)
        self.stdout, self.stderr = os.fdopen(stdout), os.fdopen(stderr)
        asked = {"script": script, "folder": folder, "environment": environment, "niceness": FUNCTION_NICENESS}
        try:
            self.pid, self._stands_for = origin.fork(asked, [read, write, complain])
        finally:
            for theirs in (read, write, complain):
                os.close(theirs)
        self._ended = select.poll()
        self._ended.register(self._stands_for, select.POLLIN)

    def __del__(self) -> None:
        """Forget the process."""
        os.close(self._stands_for)

    def poll(self) -> int | None:
        """Return 0 if it has ended, and None if it runs."""
        return 0 if self._ended.poll(0) else None

    def wait(self, timeout: float) -> int:
        """Wait until it has ended.

        Raises:
            subprocess.TimeoutExpired: It still runs.
        """
        if not self._ended.poll(timeout * 1000):
            raise subprocess.TimeoutExpired("a function", timeout)
        return 0

    def terminate(self) -> None:
        """Ask it to end."""
        signal.pidfd_send_signal(self._stands_for, signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        signal.pidfd_send_signal(self._stands_for, signal.SIGKILL)


def start_function(command: Sequence[str], *, env: Mapping[str, str], cwd: str, **options: Any) -> Any:
    """Start the process of a function, as MiniStack asks `subprocess.Popen` to."""
    named = env.get("_LAMBDA_LAYERS_DIRS", "")
    layers = tuple(str(Path(layer, "python").resolve()) for layer in named.split(os.pathsep) if layer)
    if not layers:
        return FunctionProcess(command, env=env, cwd=cwd, **options)
    _, script = command
    return ForkedFunction(Origin.of(layers), script, cwd, env)


class SharedArchive(zipfile.ZipFile):
    """The code of a function or a layer; environments get links to files that they share."""

    _extracting = Lock()

    @override
    def namelist(self) -> list[str]:
        """Return nothing: MiniStack checks these for unsafe paths, which `extractall` does not follow anyway."""
        return []

    @override
    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Extract everything, or link to the files of an archive with the same content that was extracted before."""
        contents = repr([(member.filename, member.CRC) for member in self.infolist()])
        shared = Path(tempfile.gettempdir(), f"archive-{sha256(contents.encode()).hexdigest()}")
        with self._extracting:
            if not shared.exists():
                unfinished = shared.with_suffix(".unfinished")
                super().extractall(unfinished, members or super().namelist(), pwd)
                unfinished.rename(shared)
        for file in shared.iterdir():
            Path(path, file.name).symlink_to(file)


class Trail:
    """Records the permissions that roles used, each of them once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: set[tuple[str, str, str]] = set()
        file.write_text("")

    def enforce(self, access_key: str, action: str, service: str, region: str, **about: Any) -> Any:
        """Ask MiniStack whether a request is allowed, and record it if it is and comes from a role."""
        denied = _enforce(access_key, action, service, region, **about)
        session = sts._sessions.get(access_key)  # noqa: SLF001 - there is no public reader
        if denied is None and session:
            self._note(session["Arn"], action, about.get("resource_arn", "*"))
        return denied

    def _note(self, principal: str, action: str, resource: str) -> None:
        entry = (role_of(principal), action, resource)
        if SESSION.fullmatch(principal) and entry not in self._seen:
            self._seen.add(entry)
            with self._file.open("a") as file:
                file.write(json.dumps(dict(zip(("role", "action", "resource"), entry, strict=True))) + "\n")


if __name__ == "__main__":
    app.app = serve
    app.pin_request_origin = pin_origin
    iam_actions.extract_iam_action = action_of
    iam_actions.extract_resource_arn = resource_of
    iam_evaluator._resolve_condition_key = condition_key  # noqa: SLF001 - there is no public interface
    iam_evaluator.enforce = Trail(Path(os.environ["IAM_TRAIL"])).enforce
    apigateway_v1._OPENAPI_HTTP_METHODS.add(ANY_METHOD)  # noqa: SLF001 - there is no public interface
    apigateway_v1._import_operation = import_operation  # noqa: SLF001 - there is no public interface
    apigateway_v1._media_type_matches = is_binary  # noqa: SLF001 - there is no public interface
    cognito._fake_token = token  # noqa: SLF001 - there is no public interface
    lambda_svc._sqs_esm_concurrency = concurrency  # noqa: SLF001 - there is no public interface
    sts.register_session = register_session
    lambda_runtime.zipfile = SimpleNamespace(**vars(zipfile) | {"ZipFile": SharedArchive})
    lambda_runtime.subprocess = SimpleNamespace(**vars(subprocess) | {"Popen": start_function})
    app.main()
