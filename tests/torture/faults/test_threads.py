import pytest

from torture.faults.threads import kill_threads


@pytest.mark.slow
def test_a_dead_thread_ends_the_run_and_costs_no_pixel(cases):
    """Takes half a minute: pytest -m slow tests/torture/faults/test_threads.py."""
    rows = kill_threads(cases, seed=3, quick=False)
    assert rows and all(row.found == () for row in rows)
