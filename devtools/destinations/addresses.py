"""Where people write the address of a destination, and what it may be."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from devtools.deploying.answers import Ask
from devtools.errors import LaptopError
from devtools.target import Target
from hookswitch.destinations.record import HTTP_TYPES, Type

HISTORY = "The history of your shell has the address now. Leave URL= out to be asked for it, or write URL=@file."
STDIN = "-"
PARAMETER = "DestinationArns"
QUESTIONS: Mapping[Type, str] = {
    "https": "Address, such as https://example.com/hooks (not shown)",
    "slack": "Address of the incoming webhook, https://hooks.slack.com/services/... (not shown)",
    "teams": "Address of the workflow (not shown)",
    "zapier": "Address of the catch hook, https://hooks.zapier.com/... (not shown)",
    "sqs": "ARN or URL of the queue",
    "eventbridge": "ARN of the event bus",
}

_HOSTS: tuple[tuple[str, Type], ...] = (
    (r"hooks\.slack\.com", "slack"),
    (r".+\.logic\.azure\.com|.+\.api\.powerplatform\.com|.+\.webhook\.office\.com", "teams"),
    (r"hooks\.zapier\.com|hook\.[a-z0-9]+\.make\.com", "zapier"),
    (r"sqs\.[a-z0-9-]+\.amazonaws\.com(\.cn)?", "sqs"),
)
_QUEUE = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(\d{12})/([\w.-]+)", re.ASCII)


@dataclass(frozen=True)
class Address:
    """An address that somebody wrote.

    Attributes:
        text: The address.
        was_typed: Whether it was on the command line.
    """

    text: str
    was_typed: bool = False


def read(written: str, ask: Ask | None, kind: Type | None, stdin: TextIO | None = None) -> Address:
    """Return the address that is written, in a file, on standard input, or the answer of the person at the terminal.

    Args:
        written: The address, `@` and the path of a file that has it, `-` for standard input, or nothing.
        ask: Asks the person; None if nobody is there.
        kind: The destination's type; None if it is not known yet.
        stdin: Standard input; for tests.

    Raises:
        LaptopError: There is none.
    """
    if written.startswith("@"):
        return _only_line(_of_file(Path(written[1:]).expanduser()), written)
    if written and written != STDIN:
        return Address(written.strip(), was_typed=True)
    if ask and not written:
        said = ask(QUESTIONS[kind or "https"], hidden=kind is None or kind in HTTP_TYPES)
        return _only_line(said, "The answer")
    return _only_line((stdin or sys.stdin).read(), "Standard input")


def guessed_type(address: str) -> Type:
    """Return the type of a destination by its address: that of a well-known service, else https."""
    if address.startswith("arn:"):
        return "eventbridge" if ":events:" in address else "sqs"
    host = urlsplit(address).hostname or ""
    return next((kind for pattern, kind in _HOSTS if re.fullmatch(pattern, host)), "https")


def as_arn(address: str, target: Target) -> str:
    """Return the ARN of a queue that is named by ARN or URL."""
    if found := _QUEUE.fullmatch(address):
        partition = target.session.get_partition_for_region(found[1])
        return f"arn:{partition}:sqs:{found[1]}:{found[2]}:{found[3]}"
    return address


def require_permission(arn: str, target: Target) -> None:
    """Check that a stack may send to a queue or an event bus.

    Raises:
        LaptopError: It may not; the text says what to set.
    """
    allowed = [each for each in target.parameters.get(PARAMETER, "").split(",") if each]
    if arn not in allowed:
        raise LaptopError(
            f"The stack {target.stack} may not send to {arn}. Allow it, then add the destination:\n"
            f'  make deploy{target.argument} SET="{PARAMETER}={",".join([*allowed, arn])}"'
        )


def _of_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise LaptopError(f"URL=@{path} can't be read: {reason}.") from error


def _only_line(text: str, where: str) -> Address:
    lines = [line for part in text.splitlines() if (line := part.strip())]
    if len(lines) != 1:
        found = "no address" if not lines else f"{len(lines)} lines"
        raise LaptopError(f"{where} has {found}. Give one address: URL=@file, on standard input, or at the terminal.")
    return Address(lines[0])
