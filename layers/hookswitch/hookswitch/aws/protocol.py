"""What every client of an AWS service can do, and what distinguishes the services that hooks call."""

import time
from dataclasses import dataclass
from typing import Any


class Client:
    """A client of one AWS service; a base class, since a `typing.Protocol` would add a millisecond to a cold start."""

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation, such as `PutItem`, and return its response.

        Raises:
            ServiceError: The service refused the call, after any retries that its error allows.
            NoAnswerError: The service did not answer any of the tries.
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
        tries: How often a call is tried.
        wait: The longest wait before the first retry, in seconds.
        has_checksum: Whether its responses carry a checksum.
        breaks_for: Seconds after a call that got no answer in which each call gets one short try; 0 for none.
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
    """Remembers that a service did not answer, so that deliveries do not hold execution environments while it hangs.

    While it is open, a call gets one try of SHORT_READ_SECONDS: what DynamoDB does not take goes to the redrive queue.
    """

    def __init__(self, seconds: float) -> None:
        """Prepare to stay open for some seconds after each call without an answer."""
        self._seconds = seconds
        self._open_until = float("-inf")  # as `time.monotonic` counts

    @property
    def is_open(self) -> bool:
        """Whether a call gets one short try only."""
        return time.monotonic() < self._open_until

    def answered(self) -> None:
        """Close it: the service answered, if only with an error."""
        self._open_until = float("-inf")

    def unanswered(self) -> None:
        """Open it: a call got no answer."""
        self._open_until = time.monotonic() + self._seconds


DYNAMODB = Service(
    "dynamodb", "DYNAMODB", "DynamoDB_20120810", "1.0", tries=3, wait=0.025, has_checksum=True, breaks_for=10
)
SECRETS_MANAGER = Service(
    "secretsmanager", "SECRETS_MANAGER", "secretsmanager", "1.1", tries=2, wait=0.05, has_checksum=False
)

# One try of a hook's call takes three seconds at most. DynamoDB's three tries and then two of SQS end within 20 s,
# back-off included, which leaves a hook function (25 s) the time to answer before API Gateway gives up (29 s).
CONNECT_SECONDS = 1
READ_SECONDS = 2
SHORT_READ_SECONDS = 0.5  # while a service that breaks is taken to hang: what it does not take goes to the queue
