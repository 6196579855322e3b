"""The constants of a local stack: its files, its Dash account and its secrets."""

import platform
from pathlib import Path

from hookswitch.dash.hooks import SELECTABLE_HOOKS
from simulator import payloads

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
TEMPLATE = ROOT / "template.yaml"
STACK_FILE = LOCAL / "stack.json"

REGION = "us-east-1"
RUNTIME = "python3.13"
STACK_NAME = "hookswitch"
ACCESS_KEY = "test"  # the emulator takes this pair for the account's root user
SECRET_KEY = "test"  # noqa: S105 - no secret: the emulator's own default

DASH_ACCOUNT_ID = payloads.DEFAULT_ACCOUNT_ID
DASH_API_KEY = "0123456789abcdef" * 4
CALLBACK_SECRET = "local-development-callback-secret-0123456789"  # noqa: S105 - public on purpose; functions check it like any other


def architecture() -> str:
    """Return this machine's architecture as Lambda names it: the emulator runs the functions natively."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def parameters() -> dict[str, str]:
    """Return the template's parameters for a local stack with every hook.

    `stack.deploy` adds where to copy CALLBACK_SECRET from, which is known only once the emulator runs.
    """
    return {
        "DashAccountId": DASH_ACCOUNT_ID,
        "DashApiKey": DASH_API_KEY,
        "Architecture": architecture(),
        "Hooks": ",".join(SELECTABLE_HOOKS),
        "BusinessHours": "9-16",
    }
