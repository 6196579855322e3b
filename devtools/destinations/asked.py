"""What `make destination` is asked, and with what it is done."""

from dataclasses import dataclass, field
from typing import Literal

from devtools.deploying.answers import Ask
from devtools.destinations.managing import Manager
from devtools.destinations.wishes import Wishes
from devtools.errors import LaptopError
from devtools.target import Target

type Format = Literal["table", "json"]

ACTIONS = ("add", "edit", "list", "test", "pause", "resume", "remove", "rotate", "attempts", "resend")


@dataclass(frozen=True)
class Asked:
    """What `make destination` is asked.

    Attributes:
        stack: The name of the stack; empty as for `Target.find`.
        add, edit, list, test, pause, resume, remove, rotate, attempts, resend: The name of the destination that this
            is to be done with; at most one of them is set.
        url: Where the address is, as `addresses.read` takes it.
        wishes: What the destination is to be.
        since: From when on it gets events of the past; empty for none.
        id: What is sent again.
        count: The most attempts that are shown; 0 for the usual number.
        form: For people, or JSON.
    """

    stack: str = ""
    add: str = ""
    edit: str = ""
    list: str = ""
    test: str = ""
    pause: str = ""
    resume: str = ""
    remove: str = ""
    rotate: str = ""
    attempts: str = ""
    resend: str = ""
    url: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    since: str = ""
    id: str = ""
    count: int = 0
    form: Format = "table"

    @property
    def action(self) -> str:
        """What is to be done; empty if nothing was said.

        Raises:
            LaptopError: Several things were.
        """
        found = [name for name in ACTIONS if getattr(self, name)]
        if len(found) > 1:
            names = " and ".join(name.upper() for name in found)
            raise LaptopError(f"{names} can't be done at once. Write one of them.")
        return found[0] if found else ""


@dataclass(frozen=True)
class Means:
    """With what it is done.

    Attributes:
        target: The stack.
        manager: Its functions.
        ask: Asks the person at the terminal; None if nobody is there.
    """

    target: Target
    manager: Manager
    ask: Ask | None
