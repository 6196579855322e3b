"""The same calls as in `direct`, through the SDK: for all that `direct` does not know."""

from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from . import aws
from .direct import ServiceError
from .line import NoAnswerError


class SdkClient:
    """Calls one service with the SDK's client."""

    def __init__(self, service: str) -> None:
        self._client: Any = {"dynamodb": aws.dynamodb, "secretsmanager": aws.secrets_manager}[service]()

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a call."""
        try:
            found: dict[str, Any] = getattr(self._client, xform_name(operation))(**parameters)
        except ClientError as error:
            raise ServiceError(error.response["Error"]["Code"], error.response) from error
        except BotoCoreError as error:
            raise NoAnswerError(type(error).__name__) from error
        return found
