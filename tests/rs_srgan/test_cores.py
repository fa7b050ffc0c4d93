import os

import pytest

from rs_srgan.cores import cpu_quota, usable_cores

V2_LINE = "30 23 0:26 {top} {mount} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
V1_LINE = "33 31 0:29 {top} {mount} rw,nosuid - cgroup cgroup rw,{controllers}"


def tree(root, group, mounts, files):
    """Write a fake tree: proc/self/cgroup, proc/self/mountinfo, and the files of control groups."""
    proc = root / "proc" / "self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text("".join(f"{line}\n" for line in group))
    (proc / "mountinfo").write_text("".join(f"{line}\n" for line in ("21 1 8:1 / / rw - ext4 /dev/sda1 rw", *mounts)))
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def version_2(root, files, group="/", top="/"):
    mount = V2_LINE.format(top=top, mount="/sys/fs/cgroup")
    return tree(root, [f"0::{group}"], [mount], {f"sys/fs/cgroup/{name}": text for name, text in files.items()})


def version_1(root, files, group="/", top="/", controllers="cpu,cpuacct"):
    mount = f"/sys/fs/cgroup/{controllers}"
    line = V1_LINE.format(top=top, mount=mount, controllers=controllers)
    groups = [f"4:memory:{group}", f"3:{controllers}:{group}", "0::/"]
    return tree(root, groups, [line], {f"{mount.lstrip('/')}/{name}": text for name, text in files.items()})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("200000 100000\n", 2.0),
        ("50000 100000\n", 0.5),
        ("150000\n", 1.5),
        ("max 100000\n", None),
        ("max\n", None),
        ("", None),
        ("garbage\n", None),
        ("100000 0\n", None),
    ],
)
def test_version_2(tmp_path, content, expected):
    assert cpu_quota(version_2(tmp_path, {"cpu.max": content})) == expected


@pytest.mark.parametrize(
    ("quota", "period", "expected"),
    [("400000", "100000", 4.0), ("-1", "100000", None), ("0", "100000", None), ("100000", "0", None), ("", "1", None)],
)
@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct"])
def test_version_1(tmp_path, quota, period, expected, controllers):
    files = {"cpu.cfs_quota_us": f"{quota}\n", "cpu.cfs_period_us": f"{period}\n"}
    assert cpu_quota(version_1(tmp_path, files, controllers=controllers)) == expected


def test_a_group_is_limited_by_every_group_around_it(tmp_path):
    files = {"cpu.max": "max", "slice/cpu.max": "300000 100000", "slice/pod/cpu.max": "800000 100000"}
    assert cpu_quota(version_2(tmp_path, files, group="/slice/pod")) == 3


def test_other_groups_do_not_count(tmp_path):
    files = {"mine/cpu.max": "max", "other/cpu.max": "100000 100000"}
    assert cpu_quota(version_2(tmp_path, files, group="/mine")) is None


@pytest.mark.parametrize("make", [version_1, version_2])
def test_a_container_sees_its_own_group_at_the_mount_point(tmp_path, make):
    """Docker with version 1 shows the path of the host in /proc, and mounts the group itself."""
    files = {"cpu.max": "200000 100000", "cpu.cfs_quota_us": "200000", "cpu.cfs_period_us": "100000"}
    assert cpu_quota(make(tmp_path, files, group="/docker/abc", top="/docker/abc")) == 2


@pytest.mark.parametrize("make", [version_1, version_2])
def test_a_path_that_does_not_exist_here_counts_as_the_mount_point(tmp_path, make):
    files = {"cpu.max": "200000 100000", "cpu.cfs_quota_us": "200000", "cpu.cfs_period_us": "100000"}
    assert cpu_quota(make(tmp_path, files, group="/../elsewhere")) == 2


def test_a_system_without_control_groups_has_no_quota(tmp_path):
    assert cpu_quota(tmp_path) is None
    assert usable_cores(tmp_path) >= 1


@pytest.mark.parametrize(("quota", "expected"), [("50000", 1), ("100000", 1), ("150000", 2), ("200000", 2), ("max", 8)])
def test_a_quota_counts_as_the_number_of_cores(tmp_path, monkeypatch, quota, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert usable_cores(version_2(tmp_path, {"cpu.max": f"{quota} 100000"})) == expected


def test_cores_that_the_process_may_not_use_do_not_count(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert usable_cores(version_2(tmp_path, {"cpu.max": "400000 100000"})) == 1
