import pytest

from torture.faults.kills import kill_at_file_operations, kill_at_random_moments, stop_by_signals


def test_kill_9_costs_no_pixel(cases):
    assert [row.found for row in kill_at_random_moments(cases, seed=3, quick=True)] == [()]


def test_a_kill_while_the_result_gets_its_name_costs_no_pixel(cases):
    assert [row.found for row in kill_at_file_operations(cases, seed=3, quick=True)] == [()]


@pytest.mark.slow
def test_signals_have_their_exit_codes_and_cost_no_pixel(cases):
    """Takes half a minute: pytest -m slow tests/torture/faults/test_kills.py."""
    assert [row.found for row in stop_by_signals(cases, seed=3, quick=False)] == [(), ()]
