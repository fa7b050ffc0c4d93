"""Cores: how many this process may use, which a container can limit by a quota of CPU time.

Linux counts all cores of the machine even if a control group allows the time of only a few. Threads beyond the quota
make a run slower: all of them are stopped when the quota of a period is used up.
"""

import math
import os
from pathlib import Path

from rs_srgan.control_groups import VERSION_1, group_folders, lines_of

_ROOT = Path("/")


def usable_cores(root: Path = _ROOT) -> int:
    """Return the number of cores that this process may use, at least 1.

    Args:
        root: folder that holds proc/ and the mounted control groups.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota(root)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def cpu_quota(root: Path = _ROOT) -> float | None:
    """Return the smallest quota of CPU time of this process's control groups, cores; None without a quota.

    Args:
        root: folder that holds proc/ and the mounted control groups.
    """
    quotas = [
        quota
        for version, group in group_folders("cpu", root)
        if (quota := _quota_1(group) if version == VERSION_1 else _quota_2(group)) is not None
    ]
    return min(quotas, default=None)


def _quota_1(group: Path) -> float | None:
    quota, period = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    return quota / period if quota and period and quota > 0 and period > 0 else None


def _quota_2(group: Path) -> float | None:
    quota, _, period = " ".join(lines_of(group / "cpu.max")).partition(" ")
    try:
        return float(quota) / float(period or 100_000) if quota not in ("", "max") else None
    except (ValueError, ZeroDivisionError):
        return None


def _number(path: Path) -> int | None:
    try:
        return int(" ".join(lines_of(path)))
    except ValueError:
        return None
