import os
import subprocess
import sys

import pytest

from rs_srgan import InputError
from rs_srgan.catalogues.cache import cache_folder, shrink, use


def entry(folder, name, size, used):
    use(folder / name)
    folder.joinpath(name, "a.tif").write_bytes(bytes(size))
    os.utime(folder / name / ".used", (used, used))
    return folder / name


def test_what_was_not_used_for_longest_goes_first(monkeypatch):
    folder = cache_folder()
    monkeypatch.setenv("RS_SRGAN_CACHE_GB", "0.000002")
    old, kept, new = (entry(folder, name, 1000, used) for name, used in (("a", 1), ("b", 2), ("c", 3)))
    shrink(folder, [])
    assert [old.exists(), kept.exists(), new.exists()] == [False, True, True]


def test_entries_in_use_and_files_of_others_stay(monkeypatch):
    folder = cache_folder()
    monkeypatch.setenv("RS_SRGAN_CACHE_GB", "0")
    used, other = entry(folder, "a", 1000, 1), entry(folder, "b", 1000, 2)
    folder.joinpath("mine").mkdir()
    folder.joinpath("notes.txt").write_text("mine")
    shrink(folder, [used])
    assert used.exists() and not other.exists()
    assert folder.joinpath("mine").is_dir() and folder.joinpath("notes.txt").is_file()


def test_the_folder_is_the_named_one_or_in_the_users_cache(monkeypatch, tmp_path):
    assert cache_folder().name == "cache"
    monkeypatch.delenv("RS_SRGAN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "rs_srgan" / "scenes"
    monkeypatch.setenv("RS_SRGAN_CACHE", "/proc/none")
    with pytest.raises(InputError, match="RS_SRGAN_CACHE"):
        cache_folder()


_WITHOUT_HOME = """
import os
from rs_srgan.catalogues.cache import cache_folder
os.setuid(12345)
folder = cache_folder()
assert cache_folder() == folder
(folder / "a.tif").write_text("a part of a scene")
print(folder)
"""


@pytest.mark.skipif(not hasattr(os, "setuid") or os.getuid() != 0, reason="needs another user")
def test_without_a_home_folder_nothing_is_kept():
    """Containers run with the number of a user who has no entry in the list of users."""
    environment = {"PATH": os.environ["PATH"], "TMPDIR": "/tmp"}
    command = [sys.executable, "-c", _WITHOUT_HOME]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1 and "RS_SRGAN_CACHE" in done.stderr
    assert not os.path.exists(done.stdout.strip())


@pytest.mark.parametrize("limit", ["much", "-1", "nan"])
def test_a_limit_that_is_no_number_is_refused(monkeypatch, limit):
    monkeypatch.setenv("RS_SRGAN_CACHE_GB", limit)
    with pytest.raises(InputError, match="gigabytes"):
        shrink(cache_folder(), [])
