"""Building a payload type during the cold start: what it loads, and what not."""

import os
import subprocess
import sys

import pytest

IMPORT_A_HOOK = """
import sys
from functions.hooks.missed_call import handler
from hookswitch.payloads.base import Payload

(payload_type,) = (member for member in vars(handler).values() if isinstance(member, type)
                   and issubclass(member, Payload) and member.__module__ == handler.__name__)
print(sorted({"importlib.metadata", "zipfile", "shutil"} & set(sys.modules)))
print(type(payload_type.__pydantic_validator__).__name__)
"""


@pytest.mark.parametrize(("disabled", "searched"), [("__all__", False), ("", True)])
def test_a_hook_searches_for_plugins_only_where_they_are_enabled(*, disabled: str, searched: bool) -> None:
    """The template disables them, so no cold start waits for the modules of that search. The validator is built."""
    environment = {
        **os.environ,
        "PYDANTIC_DISABLE_PLUGINS": disabled,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "POWERTOOLS_METRICS_NAMESPACE": "Hookswitch",
    }
    loaded, validator = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", IMPORT_A_HOOK], env=environment, capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    assert ("importlib.metadata" in loaded) is searched
    assert validator == "SchemaValidator"
