"""Programs end with everything that they started, and only our own are ever ended."""

import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from devtools.emulator import PortTakenError, free_port, is_free, launch
from devtools.errors import LaptopError
from devtools.fire import fire
from devtools.processes import CommandError, Recorded, end_tree, run, runs, start
from devtools.waiting import TooLateError, wait_for

CHILD = "import time; time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{CHILD}'])"


def test_ending_a_program_ends_what_it_started(tmp_path: Path) -> None:
    """No child outlives its parent."""
    process = start([sys.executable, "-c", PARENT], environment=os.environ, log=tmp_path / "log", cwd=tmp_path)
    children = wait_for(lambda: psutil.Process(process.pid).children(), "it has started its child")
    end_tree(process.pid)
    process.wait()
    assert not any(runs(child) for child in children)


def test_a_recorded_process_is_ended_only_if_it_is_still_the_same(tmp_path: Path) -> None:
    """A process id that now belongs to another program is left alone."""
    command = [sys.executable, "-c", CHILD]
    process = start(command, environment=os.environ, log=tmp_path / "log", cwd=tmp_path)
    ours = Recorded.of(process.pid)
    assert not replace(ours, command=["something", "else"]).end()
    assert not replace(ours, created=ours.created - 3600).end()
    assert ours.is_running()
    assert ours.end()
    process.wait()
    assert not ours.is_running()


def test_a_failure_shows_what_the_program_said(tmp_path: Path) -> None:
    """Its last lines are in the error, and all of them in the log."""
    command = [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"]
    with pytest.raises(CommandError, match="the reason"):
        run(command, environment=os.environ, log=tmp_path / "log")
    assert (tmp_path / "log").read_text() == "the reason\n"


def test_an_interrupted_program_is_ended(tmp_path: Path) -> None:
    """Whatever interrupts us while it runs, it does not run on."""
    seen: list[int] = []

    def interrupt(line: str) -> None:
        seen.append(int(line))
        raise KeyboardInterrupt

    command = [sys.executable, "-uc", "import os, time; print(os.getpid()); time.sleep(60)"]
    with pytest.raises(KeyboardInterrupt):
        run(command, environment=os.environ, log=tmp_path / "log", on_line=interrupt)
    assert not psutil.pid_exists(seen[0])


def test_a_taken_port_is_named_with_a_way_out(tmp_path: Path) -> None:
    """The message has the port, and what to type."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"Port {port} is taken.*make down.*PORT="):
            launch(port, tmp_path)
    assert is_free(free_port())


def test_waiting_in_vain_says_what_for() -> None:
    """The error names what was awaited and what was seen last."""
    with pytest.raises(TooLateError, match=r"until the moon is full; last seen: \[\]"):
        wait_for(list, "the moon is full", limit=0.01)


def test_fire_says_which_hooks_there_are() -> None:
    """An unknown hook is answered with the list."""
    with pytest.raises(LaptopError, match=r"There is no hook 'nonsense'.*missed_call"):
        fire("nonsense", "post", "json", 1)
