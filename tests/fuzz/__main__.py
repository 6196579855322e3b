"""`make fuzz`: the long mode, on a stack of its own."""

import argparse
import json
import sys

from devtools import stack
from devtools.errors import LaptopError
from devtools.local import LOCAL, ROOT
from devtools.processes import shown
from devtools.screen import say, step
from devtools.temporary import temporary_stack
from tests.fuzz.page import written
from tests.fuzz.run import Amount, Fuzzing, fuzz

DIRECTORY = LOCAL / "fuzz"
FAILURES = DIRECTORY / "failures.json"
PAGE = ROOT / "docs" / "engineering" / "fuzzing.md"
SENDERS = 3  # processes of each kind
FULL = 100_000  # requests from which on the page is written


def main() -> int:
    """Fuzz, and return 0 only if every property held."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=FULL)
    parser.add_argument("--by-http", type=float, default=0.1, help="this share of them; the rest goes to the handlers")
    parser.add_argument("--seed", type=int, help="the first sender's, as an earlier run printed it")
    arguments = parser.parse_args()
    try:
        with step("Building the functions") as detail:
            stack.build(on_line=detail)
        with temporary_stack(DIRECTORY) as deployed:
            say(f"Sending {arguments.requests:,} requests.")
            by_http = round(arguments.requests * arguments.by_http)
            at_handlers = Amount(arguments.requests - by_http, SENDERS if by_http < arguments.requests else 0)
            done = fuzz(deployed, DIRECTORY, Amount(by_http, SENDERS), at_handlers, arguments.seed)
    except LaptopError as error:
        say(str(error), style="red")
        return error.exit_code
    _report(done)
    if done.sent >= FULL:
        PAGE.write_text(written(done))
        say(f"{shown(PAGE)} is written.")
    return 1 if done.failures else 0


def _report(done: Fuzzing) -> None:
    rate = done.sent / done.seconds
    say(f"{done.sent:,} requests in {done.seconds:.0f} seconds, {rate:.0f} a second. Seeds: {done.first_seeds}")
    say(f"Outcomes: {dict(done.outcomes)}")
    say(f"{done.looked_up:,} items read back, {done.log_lines:,} lines of the log looked at.")
    if done.failures:
        FAILURES.write_text(json.dumps(done.failures, indent=1))
        say(f"{len(done.failures)} failures, with their requests in {shown(FAILURES)}:", style="red")
        for failure in done.failures[:20]:
            say(f"  seed {failure.get('seed', '-')}: {' '.join(failure['wrong'])[:300]}", style="red")


if __name__ == "__main__":
    sys.exit(main())
