import sys

import pytest

from rs_srgan.progress.bar import reporting, somebody_watches
from rs_srgan.progress.state import Progress

TILES = (Progress(50, 200, 1.0, 20), Progress(200, 200, 2.0, 20))


def test_a_function_is_given_back():
    with reporting(print) as report:
        assert report is print


@pytest.mark.parametrize(
    ("progress", "watched", "states", "shown"),
    [
        (None, True, TILES, True),
        (None, True, TILES[1:], False),
        (None, False, TILES, False),
        (True, False, TILES[1:], True),
        (False, True, TILES, False),
    ],
)
def test_a_bar_shows_where_it_is_wanted_and_there_is_something_to_wait_for(
    progress, watched, states, shown, monkeypatch, capsys
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: watched)
    assert somebody_watches() == watched
    with reporting(progress) as report:
        for state in states if report else ():
            report(state)
    assert ("px" in capsys.readouterr().err) == shown


def test_without_standard_error_nobody_watches(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert not somebody_watches()
