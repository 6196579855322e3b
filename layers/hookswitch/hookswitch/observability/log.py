"""The one logger. Its `service` is the stack's name (POWERTOOLS_SERVICE_NAME)."""

import traceback

from aws_lambda_powertools.logging import Logger

logger = Logger()


def log_fault(error: Exception) -> str:
    """Log an error that nobody has foreseen, and return the sentence that was logged.

    It says where the error comes from, and not what the error says: nobody has checked that this holds no secret, and
    nothing of a payload.
    """
    frames = traceback.extract_tb(error.__traceback__)
    sentence = f"{type(error).__name__} in {frames[-1].name}, line {frames[-1].lineno}: this is a fault in hookswitch."
    called = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    logger.error(sentence, extra={"frames": called}, stacklevel=2)
    return sentence
