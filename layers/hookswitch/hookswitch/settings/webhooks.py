"""Settings of the functions that work on the webhooks on Dash."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    """Settings of the reconcile function.

    Attributes:
        events_table: Name of the table of events (EVENTS_TABLE).
        account_id: The Dash account that this stack serves (DASH_ACCOUNT_ID).
        retention_days: Days that an item is kept; 0 keeps it forever (RETENTION_DAYS).
        webhooks_state: What the stack registers on Dash, as the custom resource wrote it down (DASH_WEBHOOKS).
        include_subaccounts: Whether descendants of that account are served, too (INCLUDE_SUBACCOUNTS).
        destinations_table: Name of the table of destinations (DESTINATIONS_TABLE).
        repairs_drift: Whether changes that somebody made to a webhook are undone (ON_DRIFT is `repair`).
    """

    events_table: str
    account_id: str
    retention_days: int
    webhooks_state: str
    include_subaccounts: bool
    destinations_table: str
    repairs_drift: bool

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            events_table=env["EVENTS_TABLE"],
            account_id=env["DASH_ACCOUNT_ID"].lower(),
            retention_days=int(env["RETENTION_DAYS"]),
            webhooks_state=env["DASH_WEBHOOKS"],
            include_subaccounts=env["INCLUDE_SUBACCOUNTS"] == "true",
            destinations_table=env["DESTINATIONS_TABLE"],
            repairs_drift=env["ON_DRIFT"] == "repair",
        )


@dataclass(frozen=True, slots=True)
class ProvisionSettings:
    """Settings of the provision function: all that its requests may not choose.

    Attributes:
        stack_id: ARN of the stack (STACK_ID).
        api_url: The base address of Dash's API (DASH_API_URL).
        credentials: ARN of the secret with the credentials for Dash (DASH_CREDENTIALS_ARN).
        callback_secret: ARN of the secret that the callback tokens derive from (CALLBACK_SECRET_ARN).
        callback_base_url: The address to register instead of the API's own; empty for that (CALLBACK_BASE_URL).
        stage: The API's stage (STAGE_NAME).
        url_suffix: The domain of AWS in this partition (URL_SUFFIX).
        ignores_failed_delete: Whether a deletion succeeds although webhooks may be left on Dash (ON_DELETE_FAILURE is
            `ignore`).
    """

    stack_id: str
    api_url: str
    credentials: str
    callback_secret: str
    callback_base_url: str
    stage: str
    url_suffix: str
    ignores_failed_delete: bool

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            stack_id=env["STACK_ID"],
            api_url=env["DASH_API_URL"],
            credentials=env["DASH_CREDENTIALS_ARN"],
            callback_secret=env["CALLBACK_SECRET_ARN"],
            callback_base_url=env["CALLBACK_BASE_URL"],
            stage=env["STAGE_NAME"],
            url_suffix=env["URL_SUFFIX"],
            ignores_failed_delete=env["ON_DELETE_FAILURE"] == "ignore",
        )


@dataclass(frozen=True, slots=True)
class RotateSettings:
    """Settings of the rotate function.

    Attributes:
        callback_secret: ARN of the secret that it rotates (CALLBACK_SECRET_ARN).
        webhooks_state: What the stack registers on Dash, as the custom resource wrote it down (DASH_WEBHOOKS).
    """

    callback_secret: str
    webhooks_state: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(env["CALLBACK_SECRET_ARN"], env["DASH_WEBHOOKS"])
