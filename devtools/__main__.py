"""The laptop commands, `python -m devtools <command>`. The Makefile calls them."""

import argparse
import signal
import sys
from importlib import import_module
from types import FrameType

from devtools.errors import LaptopError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130


def main() -> int:
    """Run one command and return its exit code: 0 only if all went well."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    arguments = _parser().parse_args()
    try:
        return 0 if _run(arguments) else 1
    except LaptopError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Interrupted; all that this command started is ended.", file=sys.stderr)
        return INTERRUPTED


def _run(arguments: argparse.Namespace) -> bool:
    # Imported as needed, and after the signals are set: no Ctrl-C is too early.
    match arguments.command:
        case "run":
            from devtools.run import run  # noqa: PLC0415

            return run(arguments.port)
        case "sam-local":
            from devtools.samlocal.run import run as rehearse  # noqa: PLC0415

            return rehearse(arguments.port, arguments.api_port)
        case "up":
            from devtools.up import up  # noqa: PLC0415

            up(arguments.port, for_containers=arguments.for_containers)
        case "down":
            from devtools.up import down  # noqa: PLC0415

            down()
        case "fire":
            from devtools.fire import fire  # noqa: PLC0415

            return fire(arguments.hook, arguments.verb, arguments.format, arguments.count)
        case "webhooks" | "rotate" | "reconcile" | "replay":
            return _run_for_a_stack(arguments)
        case "lint":
            from devtools.stack import validate  # noqa: PLC0415

            validate()
        case "scan" | "audit" as check:
            getattr(import_module(f".{check}", __package__), check)()
        case "events" | "schemas" as files:
            import_module(f".{files}", __package__).write()
    return True


def _run_for_a_stack(arguments: argparse.Namespace) -> bool:
    from devtools import healing, webhooks  # noqa: PLC0415

    match arguments.command:
        case "webhooks":
            return webhooks.show(arguments.stack)
        case "rotate":
            return webhooks.rotate(arguments.stack)
        case "reconcile":
            return healing.reconcile(arguments.stack, arguments.since, dry_run=bool(arguments.dry_run))
        case _:
            given = (arguments.stack, arguments.hook, arguments.since, arguments.until)
            return healing.replay(*given, dry_run=bool(arguments.dry_run))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devtools", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    parsers = {name: commands.add_parser(name) for name in ("run", "up", "sam-local")}
    for parser_of_one in parsers.values():
        parser_of_one.add_argument("--port", type=_port, default=4566)
    parsers["up"].add_argument("--for-containers", action="store_true")
    parsers["sam-local"].add_argument("--api-port", type=_port, default=3000)
    for name in ("webhooks", "rotate"):
        commands.add_parser(name).add_argument("--stack", default="")
    for name in ("reconcile", "replay"):
        healing = commands.add_parser(name)
        for option in ("--stack", "--since", "--until", "--dry-run", "--hook"):
            healing.add_argument(option, default="")
    commands.add_parser("down")
    for name in ("lint", "scan", "audit"):
        commands.add_parser(name)
    commands.add_parser("events")
    commands.add_parser("schemas")
    fire = commands.add_parser("fire")
    fire.add_argument("hook", nargs="?", default="")
    fire.add_argument("--verb", choices=["post", "get", "put"], default="post")
    fire.add_argument("--format", choices=["json", "form-data"], default="json")
    fire.add_argument("--count", type=int, default=1)
    return parser


def _port(text: str) -> int:
    # The simulated Dash listens on the port after it.
    if not text.isdecimal() or not 1024 <= int(text) <= 65534:  # noqa: PLR2004 - the numbers are their own names
        raise argparse.ArgumentTypeError(f"PORT={text} is no port; choose one from 1024 to 65534.")
    return int(text)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End in good order; a second Ctrl-C must not interrupt the cleaning up, which takes seconds at most."""
    del number, frame
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
