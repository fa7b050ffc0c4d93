import io
import logging
import sys

import pytest

from rs_srgan.cli.progress import shown_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def log_to(stream, monkeypatch):
    """Put a stream in place of stderr, and log to it, as the command sets it up."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(stream)])
    monkeypatch.setattr(logging.getLogger("rs_srgan"), "level", logging.INFO)
    return stream


def lines_on_screen(text):
    """Return what a terminal shows of a text: a carriage return goes back to the start of the line."""
    shown = []
    for line in text.split("\n"):
        cells = ""
        for part in line.split("\r"):
            cells = part + cells[len(part) :]
        shown.append(cells.rstrip())
    return shown


def test_messages_stand_on_lines_of_their_own_beside_a_bar(monkeypatch):
    stderr = log_to(Terminal(), monkeypatch)
    with shown_progress("px") as show:
        show(0, 100, 0)
        show(50, 100, 0)
        logging.getLogger("rs_srgan").info("half")
        show(100, 100, 0)
        logging.getLogger("rs_srgan").info("summary")
    shown = lines_on_screen(stderr.getvalue())
    assert "px" in stderr.getvalue()
    assert [line for line in shown if line] == ["half", "summary"]


@pytest.mark.parametrize(
    ("steps", "earlier", "expected"),
    [
        (range(1, 1001), 0, [10, 20, 30, 40, 50, 60, 70, 80, 90]),
        ([450, 460, 1000], 0, [45]),
        ([1000], 0, []),
        (range(701, 1001), 700, [80, 90]),
    ],
)
def test_a_log_gets_one_line_for_each_tenth(monkeypatch, steps, earlier, expected):
    stderr = log_to(io.StringIO(), monkeypatch)
    with shown_progress("px") as show:
        for step in steps:
            show(step, 1000, earlier)
    lines = stderr.getvalue().splitlines()
    assert [int(line.split(" ")[0]) for line in lines] == expected
    assert all(line.endswith("left.") and "\r" not in line for line in lines)
