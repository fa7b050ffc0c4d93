import errno
import fcntl

import pytest

from rs_srgan.locks import has_locks, lock


def refuse_with(monkeypatch, number):
    def refuse(descriptor, operation):
        raise OSError(number, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_told(tmp_path, monkeypatch, number):
    assert has_locks(tmp_path)
    refuse_with(monkeypatch, number)
    assert not has_locks(tmp_path) and list(tmp_path.iterdir()) == []
    with (tmp_path / "a").open("wb") as file:
        assert not lock(file)


def test_another_error_of_the_lock_is_passed_on(tmp_path, monkeypatch):
    refuse_with(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="locks"):
        has_locks(tmp_path)


def test_a_locked_file_is_locked_until_it_is_closed(tmp_path):
    path = tmp_path / "a"
    path.touch()
    with path.open("rb") as first, path.open("rb") as second:
        assert lock(first)
        with pytest.raises(BlockingIOError):
            lock(second)
    with path.open("rb") as third:
        assert lock(third)
