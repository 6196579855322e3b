"""Expands a template as CloudFormation does with `Transform: AWS::Serverless-2016-10-31`.

Runs in the SAM CLI's environment, whose translator pins another version of pydantic than ours. Reads lines with
`{"template": ..., "parameters": ...}` from standard input, and writes a line for each to standard output: the expanded
template, or why there is none.
"""

import json
import sys
from typing import Any

from samtranslator.translator.transform import transform


class NoManagedPolicies:
    """Has no managed policies: the template names none."""

    @staticmethod
    def load() -> dict[str, str]:
        """Return the ARNs of managed policies by their names."""
        return {}


def answer(line: str) -> dict[str, Any]:
    """Return the expanded template, or the reason why the translator refuses it."""
    given = json.loads(line)
    try:
        return {"expanded": transform(given["template"], given["parameters"], NoManagedPolicies())}
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller says it
        return {"refused": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(line)), flush=True)
