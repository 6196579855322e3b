"""The one logger. Its `service` is the stack's name (POWERTOOLS_SERVICE_NAME)."""

from aws_lambda_powertools.logging import Logger

logger = Logger()
