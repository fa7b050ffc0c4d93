import errno
import os

import pytest

from torture.faults.mounts import can_mount, in_own_mounts, mount_tmpfs


@pytest.fixture(autouse=True)
def _rights():
    if not can_mount():
        pytest.skip("this process may not mount a tmpfs")


def fill(folder):
    mount_tmpfs(folder, 50_000)
    try:
        (folder / "file").write_bytes(bytes(200_000))
    except OSError as error:
        return error.errno
    return 0


def test_a_tmpfs_fills_and_is_seen_by_nobody_else(tmp_path):
    assert in_own_mounts(fill, tmp_path) == errno.ENOSPC
    assert os.listdir(tmp_path) == []


def fail():
    raise ValueError("as expected")


def test_an_exception_comes_back():
    with pytest.raises(ValueError, match="expected"):
        in_own_mounts(fail)
