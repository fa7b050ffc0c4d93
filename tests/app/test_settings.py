"""The settings of a server."""

from app.sandbox.process import worker_bytes
from app.settings import Settings


def test_each_server_has_a_folder_of_its_own_for_its_user_alone():
    one, other = Settings(), Settings()
    assert one.folder != other.folder
    for settings in (one, other):
        assert settings.folder.stat().st_mode & 0o077 == 0
        settings.folder.rmdir()


def test_processes_share_the_memory(tmp_path):
    assert Settings(folder=tmp_path, concurrency=4).memory == worker_bytes(4)


def test_a_server_listens_on_its_own_machine_only_by_default(tmp_path):
    assert Settings(folder=tmp_path).host == "127.0.0.1"
