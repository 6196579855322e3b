"""What a hook function does around its snapshot when Lambda SnapStart is on.

Every copy of the function starts with the memory of one that was started when its version was published. What all
copies can share is loaded before the snapshot: modules, and what the SDK reads from files. What belongs to one copy
comes with its first delivery: credentials, connections, the callback secret. See
docs/engineering/decisions/0021-snapstart.md.
"""

import random

from snapshot_restore_py import (  # type: ignore[import-not-found] # in Lambda's runtime only
    register_after_restore,
    register_before_snapshot,
)

from hookswitch.aws import clients, connection, via_botocore  # noqa: F401 - so that no delivery waits for it


def register() -> None:
    """Register with Lambda what to do before the snapshot is taken and after a copy is restored from it."""
    register_before_snapshot(clients.prime)
    register_before_snapshot(connection.tls_context)
    register_after_restore(random.seed)  # or all copies would draw the same waits
