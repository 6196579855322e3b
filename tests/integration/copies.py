"""Copies of functions that have not yet run: what one of the shared stack learns in a test, others would meet."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hookswitch.receiving.hook_functions import ALIAS

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


def start_anew(lambda_: "LambdaClient", function: str) -> None:
    """Have the emulator start a function anew: it does so after a change, though nothing is changed by it."""
    timeout = lambda_.get_function_configuration(FunctionName=function)["Timeout"]
    lambda_.update_function_configuration(FunctionName=function, Timeout=timeout)


@contextmanager
def another_copy(lambda_: "LambdaClient", hook_function: str) -> Iterator[None]:
    """Have deliveries to a hook go to another copy of its function for a while.

    A published version can't be changed, so the hook's alias leads to the one that is not published.
    """
    version = lambda_.get_alias(FunctionName=hook_function, Name=ALIAS)["FunctionVersion"]
    start_anew(lambda_, hook_function)
    lambda_.update_alias(FunctionName=hook_function, Name=ALIAS, FunctionVersion="$LATEST")
    try:
        yield
    finally:
        lambda_.update_alias(FunctionName=hook_function, Name=ALIAS, FunctionVersion=version)
