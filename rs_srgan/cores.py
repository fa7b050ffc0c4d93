"""Cores: how many this process may use, which a container can limit by a quota of CPU time.

Linux counts all cores of the machine even if a control group allows the time of only a few. Threads beyond the quota
make a run slower: all of them are stopped when the quota of a period is used up.
"""

import math
import os
from pathlib import Path

_ROOT = Path("/")
# The mount points of control groups, and the file systems of their two versions, are in proc_pid_mountinfo(5).
_VERSION_1, _VERSION_2 = "cgroup", "cgroup2"


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

    A control group limits all groups below it, so every level counts. A container may see its own group as the root of
    the tree, and then the path of the group in /proc does not exist there.

    Args:
        root: folder that holds proc/ and the mounted control groups.
    """
    quotas = []
    groups = _groups(root)
    for mount, version, top in _mounts(root):
        group = groups.get(version)
        if group is None:
            continue
        inside = group.removeprefix(top) if top != "/" else group
        folder = mount
        levels = [folder] + [folder := folder / part for part in inside.split("/") if part and part != ".."]
        read = _quota_1 if version == _VERSION_1 else _quota_2
        quotas += [quota for level in levels if (quota := read(level)) is not None]
    return min(quotas, default=None)


def _groups(root: Path) -> dict[str, str]:
    """Return the path of this process's control group that limits CPU time, by version. Source: cgroups(7)."""
    found = {}
    for line in _lines(root / "proc/self/cgroup"):
        number, controllers, group = (*line.split(":", 2), "", "")[:3]
        if number == "0" and not controllers:
            found[_VERSION_2] = group
        elif "cpu" in controllers.split(","):
            found[_VERSION_1] = group
    return found


def _mounts(root: Path) -> list[tuple[Path, str, str]]:
    """Return where control groups that limit CPU time are mounted, their version, and the group at the mount point."""
    found = []
    for line in _lines(root / "proc/self/mountinfo"):
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), (right.split() or [""])[0]
        options = right.split()[-1].split(",") if right else []
        if len(fields) < 5 or not (kind == _VERSION_2 or (kind == _VERSION_1 and "cpu" in options)):
            continue
        found.append((root / fields[4].lstrip("/"), kind, fields[3]))
    return found


def _quota_1(group: Path) -> float | None:
    quota, period = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    return quota / period if quota and period and quota > 0 and period > 0 else None


def _quota_2(group: Path) -> float | None:
    quota, _, period = " ".join(_lines(group / "cpu.max")).partition(" ")
    try:
        return float(quota) / float(period or 100_000) if quota not in ("", "max") else None
    except (ValueError, ZeroDivisionError):
        return None


def _number(path: Path) -> int | None:
    try:
        return int(" ".join(_lines(path)))
    except ValueError:
        return None


def _lines(path: Path) -> list[str]:
    """Return the lines of a file; none if it cannot be read, as on other systems than Linux."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
