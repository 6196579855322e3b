"""What a hook function does before and after its snapshot when Lambda SnapStart is enabled.

Every execution environment starts from the memory of one that was started when the version was published. What all can
share is loaded before the snapshot: modules, and the SDK's data files. What belongs to a single one is loaded with its
first delivery: credentials, connections, the callback secret. See docs/engineering/decisions/0021-snapstart.md.
"""

import random

from snapshot_restore_py import (  # type: ignore[import-not-found] # only in Lambda's runtime
    register_after_restore,
    register_before_snapshot,
)

from hookswitch.aws import clients, connection, via_botocore  # noqa: F401 - loaded before the first delivery


def register() -> None:
    """Register what Lambda runs before it takes the snapshot and after it restores one."""
    register_before_snapshot(clients.prime)
    register_before_snapshot(connection.tls_context)
    register_after_restore(random.seed)  # otherwise all environments would draw the same waits
