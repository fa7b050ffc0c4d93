"""What is counted. The requests themselves are made in tests/app/end_to_end/test_load.py."""

import threading

import pytest

from torture.deadline import NEVER, Deadline
from torture.load import QUICK, Size, Tally, make_at_once
from torture.visitors import Full, Refused


def fail(error):
    raise error


def test_a_tally_tells_right_answers_limits_and_failures_apart():
    tally = Tally()
    for ask in (
        lambda: None,
        lambda: "",
        lambda: fail(Full("The queue is full")),
        lambda: "it leaked",
        lambda: fail(Refused("an internal error")),
        lambda: "it leaked",
    ):
        tally.note(ask)
    row = tally.row("page", seed=3, seconds=1)
    assert (row.tried, row.survived, tally.right, tally.full) == (6, 3, 2, 1)
    assert row.found == (
        "seed 3, request 4, 2 times: it leaked",
        "seed 3, request 5, 1 times: Refused: an internal error",
    )


def test_only_errors_are_counted():
    with pytest.raises(KeyboardInterrupt):
        Tally().note(lambda: fail(KeyboardInterrupt()))


def test_a_quick_run_asks_for_less():
    assert QUICK.clients < Size().clients == 50
    assert QUICK.seconds < Size().seconds


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


def test_a_tally_without_a_request_has_no_times():
    tally = Tally()
    assert tally.times() == "no time was left"
    assert tally.row("page", 3, 1, planned=20).planned == 20
