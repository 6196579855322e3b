"""Invokes the stack's functions that do what people ask for in the console, and waits for a while."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from hookswitch import errors
from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, Limits, error_reason
from hookswitch.errors import DestinationError, HookswitchError, RequestError
from hookswitch.observability.log import logger

WAIT = Limits(2, 22, tries=1)
"""API Gateway gives up after 30 s. A second attempt could do something twice."""

_ERRORS = {name: it for name, it in vars(errors).items() if isinstance(it, type) and issubclass(it, HookswitchError)}


class FunctionUnavailableError(HookswitchError):
    """A function can't be invoked, so it did nothing."""


class StillRunningError(HookswitchError):
    """A function did not answer in time; it goes on."""


class FunctionRefusedError(HookswitchError):
    """A function refused what it was asked, and did nothing; the text says why.

    Attributes:
        kind: The name of the error's class in the function.
    """

    def __init__(self, text: str, kind: str) -> None:
        """Keep text and kind."""
        super().__init__(text)
        self.kind = kind


class FunctionFailedError(HookswitchError):
    """A function failed, and may have done a part; the text is for people."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a function is asked.

    Attributes:
        function: The function's name.
        message: The event that it is invoked with.
    """

    function: str
    message: Mapping[str, Any]


def ask(asked: Asked) -> dict[str, Any]:
    """Ask a function once, and return its answer.

    Raises:
        FunctionUnavailableError, StillRunningError, FunctionRefusedError, FunctionFailedError: As they say.
    """
    try:
        answer = clients.lambda_(WAIT).invoke(FunctionName=asked.function, Payload=json.dumps(asked.message))
        said = json.loads(answer["Payload"].read() or b"{}")
    except (ReadTimeoutError, ConnectionClosedError) as error:
        raise StillRunningError("The function has not answered yet.") from error
    except CALL_ERRORS as error:
        logger.warning("A function can't be invoked: %s", error_reason(error), extra={"function": asked.function})
        raise FunctionUnavailableError("The function can't be reached.") from error
    if "FunctionError" in answer:
        raise _error(str(said.get("errorType", "")), str(said.get("errorMessage", "")))
    answered: dict[str, Any] = said
    return answered


def _error(kind: str, text: str) -> HookswitchError:
    """Return the error that a function ended with. The texts of our own are for people; others may say anything."""
    known = _ERRORS.get(kind)
    if known and issubclass(known, RequestError | DestinationError):
        return FunctionRefusedError(text, kind)
    if known:
        return FunctionFailedError(text)
    return FunctionFailedError("The function failed; its log says why.")
