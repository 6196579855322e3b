"""The process that an emulator's environments of functions are forked from, with their packages imported already.

It is a program of its own, which `ministack` starts in the emulator's environment once for each version of a layer.
It reads requests from a socket: a JSON document with the script to run, the folder, the environment's variables and the
niceness, together with the new process's standard input, output and error. It responds with the process's id and a
file descriptor that stands for the process.

What is imported here does not depend on the variables of a function. The package of hookswitch does, so it is not.
"""

import gc
import json
import os
import runpy
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

# Whichever of these exist; their imports take most of a start's processor time.
PACKAGES = (
    "aws_lambda_powertools.logging",
    "aws_lambda_powertools.metrics",
    "botocore.handlers",
    "botocore.session",
    "pydantic.dataclasses",
    "pydantic.main",
    "pydantic.type_adapter",
    "urllib3",
)
STANDARD = 3  # input, output and error
LIMIT = 1 << 18  # bytes of a request


def main(control: socket.socket, layers: Sequence[str]) -> None:
    """Import the packages, and fork for every request until the emulator ends; in the new process, run its script."""
    sys.path[:0] = layers
    for name in PACKAGES:
        with suppress(ImportError):
            import_module(name)
    del sys.path[: len(layers)]
    gc.freeze()  # a collection would copy the memory that processes share
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, LIMIT, STANDARD)
        if not message:
            return
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        process = os.fork()
        if process == 0:
            control.close()
            begin(json.loads(message), descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        stands_for = os.pidfd_open(process)
        socket.send_fds(control, [str(process).encode()], [stands_for])
        os.close(stands_for)


def begin(asked: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Run a script as a process of its own would."""
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    os.setpriority(os.PRIO_PROCESS, 0, asked["niceness"])
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = [asked["script"]]
    sys.path.insert(0, os.path.dirname(asked["script"]))  # noqa: PTH120 - a function's imports need no pathlib
    runpy.run_path(asked["script"], run_name="__main__")


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
