"""The hooks' calls through the SDK, where DirectClient is not enough, and the credentials that the SDK finds."""

from typing import Any, override

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from hookswitch.aws import clients
from hookswitch.aws.protocol import DYNAMODB, CircuitBreaker, Client, Service
from hookswitch.aws.sigv4 import Credentials
from hookswitch.errors import NoAnswerError, ServiceError


def credentials() -> Credentials:
    """Return the current credentials, which the SDK finds and refreshes.

    Raises:
        NoAnswerError: There are none, or the credentials endpoint does not respond.
    """
    try:
        if (found := clients.credentials()) and found.access_key and found.secret_key:
            return Credentials(found.access_key, found.secret_key, found.token or "")
    except BotoCoreError as error:
        raise NoAnswerError(type(error).__name__) from error
    raise NoAnswerError("NoCredentialsError")


class SdkClient(Client):
    """Calls DynamoDB or Secrets Manager with the SDK's client, through a CircuitBreaker like DirectClient's."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._breaker = CircuitBreaker(service.breaks_for)

    @override
    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            # Creating a client requires credentials, so it can fail like a call.
            found: dict[str, Any] = getattr(self._client(), xform_name(operation))(**parameters)
        except ClientError as error:
            self._breaker.answered()
            raise ServiceError(clients.error_code(error), error.response, clients.request_id(error)) from error
        except BotoCoreError as error:
            self._breaker.unanswered()
            raise NoAnswerError(clients.error_code(error)) from error
        self._breaker.answered()
        return found

    def _client(self) -> Any:
        if self._service != DYNAMODB:
            return clients.secrets_manager()
        return clients.dynamodb(short=True) if self._breaker.is_open else clients.dynamodb()
