import threading

import pytest

from torture.deadline import NEVER, Deadline
from torture.load.at_once import make_at_once


def test_calls_that_do_not_end_are_left_behind_at_the_deadline():
    go_on, ended = threading.Event(), []
    calls = [go_on.wait, lambda: ended.append(1), go_on.wait]
    assert make_at_once(calls, Deadline.after(0.5)) == 2
    assert ended == [1]
    go_on.set()


def test_something_else_is_done_meanwhile_until_all_calls_have_ended():
    go_on, done = threading.Event(), []

    def meanwhile():
        done.append(1)
        go_on.set()

    assert make_at_once([go_on.wait], NEVER, meanwhile) == 0
    assert done


def test_an_error_of_a_visit_is_raised():
    with pytest.raises(ZeroDivisionError):
        make_at_once([lambda: 1 / 0], NEVER)
