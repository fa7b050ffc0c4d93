import sys

import pytest

from rs_srgan.inference.progress_bar import reporting, somebody_watches
from rs_srgan.inference.work import Progress


def test_a_function_is_given_back():
    with reporting(print) as report:
        assert report is print


@pytest.mark.parametrize(
    ("progress", "watched", "shown"),
    [(None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_a_bar_shows_where_it_is_wanted(progress, watched, shown, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: watched)
    assert somebody_watches() == watched
    with reporting(progress) as report:
        assert (report is not None) == shown
        if report:
            report(Progress(50, 200, 1.0, 20))
            report(Progress(200, 200, 2.0, 20))
    assert ("px" in capsys.readouterr().err) == shown
