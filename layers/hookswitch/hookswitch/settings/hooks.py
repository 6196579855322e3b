"""Settings of the hook functions, by themselves: each dataclass that a hook imports adds to its cold start."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class HookSettings:
    """Settings of the hook functions.

    Attributes:
        events_table: Name of the DynamoDB table of events (EVENTS_TABLE).
        callback_secret: ARN of the secret that the callback tokens derive from (CALLBACK_SECRET_ARN).
        redrive_queue: URL of the queue for deliveries that DynamoDB did not take (REDRIVE_QUEUE_URL).
        function_name: This function, as Lambda names it (AWS_LAMBDA_FUNCTION_NAME).
        account_id: The Dash account that this stack serves, 32 hexadecimal digits (DASH_ACCOUNT_ID).
        include_subaccounts: Whether descendants of that account are served too (INCLUDE_SUBACCOUNTS).
        retention_days: Days that an item is kept; 0 keeps it forever (RETENTION_DAYS).
    """

    events_table: str
    callback_secret: str
    redrive_queue: str
    function_name: str
    account_id: str
    include_subaccounts: bool
    retention_days: int

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            events_table=env["EVENTS_TABLE"],
            callback_secret=env["CALLBACK_SECRET_ARN"],
            redrive_queue=env["REDRIVE_QUEUE_URL"],
            function_name=env["AWS_LAMBDA_FUNCTION_NAME"],
            account_id=env["DASH_ACCOUNT_ID"].lower(),
            include_subaccounts=env["INCLUDE_SUBACCOUNTS"] == "true",
            retention_days=int(env["RETENTION_DAYS"]),
        )


def starts_from_snapshot() -> bool:
    """Tell whether this execution environment is, or will be, restored from a snapshot (Lambda SnapStart)."""
    return os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
