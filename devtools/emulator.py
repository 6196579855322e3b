"""Starts and stops MiniStack, the emulator of AWS, on a port of this machine. It enforces IAM."""

import contextlib
import os
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devtools.errors import LaptopError
from devtools.local import LOCAL, REGION
from devtools.processes import end_tree, shown, start
from devtools.waiting import TooLateError, wait_for

if TYPE_CHECKING:
    import subprocess

ADDRESS = "127.0.0.1"
PROGRAM = Path(__file__).with_name("ministack.py")
TRAIL = "iam.jsonl"
START_LIMIT = 60.0  # seconds; usually it takes one
STOP_LIMIT = 10.0


class PortTakenError(LaptopError):
    """Something else listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} is taken. If it is a stack that `make up` left running, end it with `make down`; "
            f"otherwise choose another port: add PORT={port + 4} to the command."
        )


class EmulatorError(LaptopError):
    """MiniStack did not start, or did not stop."""


@dataclass(frozen=True)
class Reach:
    """How a program of this machine is reached, from here and, where that is wanted, from containers.

    Attributes:
        bind: The address that it listens on.
        here: Its name for programs of this machine.
        container: Its name for programs in containers; empty where they don't reach it.
    """

    bind: str = ADDRESS
    here: str = ADDRESS
    container: str = ""


FROM_HERE = Reach()


@dataclass(frozen=True)
class Emulator:
    """A running MiniStack.

    Attributes:
        port: Where it listens.
        process: The process that leads its group.
        directory: Holds its log, which stays, and its temporary files, which go when it stops.
        reach: How it is reached.
    """

    port: int
    process: "subprocess.Popen[bytes]"
    directory: Path
    reach: Reach = FROM_HERE

    @property
    def endpoint(self) -> str:
        """The address for every AWS client."""
        return endpoint(self.port, self.reach.here)

    @property
    def log(self) -> Path:
        """The file that it prints to."""
        return self.directory / "ministack.log"

    @property
    def trail(self) -> Path:
        """The file in which it notes what roles were allowed to do; see `ministack.Trail`."""
        return trail(self.directory)

    def stop(self) -> None:
        """End it with all its functions, and see that the port is free again."""
        end_tree(self.process.pid)
        self.process.wait()
        tidy(self.directory)
        wait_until_free(self.port, self.reach.bind)


def trail(directory: Path) -> Path:
    """Return the file in which an emulator notes what roles were allowed to do."""
    return directory / TRAIL


def endpoint(port: int, address: str = ADDRESS) -> str:
    """Return the address of an emulator on a port."""
    return f"http://{address}:{port}"


def free_port() -> int:
    """Return a port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port


def launch(
    port: int, directory: Path, extra_environment: Mapping[str, str] | None = None, reach: Reach = FROM_HERE
) -> Emulator:
    """Start MiniStack and return when it answers.

    Its whole environment is visible to the functions that it runs, so it gets almost none of ours.

    Args:
        port: Where it shall listen.
        directory: For its log and its temporary files.
        extra_environment: More variables for it and for the functions, for tests of faults
            (AWS_ENDPOINT_URL_DYNAMODB and the like).
        reach: How it shall be reached.

    Raises:
        PortTakenError: Something listens there already.
        EmulatorError: It does not start.
    """
    require_free(port, address=reach.bind)
    python = LOCAL / "emulator" / "bin" / "python"
    if not python.exists():
        raise EmulatorError("The emulator is not installed. Run `make setup` first.")
    tidy(directory)
    temporary = directory / "tmp"
    temporary.mkdir(parents=True)
    environment = {
        "PATH": os.pathsep.join([str(python.parent), os.defpath]),
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "AWS_DEFAULT_REGION": REGION,
        "BIND_HOST": reach.bind,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AUTH": "true",
        "IAM_TRAIL": str(trail(directory)),
        **_own_name(port, reach),
        **(extra_environment or {}),
    }
    process = start(
        [str(python), "-P", str(PROGRAM)],
        environment=environment,
        log=directory / "ministack.log",
        cwd=temporary,
    )
    emulator = Emulator(port, process, directory, reach)
    try:
        _wait_until_it_answers(emulator)
    except BaseException:
        emulator.stop()
        raise
    return emulator


@contextlib.contextmanager
def running(
    port: int, directory: Path, extra_environment: Mapping[str, str] | None = None, reach: Reach = FROM_HERE
) -> Iterator[Emulator]:
    """Run MiniStack for as long as the block lasts; see `launch`."""
    emulator = launch(port, directory, extra_environment, reach)
    try:
        yield emulator
    finally:
        emulator.stop()


def is_free(port: int, address: str = ADDRESS) -> bool:
    """Tell whether a program could listen on this port."""
    with socket.socket() as probe:
        # As servers do: a connection that lingers from the last run does not occupy the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def require_free(*ports: int, address: str = ADDRESS) -> None:
    """Return if a program could listen on each of these ports.

    Raises:
        PortTakenError: Something listens on one of them.
    """
    for port in ports:
        if not is_free(port, address):
            raise PortTakenError(port)


def wait_until_free(port: int, address: str = ADDRESS) -> None:
    """Return when nothing listens on the port any more."""
    try:
        wait_for(lambda: is_free(port, address), f"port {port} is free", STOP_LIMIT)
    except TooLateError as error:
        raise EmulatorError(f"MiniStack was ended, yet something still listens on port {port}.") from error


def answers(port: int, address: str = ADDRESS) -> bool:
    """Tell whether an emulator answers on this port."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint(port, address)}/_ministack/health", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def tidy(directory: Path) -> None:
    """Remove an emulator's temporary files."""
    shutil.rmtree(directory / "tmp", ignore_errors=True)


def _own_name(port: int, reach: Reach) -> dict[str, str]:
    """Return by what name MiniStack and the functions that it runs find it, where that is not localhost."""
    if reach.here == ADDRESS:
        return {}
    return {"MINISTACK_HOST": reach.here, "AWS_ENDPOINT_URL": endpoint(port, reach.here)}


def _wait_until_it_answers(emulator: Emulator) -> None:
    def answers_or_ended() -> bool:
        if emulator.process.poll() is not None:
            said = emulator.log.read_text(errors="replace").strip()
            raise EmulatorError(f"MiniStack ended at once. It said:\n{said[-2000:]}")
        return answers(emulator.port, emulator.reach.here)

    try:
        wait_for(answers_or_ended, "MiniStack answers", START_LIMIT)
    except TooLateError as error:
        raise EmulatorError(
            f"MiniStack does not answer on port {emulator.port} after {START_LIMIT:.0f} seconds; "
            f"see {shown(emulator.log)}."
        ) from error
