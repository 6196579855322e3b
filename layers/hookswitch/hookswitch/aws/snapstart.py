"""What a hook function does around the snapshot that it starts from, with Lambda SnapStart.

Every copy of the function begins with the memory of one that was started when its version was published. What the
copies may have in common is made ready before: modules, and what the SDK reads from files. What belongs to one copy
comes with its first delivery: credentials, connections, the callback secret. See
docs/engineering/decisions/0021-snapstart.md.
"""

import random

from snapshot_restore_py import (  # type: ignore[import-not-found] # in Lambda's runtime only
    register_after_restore,
    register_before_snapshot,
)

from hookswitch.aws import clients, connection, via_botocore  # noqa: F401 - a delivery would wait for sdk


def register() -> None:
    """Register with Lambda what is to be done before the snapshot is taken, and after a copy is restored from it."""
    register_before_snapshot(clients.prime)
    register_before_snapshot(connection.tls)
    register_after_restore(random.seed)  # else the copies wait for their retries in step
