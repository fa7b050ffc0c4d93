"""Calls on Ray. Slow: python -m pytest -m slow tests/rs_srgan/batch/test_calls.py."""

import pytest

pytest.importorskip("ray")
from rs_srgan.batch.calls import Calls
from rs_srgan.batch.crew import Member
from rs_srgan.batch.task import Place


class Actor:
    def double(self, number):
        return 2 * number

    def fail(self):
        raise ValueError("no number")


@pytest.fixture
def member(ray_here):
    member = Member(ray_here.remote(Actor).options(num_cpus=0).remote())
    yield member
    ray_here.kill(member.handle)


def answers(calls, said):
    """Take answers until something was said, and return the dead actors."""
    dead = []
    while not said:
        dead += calls.take_answers()
    return dead


@pytest.mark.slow
def test_answers_and_errors_reach_those_who_asked(member):
    calls, said = Calls(60), []
    calls.add(member, member.handle.double.remote(3), said.append, said.append)
    assert member.calls == 1
    assert answers(calls, said) == [] and said == [6] and member.calls == 0
    said.clear()
    calls.add(member, member.handle.fail.remote(), said.append, said.append)
    assert answers(calls, said) == []
    assert isinstance(said[0], ValueError)


@pytest.mark.slow
def test_a_dead_actor_is_named_and_its_call_fails(member, ray_here):
    calls, said = Calls(60), []
    ray_here.kill(member.handle)
    calls.add(member, member.handle.double.remote(3), said.append, said.append)
    assert answers(calls, said) == [member]
    assert isinstance(said[0], ConnectionError)


@pytest.mark.slow
def test_a_dead_actor_is_named_before_its_calls_fail(member, ray_here):
    calls, said = Calls(60), []
    member.place = Place("node", "host")
    ray_here.kill(member.handle)
    for number in range(2):
        calls.add(member, member.handle.double.remote(number), said.append, said.append)
    named = []
    while not named:
        for dead in calls.take_answers():
            assert said == []
            named.append(dead)
            assert len(calls.withdraw(dead)) == 2
    assert named == [member] and said == []


@pytest.mark.slow
def test_late_answers_are_known_and_withdrawn_calls_say_nothing(member):
    calls, said = Calls(60), []
    reference = member.handle.double.remote(3)
    calls.add(member, reference, said.append, said.append, patience=0)
    assert calls.overdue() == [member]
    assert [call.member for call in calls.withdraw(member)] == [member]
    assert calls.overdue() == [] and list(calls.take_answers()) == [] and said == []
