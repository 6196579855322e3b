"""What must not get into a log, and how it is recognised there.

Personal data that the simulator makes up is recognised by its form, and that form can't be an id, a hook or a word of
the logs: a number is of a range that no id has, a name is one of a few, and a secret of an event begins with a mark.
Nothing that a test draws at random can therefore be taken for one of them.

Credentials have no form of their own. Whoever makes one registers it: `note`.
"""

import re

MARK = "never-to-be-kept"
"""What passwords, keys and links in an event hold, so that they are recognised."""

NAMES = ("Front Desk", "Café Zürich", "WIRELESS CALLER", "Ünïcode & Söhne", "Warehouse 3", "Anonymous")
"""The names of all callers."""

NUMBER = re.compile(r"(?<![0-9A-Za-z])1555\d{7}(?![0-9A-Za-z])")
"""Any number of the range that all numbers are from, in E.164 without its plus. An id has other lengths."""

SHORTEST = 20  # letters of a credential: a hook, a word or a short id can't be one

NOTED: dict[str, str] = {}
"""The credentials that were registered so far, and what each is, such as `API key`."""


def note(value: str, kind: str) -> str:
    """Register a credential, unless it is too short to be told from other text; return it."""
    if len(value) >= SHORTEST:
        NOTED[value] = kind
    return value


def note_address(uri: object) -> None:
    """Register the token of a webhook's address: the last part of its path, if that is long enough to be one."""
    note(str(uri).partition("?")[0].rpartition("/")[2], "token")
