"""Expands a template as CloudFormation does with `Transform: AWS::Serverless-2016-10-31`.

Runs in the SAM CLI's environment, whose translator pins another version of pydantic than ours. Reads
`{"template": ..., "parameters": ...}` from standard input and writes the expanded template to standard output.
"""

import json
import sys

from samtranslator.translator.transform import transform


class NoManagedPolicies:
    """Has no managed policies: the template names none."""

    @staticmethod
    def load() -> dict[str, str]:
        """Return the ARNs of managed policies by their names."""
        return {}


if __name__ == "__main__":
    given = json.load(sys.stdin)
    json.dump(transform(given["template"], given["parameters"], NoManagedPolicies()), sys.stdout)
