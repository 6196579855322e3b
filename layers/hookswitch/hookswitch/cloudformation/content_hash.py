"""The custom resource Custom::Digest: a hash that changes whenever its input does.

A published version of a Lambda function keeps the configuration that the function had when it was published.
CloudFormation publishes another one when the version's own description changes. That has room for 256 characters: too
few for the configuration, enough for its hash. See docs/engineering/decisions/0021-snapstart.md.

The type and its attribute keep the names that deployed stacks know: a resource whose type changes is an error to
CloudFormation.
"""

import hashlib
import json

from hookswitch.cloudformation.custom_resource import Request, Success

TYPE = "Custom::Digest"
PHYSICAL_ID = "digest"  # always the same, since there is nothing to replace or to delete


def content_hash(request: Request) -> Success:
    """Return the SHA-256 of the property `Of`, in hexadecimal digits, as the attribute `Digest`."""
    text = json.dumps(request.properties.get("Of"), sort_keys=True)
    return Success(PHYSICAL_ID, {"Digest": hashlib.sha256(text.encode()).hexdigest()})
