"""Carries out what operators ask for: first the record, then the act, then its outcome in the record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.console.action_log import ActionLog, Outcome, Record
from hookswitch.console.functions import (
    FunctionFailedError,
    FunctionRefusedError,
    FunctionUnavailableError,
    StillRunningError,
    ask,
)
from hookswitch.console.questions import UnknownError
from hookswitch.console.refusals import NothingDoneError, RefusedError
from hookswitch.console.users import User
from hookswitch.errors import UnknownDestinationError
from hookswitch.observability.log import logger

if TYPE_CHECKING:
    from hookswitch.console.actions import Action

GOES_ON = (
    "This takes longer than the page can wait, and goes on. What it changes shows here as it happens; "
    "the log says what came of it."
)
TOO_LONG = "To count this takes longer than the page can wait. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an action.

    Attributes:
        action: The id of its record; None if it has none.
        outcome: `running` if the function goes on.
        result: What the function answered; None if it did not.
        message: The same for people.
    """

    action: str | None
    outcome: Outcome
    result: Mapping[str, Any] | None
    message: str

    def to_json(self) -> dict[str, object]:
        """Return it as the API has it."""
        return {"action": self.action, "outcome": self.outcome, "result": self.result, "message": self.message}


def carry_out(action: "Action", user: User, log: ActionLog, now: datetime) -> Done:
    """Do something, and return what came of it.

    Raises:
        NothingDoneError: It can't be recorded, or the function can't be reached.
        RefusedError: The function refuses it.
        UnknownError: The destination was removed meanwhile.
    """
    record = Record(now, user, action.verb, action.target, action.arguments, action.accounts, action.summary)
    if not action.is_recorded:
        return _carry_out(action, record)
    try:
        log.begin(record)
    except CALL_ERRORS as error:
        logger.warning("An action can't be recorded: %s", error_reason(error))
        raise NothingDoneError("Nothing was done, since it can't be recorded now. Try again in a minute.") from error
    logger.info("Somebody acts.", extra={"action": record.id, "user": user.id, "verb": action.verb})
    try:
        done = _carry_out(action, record)
    except (UnknownError, RefusedError) as error:
        _finish(log, record.after("refused", None, str(error)))
        raise
    except NothingDoneError as error:
        _finish(log, record.after("failed", None, str(error)))
        raise
    _finish(log, record.after(done.outcome, done.result, done.message))
    return done


def _carry_out(action: "Action", record: Record) -> Done:
    identity = record.id if action.is_recorded else None
    try:
        said = ask(action.asked)
    except FunctionUnavailableError as error:
        raise NothingDoneError(f"{error} Nothing was done. Try again in a minute.") from error
    except FunctionRefusedError as error:
        if error.kind == UnknownDestinationError.__name__:
            raise UnknownError("There is no such destination.") from error
        raise RefusedError(str(error)) from error
    except StillRunningError:
        return Done(identity, "running", None, GOES_ON) if identity else Done(None, "failed", None, TOO_LONG)
    except FunctionFailedError as error:
        return Done(identity, "failed", None, str(error))
    outcome, message = action.tell(said)
    return Done(identity, outcome, said, message)


def _finish(log: ActionLog, record: Record) -> None:
    """Write the outcome; without it the record says that the action runs, and later that nobody knows."""
    try:
        log.finish(record)
    except CALL_ERRORS as error:
        why, keys = error_reason(error), {"action": record.id}
        logger.warning("The outcome of an action can't be recorded: %s", why, extra=keys)
    logger.info("An action ended.", extra={"action": record.id, "outcome": record.outcome})
