import errno
import fcntl
import signal
import subprocess
import sys

from app.leftovers import claim, clear_leftovers

KILLED = """
import os, signal, sys
from pathlib import Path
from app.leftovers import claim
lock = claim(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_only_folders_of_killed_servers_are_removed(tmp_path):
    for name in ("rs_srgan_running", "rs_srgan_killed", "rs_srgan_other", "mine"):
        (tmp_path / name).mkdir()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "rs_srgan_killed")], check=False)
    assert killed.returncode == -signal.SIGKILL
    with claim(tmp_path / "rs_srgan_running"):
        (tmp_path / "mine" / "lock").touch()
        assert clear_leftovers(tmp_path, "rs_srgan_*") == [tmp_path / "rs_srgan_killed"]
    assert {path.name for path in tmp_path.iterdir()} == {"rs_srgan_running", "rs_srgan_other", "mine"}


def test_a_server_starts_on_a_file_system_without_locks_and_removes_nothing(tmp_path, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    for name in ("rs_srgan_mine", "rs_srgan_other"):
        (tmp_path / name).mkdir()
    with claim(tmp_path / "rs_srgan_mine"), claim(tmp_path / "rs_srgan_other"):
        pass
    assert clear_leftovers(tmp_path, "rs_srgan_*") == []
    assert len(list(tmp_path.iterdir())) == 2
