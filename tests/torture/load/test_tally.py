import pytest

from torture.load.tally import Tally
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


def test_a_tally_without_a_request_has_no_times():
    tally = Tally()
    assert tally.times() == "no time was left"
    assert tally.row("page", 3, 1, planned=20).planned == 20
