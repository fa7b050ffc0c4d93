import pickle

import pytest

from torture.deadline import NEVER, Deadline


def test_a_deadline_passes_also_in_another_process():
    assert Deadline.after(0).has_passed and Deadline.after(0).left == 0
    later = pickle.loads(pickle.dumps(Deadline.after(60)))
    assert not later.has_passed and 50 < later.left <= 60


def test_without_a_limit_there_is_always_time():
    assert not NEVER.has_passed
    assert [each.has_passed for each in NEVER.shares([1, 2])] == [False, False]


def test_tasks_share_the_time_and_leave_what_they_do_not_use():
    first, second, last = Deadline.after(60).shares([1, 2, 3])  # none of them uses any
    assert first.left == pytest.approx(10, abs=0.5)
    assert second.left == pytest.approx(24, abs=0.5)
    assert last.left == pytest.approx(60, abs=0.5)


def test_a_task_that_takes_too_long_shortens_those_after_it():
    assert [each.has_passed for each in Deadline.after(0).shares([1, 1])] == [True, True]
