"""The one logger. Its `service` is the stack's name (POWERTOOLS_SERVICE_NAME)."""

import traceback

from aws_lambda_powertools.logging import Logger

logger = Logger()


def log_fault(error: Exception) -> str:
    """Log an unexpected error, and return the sentence that was logged.

    It names the place of the error and leaves out its text, which could hold a secret or a part of a payload.
    """
    frames = traceback.extract_tb(error.__traceback__)
    sentence = f"{type(error).__name__} in {frames[-1].name}, line {frames[-1].lineno}: this is a fault in hookswitch."
    called = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    logger.error(sentence, extra={"frames": called}, stacklevel=2)
    return sentence
