"""Functions in a fresh state, for tests that must not affect the shared functions of the stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hookswitch.receiving.hook_functions import ALIAS

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


def restart(lambda_: "LambdaClient", function: str) -> None:
    """Make the emulator restart a function, with an update that changes nothing."""
    timeout = lambda_.get_function_configuration(FunctionName=function)["Timeout"]
    lambda_.update_function_configuration(FunctionName=function, Timeout=timeout)


@contextmanager
def another_copy(lambda_: "LambdaClient", hook_function: str) -> Iterator[None]:
    """Direct a hook's deliveries to another copy of its function for a while.

    A published version can't be changed, so the hook's alias points to the unpublished version.
    """
    version = lambda_.get_alias(FunctionName=hook_function, Name=ALIAS)["FunctionVersion"]
    restart(lambda_, hook_function)
    lambda_.update_alias(FunctionName=hook_function, Name=ALIAS, FunctionVersion="$LATEST")
    try:
        yield
    finally:
        lambda_.update_alias(FunctionName=hook_function, Name=ALIAS, FunctionVersion=version)
