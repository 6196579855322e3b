"""Builds the functions for a stack on AWS, and uploads them with `sam package`."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from devtools import stack
from devtools.adoption import with_table_name
from devtools.local import LOCAL
from devtools.local import architecture as local_architecture
from devtools.processes import CommandError, run
from devtools.stack import StackError
from devtools.target import Target

DIRECTORY = LOCAL / "deploy"
OWN = ("SAM_CLI_", "PYTHON", "VIRTUAL_ENV")  # variables of this machine that must not change what is built

type OnLine = Callable[[str], None]


def build(architecture: str, on_line: OnLine) -> Path:
    """Build for an architecture, with bytecode, and return the built template.

    Raises:
        StackError: It can't be built.
    """
    own = sys.platform == "linux" and architecture == local_architecture()  # then `make run` builds the same
    directory = stack.BUILD if own else DIRECTORY / architecture
    return stack.build(directory=directory, machine=architecture, on_line=on_line)


def upload(target: Target, template: Path, on_line: OnLine, *, table: str = "") -> str:
    """Upload a build to the bucket that `sam` manages in the account, and return the address of the template there.

    Args:
        target: The stack.
        template: The built template.
        on_line: Called with each line that sam prints.
        table: The name of a table that the stack may adopt; empty for none.

    Raises:
        StackError: It can't be uploaded.
    """
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    packaged = DIRECTORY / "packaged.json"
    command = [
        *stack.sam("package"),
        "--template-file",
        str(template),
        "--resolve-s3",
        "--s3-prefix",
        target.stack,
        "--use-json",
        "--output-template-file",
        str(packaged),
    ]
    log = LOCAL / "sam-package.log"
    try:
        run(command, environment=environment(target), log=log, on_line=on_line)
    except CommandError as error:
        raise StackError(stack.explain("sam package", error.output, log)) from error
    if table:
        packaged.write_text(json.dumps(with_table_name(json.loads(packaged.read_text()), table)))
    return _upload_template(target, packaged)


def environment(target: Target) -> dict[str, str]:
    """Return the environment for `sam`: the user's own with its AWS settings, and the chosen Region."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    return {
        **kept,
        "PATH": stack.path_for_sam(kept.get("PATH", os.defpath)),
        "AWS_DEFAULT_REGION": target.session.region_name or "",
        "AWS_REGION": target.session.region_name or "",
        "SAM_CLI_TELEMETRY": "0",
    }


def _upload_template(target: Target, packaged: Path) -> str:
    """Upload the packaged template beside the functions: it is larger than what a call may hold (51,200 bytes)."""
    bucket, key = _place(json.loads(packaged.read_text()), target.stack)
    s3 = target.client("s3")
    s3.upload_file(str(packaged), bucket, key)
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def _place(template: Mapping[str, Any], prefix: str) -> tuple[str, str]:
    layer = template["Resources"]["Layer"]["Properties"]["ContentUri"]
    found = re.fullmatch(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)", layer)
    if not found:
        raise StackError(f"`sam package` left {layer!r} where an address in S3 was expected.")
    return found["bucket"], f"{prefix}/{Path(found['key']).name}.template.json"
