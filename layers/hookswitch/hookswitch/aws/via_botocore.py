"""The same calls as in `direct`, through the SDK, for all that `direct` does not know; and the SDK's credentials."""

from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from hookswitch.aws import clients
from hookswitch.aws.sigv4 import Credentials
from hookswitch.errors import NoAnswerError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable


def credentials() -> Credentials:
    """Return the credentials of the moment, for which the SDK asks where they are to be had, and which it renews.

    Raises:
        NoAnswerError: There are none, or who has them does not answer.
    """
    try:
        if (found := clients.credentials()) and found.access_key and found.secret_key:
            return Credentials(found.access_key, found.secret_key, found.token or "")
    except BotoCoreError as error:
        raise NoAnswerError(type(error).__name__) from error
    raise NoAnswerError("NoCredentialsError")


class SdkClient:
    """Calls one service with the SDK's client."""

    def __init__(self, service: str) -> None:
        self._client: Callable[[], Any] = {"dynamodb": clients.dynamodb, "secretsmanager": clients.secrets_manager}[
            service
        ]

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a call."""
        try:
            # A client that is made looks for credentials, so that can go wrong as a call can.
            found: dict[str, Any] = getattr(self._client(), xform_name(operation))(**parameters)
        except ClientError as error:
            raise ServiceError(error.response["Error"]["Code"], error.response) from error
        except BotoCoreError as error:
            raise NoAnswerError(type(error).__name__) from error
        return found
