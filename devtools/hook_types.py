"""The payload type of each hook and the settings of a hook function, for what needs no stack."""

import importlib
from types import ModuleType

from devtools.local import DASH_ACCOUNT_ID
from hookswitch.payloads.base import Payload
from hookswitch.settings.hooks import HookSettings

SETTINGS = HookSettings(
    events_table="events",
    callback_secret="callback",  # noqa: S106 - the name of a secret
    redrive_queue="redrive",
    function_name="function",
    account_id=DASH_ACCOUNT_ID,
    include_subaccounts=False,
    retention_days=0,
)


def hook_module(hook: str) -> ModuleType:
    """Return the module of a hook function."""
    return importlib.import_module(f"functions.hooks.{hook}.handler")


def payload_type(hook: str) -> type[Payload]:
    """Return the payload type that a hook's folder holds."""
    module = hook_module(hook)
    return next(
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Payload) and found.__module__ == module.__name__
    )
