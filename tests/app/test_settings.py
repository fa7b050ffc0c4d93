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


def test_a_server_is_public_if_others_can_reach_it(tmp_path):
    assert not Settings(folder=tmp_path).is_public
    assert Settings(folder=tmp_path, host="0.0.0.0").is_public
    assert Settings(folder=tmp_path, public_hosts=("sr.example.org",)).is_public
