"""The custom resource Custom::Digest: a short text that differs whenever what it is made of does.

A published version of a Lambda function keeps the configuration that the function had when it was published. What
makes CloudFormation publish another is a change of the version's own description, which has room for 256 characters:
for this digest, but not for the configuration. See docs/engineering/decisions/0021-snapstart.md.
"""

import hashlib
import json

from hookswitch.cloudformation.custom_resource import Request, Success

TYPE = "Custom::Digest"
PHYSICAL_ID = "digest"  # the same for ever: nothing is made, so nothing is to be replaced or deleted


def digest(request: Request) -> Success:
    """Return SHA-256 of the property `Of`, in hexadecimal digits, as the attribute `Digest`."""
    text = json.dumps(request.properties.get("Of"), sort_keys=True)
    return Success(PHYSICAL_ID, {"Digest": hashlib.sha256(text.encode()).hexdigest()})
