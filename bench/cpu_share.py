"""A share of one processor, as Lambda gives it to a function: the kernel's quotas, where they may be set."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PERIOD = 20_000  # microseconds in which a function can use up its share: at the smallest size 1,400 of them
GROUPS = Path("/sys/fs/cgroup")


@contextlib.contextmanager
def share_of_a_core(share: float, groups: Path = GROUPS) -> Iterator[Path | None]:
    """Make a group of processes that together get a share of one core (Linux, "CFS Bandwidth Control").

    Args:
        share: Of one core, more than 0.
        groups: Where the kernel has its groups, of version 1 or 2.

    Yields:
        The file into which a process that joins writes its id; None where the kernel has no quotas, or lets only the
        machine's administrator set them.
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
