"""The errors that decide how a delivery is answered; `receive` is the one place that maps them."""


class HookswitchError(Exception):
    """Base of all errors of this package. Its text is for people and carries no secret, token or number."""


class ForbiddenError(HookswitchError):
    """The delivery does not prove that it comes from a webhook that this stack registered."""


class SecretUnavailableError(HookswitchError):
    """Secrets Manager did not hand over the callback secret, so no sender can be checked."""


class UnusableError(HookswitchError):
    """An authentic delivery that is no event of this hook.

    Attributes:
        reasons: What is wrong with it, one sentence each, without any value of the payload.
    """

    def __init__(self, *reasons: str) -> None:
        """Keep the reasons; the first one is the error's text."""
        super().__init__(reasons[0])
        self.reasons = reasons


class StorageUnavailableError(HookswitchError):
    """DynamoDB did not take an item within the time that is left to answer."""


class QueueUnavailableError(HookswitchError):
    """SQS did not take a delivery that DynamoDB did not take either."""
