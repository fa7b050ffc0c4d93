"""A server that does not start says why. Real ones start in tests of the app, and in `python -m torture load`."""

import pytest

from torture.app_server import AppServer, Target


def test_a_server_that_does_not_start_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="--keep"), AppServer(tmp_path, "--keep", "none"):
        pass


def test_a_target_knows_its_port(tmp_path):
    assert Target("http://127.0.0.1:81", tmp_path, "x").port == 81
