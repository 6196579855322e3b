"""A share of one core, like a function on Lambda, with the kernel's CPU quotas where they are allowed."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PERIOD = 20_000  # microseconds; a function of the smallest size gets 1,400 of them
GROUPS = Path("/sys/fs/cgroup")


@contextlib.contextmanager
def share_of_a_core(share: float, groups: Path = GROUPS) -> Iterator[Path | None]:
    """Create a group of processes that together get a share of one core (Linux, "CFS Bandwidth Control").

    Args:
        share: The share of one core, more than 0.
        groups: The kernel's control groups, version 1 or 2.

    Yields:
        The file to which a process writes its id to join; None if the kernel does not support quotas or this user may
        not set them.
    """
    name, quota = f"hookswitch-bench-{os.getpid()}-{share:.4f}", round(share * PERIOD)
    joined = None
    with contextlib.ExitStack() as undo:
        with contextlib.suppress(OSError):
            if (groups / "cpu" / "cpu.cfs_quota_us").exists():
                group = groups / "cpu" / name
                limits = {"cpu.cfs_period_us": f"{PERIOD}", "cpu.cfs_quota_us": f"{quota}"}
            else:
                (groups / "cgroup.subtree_control").write_text("+cpu", encoding="ascii")
                group, limits = groups / name, {"cpu.max": f"{quota} {PERIOD}"}
            group.mkdir()
            undo.callback(group.rmdir)
            for file, limit in limits.items():
                (group / file).write_text(limit, encoding="ascii")
            joined = group / "cgroup.procs"
        yield joined
