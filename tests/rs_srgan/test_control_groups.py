"""Control groups of both versions; test_cores.py and the app's test_process.py read limits from them."""

import pytest

from rs_srgan.control_groups import VERSION_1, VERSION_2, group_folders

MOUNTS = """30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
31 23 0:27 /docker/a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
"""
GROUPS = "0::/system.slice/app.service\n5:memory,hugetlb:/docker/a/b\n"


@pytest.mark.parametrize(
    ("controller", "expected"),
    [
        ("cpu", [(VERSION_2, ""), (VERSION_2, "system.slice"), (VERSION_2, "system.slice/app.service")]),
        (
            "memory",
            [
                (VERSION_2, ""),
                (VERSION_2, "system.slice"),
                (VERSION_2, "system.slice/app.service"),
                (VERSION_1, "memory"),
                (VERSION_1, "memory/b"),  # a container sees its own group as the root of the tree
            ],
        ),
    ],
)
def test_every_level_counts(tmp_path, controller, expected):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(MOUNTS)
    (tmp_path / "proc/self/cgroup").write_text(GROUPS)
    groups = tmp_path / "sys/fs/cgroup"
    assert list(group_folders(controller, tmp_path)) == [(version, groups / name) for version, name in expected]


def test_without_proc_there_are_none(tmp_path):
    assert list(group_folders("cpu", tmp_path)) == []
