"""The interface of a client of an AWS service, and the differences between the services that hooks call."""

import time
from dataclasses import dataclass
from typing import Any


class Client:
    """A client of one AWS service; a base class, because `typing.Protocol` would add a millisecond to a cold start."""

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation, such as `PutItem`, and return its response.

        Raises:
            ServiceError: The service rejected the call, after any retries that the error allows.
            NoAnswerError: The service did not respond to any attempt.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Service:
    """An AWS service that speaks JSON.

    Attributes:
        name: Its name in the SDK, in host names and in signatures.
        variable: The suffix of its AWS_ENDPOINT_URL_ variable.
        prefix: The prefix of an operation in the X-Amz-Target header.
        json: The version of its JSON protocol.
        tries: The number of attempts per call.
        wait: The longest wait before the first retry, in seconds.
        has_checksum: Whether its responses carry a checksum.
        breaks_for: Seconds after a call without a response during which each call gets one short attempt; 0 for none.
    """

    name: str
    variable: str
    prefix: str
    json: str
    tries: int
    wait: float
    has_checksum: bool
    breaks_for: float = 0


class CircuitBreaker:
    """Remembers that a service did not respond, so that deliveries don't occupy execution environments while it hangs.

    While it is open, a call gets one attempt of SHORT_READ_SECONDS: what DynamoDB does not accept goes to the redrive
    queue.
    """

    def __init__(self, seconds: float) -> None:
        """Prepare to stay open for some seconds after each call without a response."""
        self._seconds = seconds
        self._open_until = float("-inf")  # in `time.monotonic` seconds

    @property
    def is_open(self) -> bool:
        """Whether a call gets only one short attempt."""
        return time.monotonic() < self._open_until

    def answered(self) -> None:
        """Close it: the service responded, even if with an error."""
        self._open_until = float("-inf")

    def unanswered(self) -> None:
        """Open it: a call got no response."""
        self._open_until = time.monotonic() + self._seconds


DYNAMODB = Service(
    "dynamodb", "DYNAMODB", "DynamoDB_20120810", "1.0", tries=3, wait=0.025, has_checksum=True, breaks_for=10
)
SECRETS_MANAGER = Service(
    "secretsmanager", "SECRETS_MANAGER", "secretsmanager", "1.1", tries=2, wait=0.05, has_checksum=False
)

# One attempt of a hook's call takes at most three seconds. DynamoDB's three attempts and then two of SQS end within
# 20 s, back-off included, so a hook function (25 s) can respond before API Gateway gives up (29 s).
CONNECT_SECONDS = 1
READ_SECONDS = 2
SHORT_READ_SECONDS = 0.5  # while the breaker is open: what the service does not accept goes to the queue
