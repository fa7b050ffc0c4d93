import pytest

from torture.faults.rivals import start_rivals


@pytest.mark.slow
def test_one_of_four_runs_writes_the_target(cases):
    """Takes half a minute: pytest -m slow tests/torture/faults/test_rivals.py."""
    rows = start_rivals(cases, seed=3, quick=False)
    assert rows and all(row.found == () for row in rows)
