"""Runs `python -m devtools <command>`; the commands are in devtools/commands.py, and the Makefile calls them."""

import signal
import sys
from types import FrameType

from devtools.errors import LaptopError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130


def main() -> int:
    """Run one command and return its exit code: 0 only if everything went well."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    try:
        # Imported after the signals are set: no Ctrl-C is too early.
        from devtools.commands import app  # noqa: PLC0415

        app(prog_name="python -m devtools")
    except LaptopError as error:
        from devtools.screen import printable  # noqa: PLC0415 - only where it is needed

        print(printable(str(error)), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return _report_interruption()
    except SystemExit as end:
        code = int(end.code or 0)
        return _report_interruption() if code == INTERRUPTED else code
    return 0


def _report_interruption() -> int:
    print("Interrupted; everything that this command started has ended.", file=sys.stderr)
    return INTERRUPTED


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End in good order; a second Ctrl-C must not interrupt the cleaning up, which takes seconds at most."""
    del number, frame
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
