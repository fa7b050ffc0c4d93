"""Control groups: folders of the system that limit what this process may use, for example in a container."""

from collections.abc import Iterator
from pathlib import Path

# The mount points of control groups, and the file systems of their two versions, are in proc_pid_mountinfo(5).
VERSION_1, VERSION_2 = "cgroup", "cgroup2"


def group_folders(controller: str, root: Path = Path("/")) -> Iterator[tuple[str, Path]]:
    """Yield the version and the folder of each control group of this process and of those around it.

    A control group limits all groups below it, so every level counts. A container may see its own group as the root of
    the tree, and then the path of the group in /proc does not exist there. Source: cgroups(7).

    Args:
        controller: what the groups limit: cpu or memory.
        root: folder that holds proc/ and the mounted control groups.
    """
    groups = _groups(root, controller)
    for mount, version, top in _mounts(root, controller):
        group = groups.get(version)
        if group is None:
            continue
        inside = group.removeprefix(top) if top != "/" else group
        folder = mount
        yield version, folder
        for part in inside.split("/"):
            if part and part != "..":
                folder /= part
                yield version, folder


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file; none if it cannot be read, as on other systems than Linux."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _groups(root: Path, controller: str) -> dict[str, str]:
    """Return the path of this process's control group, by version."""
    found = {}
    for line in lines_of(root / "proc/self/cgroup"):
        number, controllers, group = (*line.split(":", 2), "", "")[:3]
        if number == "0" and not controllers:
            found[VERSION_2] = group
        elif controller in controllers.split(","):
            found[VERSION_1] = group
    return found


def _mounts(root: Path, controller: str) -> list[tuple[Path, str, str]]:
    """Return where control groups are mounted, their version, and the group at the mount point."""
    found = []
    for line in lines_of(root / "proc/self/mountinfo"):
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), (right.split() or [""])[0]
        options = right.split()[-1].split(",") if right else []
        if len(fields) < 5 or not (kind == VERSION_2 or (kind == VERSION_1 and controller in options)):
            continue
        found.append((root / fields[4].lstrip("/"), kind, fields[3]))
    return found
