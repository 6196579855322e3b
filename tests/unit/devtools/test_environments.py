"""The process from which the emulator forks the environments of functions."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools import environments

SCRIPT = """
import json, os, sys
sys.path.insert(0, "layer")
import answering
print(answering.line(json.loads(sys.stdin.readline())))
"""
MODULE = """
import os, sys
NAME = os.environ["NAME"]

def line(asked):
    return f"{asked} {NAME} {sorted(os.environ)} {os.getcwd()} {'urllib3' in sys.modules}"
"""


@pytest.fixture
def control(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket that takes requests; its layer has a package of the list."""
    layer = tmp_path / "layer"
    layer.mkdir()
    (layer / "urllib3.py").touch()
    (layer / "answering.py").write_text(MODULE)
    (tmp_path / "script.py").write_text(SCRIPT)
    ours, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, there:
        command = [sys.executable, "-P", environments.__file__, str(there.fileno()), str(layer)]
        with subprocess.Popen(command, pass_fds=[there.fileno()]) as process:  # noqa: S603 - our own program
            there.close()
            yield ours
            ours.close()
            assert process.wait(10) == 0


def answer(control: socket.socket, folder: Path, name: str) -> str:
    """Ask for a process, write a line to it, and return the line that it prints."""
    (theirs_in, ours_in), (ours_out, theirs_out) = os.pipe(), os.pipe()
    asked = {"script": str(folder / "script.py"), "folder": str(folder), "environment": {"NAME": name}, "niceness": 1}
    socket.send_fds(control, [json.dumps(asked).encode()], [theirs_in, theirs_out, theirs_out])
    _, (stands_for,), _, _ = socket.recv_fds(control, 32, 1)
    for descriptor in (theirs_in, theirs_out, stands_for):
        os.close(descriptor)
    with os.fdopen(ours_in, "w") as stdin, os.fdopen(ours_out) as stdout:
        stdin.write('"asked"\n')
        stdin.flush()
        return stdout.read().strip()


def test_own_variables_and_folder(control: socket.socket, tmp_path: Path) -> None:
    """Every process has the variables, the folder, the input and the output that were asked for, and no others."""
    for name in ("one", "another"):
        assert answer(control, tmp_path, name) == f"asked {name} ['NAME'] {tmp_path} True"
