"""A crowd before a closed door: nothing listens at its server's address, so every request fails at once."""

import socket

import pytest

from torture.app_server import Target
from torture.load.crowd import Crowd


@pytest.fixture
def crowd(tmp_path):
    with socket.socket() as closed:  # bound, but not listening
        closed.bind(("127.0.0.1", 0))
        downloads = tmp_path / "downloads"
        downloads.mkdir()
        crowd = Crowd(Target(f"http://127.0.0.1:{closed.getsockname()[1]}", tmp_path, "sample"), downloads, seed=3)
        yield crowd
        crowd.close()
