import errno
import fcntl

import pytest

from rs_srgan import InputError
from rs_srgan.writing.lock import TargetLock


def test_a_second_lock_is_refused_until_the_first_is_released(tmp_path):
    target, path = tmp_path / "a.tif", tmp_path / "a.tif.partial.lock"
    first, second = TargetLock(target, path), TargetLock(target, path)
    first.acquire()
    with pytest.raises(InputError, match="Another"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_locks_gives_a_warning_and_leaves_nothing(tmp_path, monkeypatch, caplog):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    lock = TargetLock(tmp_path / "a.tif", tmp_path / "a.tif.partial.lock")
    lock.acquire()
    assert caplog.text.count("locks") == 1 and list(tmp_path.iterdir()) == []
    lock.release()
    TargetLock(tmp_path / "u.tif", tmp_path / "u.tif.partial.lock", quiet=True).acquire()
    assert caplog.text.count("locks") == 1
