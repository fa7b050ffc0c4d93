"""Secrets are found where they are, and the project writes none."""

import sys
import urllib.error
import urllib.request

import pytest

from torture.leaks import Way, count_ways, echo_server, environment, run_way, search_leaks, write_scene
from torture.marks import MARK, leaks_in, secret


def test_a_command_has_the_secrets_and_all_that_it_says_is_seen(tmp_path):
    way = Way(
        "careless", ("-c", "import os, sys; print(os.environ['HF_TOKEN']); sys.exit(os.environ['AWS_SESSION_TOKEN'])")
    )
    assert len(leaks_in(run_way(way, environment(), 1), tmp_path)) == 2


def test_the_server_repeats_what_it_is_asked(tmp_path):
    asked = secret()
    with echo_server(write_scene(tmp_path)) as port:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/403/a.tif?sig={asked}")
        assert asked in refused.value.read().decode()
        whole = urllib.request.urlopen(f"http://127.0.0.1:{port}/scene.tif").read()
    assert whole == (tmp_path / "scene.tif").read_bytes()


def test_manifest_and_reports_hold_no_secret(tmp_path):
    found = search_leaks(tmp_path, ["the manifest and the reports of a batch"])
    assert list(found.values()) == [[]]
    assert MARK not in (tmp_path / "batch" / "report.md").read_text()
    assert "a.tif?..." in next((tmp_path / "batch" / "manifest").iterdir()).read_text()


@pytest.mark.slow
def test_no_command_says_or_writes_a_secret(tmp_path):
    """A minute: python -m pytest -m slow tests/torture/test_leaks.py."""
    found = search_leaks(tmp_path)
    assert len(found) == count_ways() > 15
    assert {way: places for way, places in found.items() if places} == {}, sys.version
