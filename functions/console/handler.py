"""Serves the console: its page, its API, and signing in."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from hookswitch.console.app import Console
from hookswitch.console.pool import CognitoPool
from hookswitch.console.sessions import SessionTable
from hookswitch.console.sign_in import SignIn
from hookswitch.console.static import StaticFiles
from hookswitch.console.web import Request
from hookswitch.observability.log import logger
from hookswitch.settings.console import ConsoleSettings

STATIC = Path(__file__).with_name("static")


@cache
def _console() -> Console:
    settings = ConsoleSettings.from_environment()
    sign_in = SignIn(CognitoPool(settings), SessionTable(settings.sessions_table), settings.account_id)
    return Console(settings, sign_in, StaticFiles(STATIC))


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it
    """Answer a request of an HTTP API (payload format 2.0). No log line has an address, which may hold a number."""
    request = Request.from_api_gateway(event)
    return _console().answer(request).to_api_gateway(request)
