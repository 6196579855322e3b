"""Asks a stack's functions, again if they fail for a reason that passes."""

import json
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError

from devtools.errors import LaptopError

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

TRIES = 6
AT_ONCE = 3  # invocations; a new AWS account has ten, of which Dash's deliveries need most
PAUSE = 1.0  # seconds before the second try, twice as many before each further one
SERVER_ERROR = 500
TRANSIENT = {"TooManyRequestsException", "ServiceException", "Throttling", "ThrottlingException"}


class FunctionError(LaptopError):
    """A function failed, for the reason that the text says.

    Attributes:
        kind: The name of the error's class in the function.
    """

    def __init__(self, text: str, kind: str = "") -> None:
        """Keep text and kind."""
        super().__init__(text)
        self.kind = kind


class Function:
    """A function of a stack."""

    def __init__(self, client: "LambdaClient", name: str, known_as: str) -> None:
        """Ask the function of a name.

        Args:
            client: Makes one attempt at each call.
            name: The function's name.
            known_as: What errors call it.
        """
        self._client = client
        self._name = name
        self._known_as = known_as
        self._stopped = Event()

    def stop(self) -> None:
        """Have nothing that failed asked again."""
        self._stopped.set()

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Ask once, and return the answer.

        Raises:
            FunctionError: The function failed.
            ClientError, BotoCoreError: It can't be invoked.
        """
        answer = self._client.invoke(FunctionName=self._name, Payload=json.dumps(message))
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise FunctionError(
                str(said.get("errorMessage", "The function failed; its log says why.")), said.get("errorType", "")
            )
        return said

    def ask_until_answered(self, message: Mapping[str, Any], final: Collection[str] = ()) -> dict[str, Any]:
        """Ask, several times if need be, and return the answer.

        Args:
            message: What to ask, which may be asked twice.
            final: Kinds of errors that no second try can help.

        Raises:
            LaptopError: The function keeps failing.
            ClientError, BotoCoreError: It can't be invoked.
        """
        reason = ""
        for attempt in range(TRIES):
            if attempt and self._stopped.wait(PAUSE * 2 ** (attempt - 1)):
                break
            try:
                return self.ask(message)
            except FunctionError as error:
                if error.kind in final:
                    raise
                reason = str(error)
            except HTTPClientError as error:
                reason = str(error)
            except ClientError as error:
                if not _is_transient(error):
                    raise
                reason = str(error)
        raise LaptopError(
            f"The {self._known_as} function failed {TRIES} times: {reason} Its log says more (`make logs`)."
        )


def in_order[Given, Said](
    ask: Callable[[Given], Said], given: Sequence[Given], stop: Callable[[], None]
) -> Generator[tuple[Given, Said]]:
    """Ask a function about several things, some at the same time, and yield each with its answer, in their order.

    If one of them fails, and after Ctrl-C, nothing more begins, and what has begun ends.

    Args:
        ask: Asks about one.
        given: All of them.
        stop: Has nothing that failed asked again.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            yield from zip(given, pool.map(ask, given), strict=True)
        except BaseException:
            stop()
            pool.shutdown(cancel_futures=True)
            raise


def _is_transient(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error.response["Error"].get("Code") in TRANSIENT or status >= SERVER_ERROR
