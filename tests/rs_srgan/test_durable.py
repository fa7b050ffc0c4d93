import errno
import os

import pytest

from rs_srgan.durable import force_content, force_names


@pytest.fixture
def failing(monkeypatch):
    """Let the disk fail with an error number."""

    def switch(number):
        def fail(descriptor):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", fail)

    return switch


def test_content_and_names_are_forced_by_their_own_descriptors(tmp_path, monkeypatch):
    forced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: forced.append(os.fstat(descriptor).st_ino))
    file = tmp_path / "a.tif"
    file.write_bytes(b"pixels")
    force_content(file)
    with file.open("r+b", buffering=0) as opened:
        force_content(opened)
    force_names(tmp_path)
    assert forced == [file.stat().st_ino, file.stat().st_ino, tmp_path.stat().st_ino]
    assert file.read_bytes() == b"pixels"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_is_an_error(tmp_path, failing, number):
    failing(number)
    (tmp_path / "a.tif").write_bytes(b"pixels")
    for force, path in ((force_content, tmp_path / "a.tif"), (force_names, tmp_path)):
        with pytest.raises(OSError, check=lambda error: error.errno == number):
            force(path)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_force_anything_is_used_all_the_same(tmp_path, failing, number):
    failing(number)
    force_names(tmp_path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        force_content(tmp_path / "none.tif")
