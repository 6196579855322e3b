"""The variables that template.yaml sets for the functions, typed, read once and only when first needed."""

import os
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Settings:
    """What a hook function needs to know about its stack.

    Attributes:
        events_table: Name of the DynamoDB table of events (EVENTS_TABLE).
        callback_secret: ARN of the secret that the callback tokens derive from (CALLBACK_SECRET_ARN).
        redrive_queue: URL of the queue for deliveries that DynamoDB did not take (REDRIVE_QUEUE_URL).
        function_name: This function, as Lambda names it (AWS_LAMBDA_FUNCTION_NAME).
        account_id: The Dash account that this stack serves, 32 hexadecimal digits (DASH_ACCOUNT_ID).
        include_subaccounts: Whether descendants of that account are served too (INCLUDE_SUBACCOUNTS).
        hooks: The hooks that this stack has registered on Dash (HOOKS, comma separated).
        retention_days: Days that an item is kept; 0 keeps it for ever (RETENTION_DAYS).
    """

    events_table: str
    callback_secret: str
    redrive_queue: str
    function_name: str
    account_id: str
    include_subaccounts: bool
    hooks: frozenset[str]
    retention_days: int


@cache
def settings() -> Settings:
    """Return the function's settings.

    Raises:
        KeyError: A variable is missing; its name is the error's text. template.yaml sets all of them.
    """
    env = os.environ
    return Settings(
        events_table=env["EVENTS_TABLE"],
        callback_secret=env["CALLBACK_SECRET_ARN"],
        redrive_queue=env["REDRIVE_QUEUE_URL"],
        function_name=env["AWS_LAMBDA_FUNCTION_NAME"],
        account_id=env["DASH_ACCOUNT_ID"].lower(),
        include_subaccounts=env["INCLUDE_SUBACCOUNTS"] == "true",
        hooks=frozenset(name.strip() for name in env["HOOKS"].split(",")),
        retention_days=int(env["RETENTION_DAYS"]),
    )
