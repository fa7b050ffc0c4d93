import dataclasses
import os

import pytest

from torture.deadline import Deadline
from torture.errands import CANARY
from torture.load.remains import read_log, what_is_left
from torture.usage import Usage, usage_of


class ThisProcess:
    """This process in place of a server, which takes minutes to remove its results."""

    def __init__(self, folder, running=True):
        self._folder, self._running = folder, running

    def usage(self) -> Usage:
        return usage_of(os.getpid(), self._folder)

    def is_running(self) -> bool:
        return self._running


def test_what_was_there_before_may_stay(tmp_path):
    server = ThisProcess(tmp_path)
    row = what_is_left(server, server.usage(), 1, Deadline.after(60))
    assert (row.tried, row.survived, row.found) == (6, 6, ())


@pytest.mark.parametrize(("running", "said"), [(True, "too early"), (False, "files 1")])
def test_a_file_that_is_left_counts_once_the_server_had_time_or_has_ended(tmp_path, running, said):
    server = ThisProcess(tmp_path, running)
    before = dataclasses.replace(server.usage(), files=0)
    (tmp_path / "result.tif").touch()
    row = what_is_left(server, before, 1, Deadline.after(0))
    assert said in f"{row.subject} {row.found}"
    assert bool(row.found) == (not running)


def test_errors_and_names_of_files_in_the_log_are_found(tmp_path):
    unexpected = ["Traceback (most recent call last):", "  line 1", "KeyError: 'x'"]
    expected = ["Traceback (most recent call last):", "  line 1", "asyncio.exceptions.CancelledError"]
    (tmp_path / "log").write_text("\n".join(["started", *unexpected, *expected, f"opened {CANARY}.tif", *unexpected]))
    row = read_log(tmp_path / "log", 7)
    assert (row.tried, row.survived) == (11, 8)
    assert row.found == ("seed 7, 2 times: KeyError: 'x'", f"seed 7, 1 times: opened {CANARY}.tif")
