"""Settings of the console's function."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Settings of the console's function.

    Attributes:
        address: Where browsers find it, without a slash at the end (CONSOLE_ADDRESS).
        pool_address: Where browsers and the function find the user pool's pages (USER_POOL_ADDRESS).
        user_pool: The pool's id (USER_POOL_ID).
        client: The id of the pool's client (USER_POOL_CLIENT_ID).
        sessions_table: Name of the table of sessions (SESSIONS_TABLE).
        events_table: Name of the table of events (EVENTS_TABLE).
        destinations_table: Name of the table of destinations (DESTINATIONS_TABLE).
        account_id: The Dash account that this stack serves (DASH_ACCOUNT_ID).
        include_subaccounts: Whether descendants of that account are served, too (INCLUDE_SUBACCOUNTS).
        retention_days: Days that an item is kept; 0 keeps it forever (RETENTION_DAYS).
        time_zone: The office's IANA time zone (BUSINESS_TIME_ZONE).
        stack: The stack's name (POWERTOOLS_SERVICE_NAME).
        region: The AWS Region (AWS_REGION, which Lambda sets).
        queues: The URL of each queue that health is about, by its name (QUEUE_URLS, as JSON).
        destinations_function: Name of the function that manages destinations (DESTINATIONS_FUNCTION).
        send_function: Name of the function that sends to them (SEND_FUNCTION).
        redrive_function: Name of the function that replays the quarantine (REDRIVE_FUNCTION).
        reconcile_function: Name of the function that repairs webhooks (RECONCILE_FUNCTION).
    """

    address: str
    pool_address: str
    user_pool: str
    client: str
    sessions_table: str
    events_table: str
    destinations_table: str
    account_id: str
    include_subaccounts: bool
    retention_days: int
    time_zone: str
    stack: str
    region: str
    queues: Mapping[str, str]
    destinations_function: str
    send_function: str
    redrive_function: str
    reconcile_function: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            address=env["CONSOLE_ADDRESS"],
            pool_address=env["USER_POOL_ADDRESS"],
            user_pool=env["USER_POOL_ID"],
            client=env["USER_POOL_CLIENT_ID"],
            sessions_table=env["SESSIONS_TABLE"],
            events_table=env["EVENTS_TABLE"],
            destinations_table=env["DESTINATIONS_TABLE"],
            account_id=env["DASH_ACCOUNT_ID"].lower(),
            include_subaccounts=env["INCLUDE_SUBACCOUNTS"] == "true",
            retention_days=int(env["RETENTION_DAYS"]),
            time_zone=env["BUSINESS_TIME_ZONE"],
            stack=env["POWERTOOLS_SERVICE_NAME"],
            region=env["AWS_REGION"],
            queues=json.loads(env["QUEUE_URLS"]),
            destinations_function=env["DESTINATIONS_FUNCTION"],
            send_function=env["SEND_FUNCTION"],
            redrive_function=env["REDRIVE_FUNCTION"],
            reconcile_function=env["RECONCILE_FUNCTION"],
        )
