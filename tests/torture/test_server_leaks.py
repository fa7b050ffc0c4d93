"""The app as a server keeps its token and its password to itself."""

import httpx
import pytest

from torture.server_leaks import leaks_of_server, requests_of


@pytest.mark.slow
def test_the_app_says_and_writes_no_secret(tmp_path):
    assert leaks_of_server(tmp_path) == []
    assert "Uvicorn running" in (tmp_path / "server.log").read_text()


def test_right_and_wrong_requests_are_made():
    right, wrong = httpx.BasicAuth("me", "a"), httpx.BasicAuth("me", "b")
    asked = [more.get("auth") for _, _, more in requests_of(right, wrong)]
    assert len(asked) >= 10 and {right, wrong, None} == set(asked)
