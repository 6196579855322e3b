"""Starts programs so that none of them outlives its purpose, and ends only those that are ours."""

import atexit
import contextlib
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from devtools.errors import LaptopError
from devtools.local import ROOT
from devtools.waiting import TooLateError, wait_for

GRACE = 10.0  # seconds between asking a program to end and ending it

_started: set[int] = set()


class CommandError(LaptopError):
    """A program that was run to its end failed.

    Attributes:
        output: Everything that it printed.
    """

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True)
class Recorded:
    """A process as a file remembers it; a process id alone may belong to a stranger by now."""

    pid: int
    created: float
    command: list[str]

    @classmethod
    def of(cls, pid: int) -> "Recorded":
        """Describe a running process."""
        process = psutil.Process(pid)
        return cls(pid, process.create_time(), process.cmdline())

    def is_running(self) -> bool:
        """Tell whether this very process still runs."""
        try:
            process = psutil.Process(self.pid)
            # The clock may have been adjusted since, and the creation time is derived from it.
            return (
                runs(process)
                and process.cmdline() == self.command
                and abs(process.create_time() - self.created) < GRACE
            )
        except psutil.Error:
            return False

    def end(self) -> bool:
        """End it with everything that it started; return False if it did not run any more."""
        if not self.is_running():
            return False
        end_tree(self.pid)
        return True


def let_go(pid: int) -> None:
    """Leave a program running when we end."""
    _started.discard(pid)


def end_tree(pid: int) -> None:
    """End a process that leads its own group, and all its descendants: politely first, then surely."""
    _started.discard(pid)
    try:
        leader = psutil.Process(pid)
        family = [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)
    for process in _wait(family):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    # What the leader started after we looked is still in its group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    _wait(family)


def _wait(processes: Sequence[psutil.Process]) -> Sequence[psutil.Process]:
    """Wait for processes to end and return those that have not within the time of grace."""
    with contextlib.suppress(TooLateError):
        wait_for(lambda: not any(map(runs, processes)), "they have ended", GRACE, 0.02)
    return [process for process in processes if runs(process)]


def runs(process: psutil.Process) -> bool:
    """Tell whether a process runs: one that has ended stays in the list for as long as its parent does not ask."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start(command: Sequence[str], *, environment: Mapping[str, str], log: Path, cwd: Path) -> "subprocess.Popen[bytes]":
    """Start a program that prints to a file. It ends with us at the latest, unless we `let_go` of it.

    It runs in a session of its own, so that a Ctrl-C does not end it before we do.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started.add(process.pid)
    return process


@atexit.register
def _end_all() -> None:
    for pid in tuple(_started):
        end_tree(pid)


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    cwd: Path = ROOT,
    on_line: Callable[[str], None] | None = None,
) -> str:
    """Run a program to its end and return what it printed, which also goes to a file.

    Raises:
        CommandError: It ended with anything but 0.
    """
    printed: list[str] = []
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file, _running(command, environment, cwd) as process:
        for line in process.stdout or ():
            printed.append(line)
            file.write(line)
            if on_line:
                on_line(line.rstrip())
        process.wait()
    if process.returncode:
        tail = "".join(deque(printed, maxlen=20)).strip()
        name = " ".join([Path(command[0]).name, *command[1:2]])
        message = f"`{name}` failed; its full output is in {shown(log)}. Its last lines:\n{tail}"
        raise CommandError(message, "".join(printed))
    return "".join(printed)


@contextlib.contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str], cwd: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command,
        env=dict(environment),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            yield process
        except BaseException:
            end_tree(process.pid)
            raise


def shown(path: Path) -> str:
    """Return a path as a person at the repository's root would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
