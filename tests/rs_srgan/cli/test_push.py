"""The options of `rs-srgan push`; tests/rs_srgan/publishing/test_push.py pushes to a server."""

import pytest

from rs_srgan.cli import push as command
from rs_srgan.cli.main import main
from rs_srgan.hub.upload import Pushed


@pytest.fixture
def calls(monkeypatch):
    """Replace the push by a record of its arguments."""
    found = []

    def push(*arguments, **options):
        found.append((arguments, options))
        return Pushed("https://example.org/a/b", (), (), ())

    monkeypatch.setattr(command, "push", push)
    return found


def test_options_reach_the_push_and_the_address_is_printed(calls, capsys):
    assert (
        main(["push", "folder", "a/b", "--private", "--revision", "r", "--message", "m", "--force", "--dry-run"]) == 0
    )
    assert capsys.readouterr().out == "https://example.org/a/b\n"
    ((arguments, options),) = calls
    assert arguments == ("folder", "a/b")
    assert options == {
        "revision": "r",
        "private": True,
        "pull_request": False,
        "force": True,
        "dry_run": True,
        "message": "m",
    }


def test_privacy_is_left_to_the_organisation_unless_stated(calls):
    assert main(["push", "folder", "a/b", "--quiet"]) == 0
    assert calls[0][1]["private"] is None


def test_a_branch_and_a_pull_request_exclude_each_other(calls):
    with pytest.raises(SystemExit) as caught:
        main(["push", "folder", "a/b", "--revision", "r", "--pull-request"])
    assert caught.value.code == 2 and calls == []
