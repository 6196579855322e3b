"""Inputs in the shape of what public reports describe."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def case(name: str) -> dict[str, Any]:
    """Return the payload in a file of this folder."""
    payload: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return payload
