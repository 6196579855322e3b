"""Commands about the shared stack, as somebody runs them whose AWS account is the emulator."""

import os
from pathlib import Path

from devtools.local import ACCESS_KEY, REGION, SECRET_KEY
from devtools.stack import Stack

COLUMNS = 80


def environment_of(stack: Stack, home: Path) -> dict[str, str]:
    """Return the environment of somebody whose AWS account is the emulator, in New York.

    Args:
        stack: The stack.
        home: An empty folder.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nothing = home / "empty.toml"
    nothing.touch()
    return kept | {
        "AWS_ENDPOINT_URL": stack.endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "HOOKSWITCH_CONFIG": str(nothing),
        "COLUMNS": str(COLUMNS),
        "NO_PROXY": "127.0.0.1",
        "TZ": "America/New_York",
    }
