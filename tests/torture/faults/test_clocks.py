import pytest

from torture.faults.clocks import change_clocks


@pytest.mark.slow
def test_no_clock_changes_the_pixels(cases):
    """Starts the command seven times: pytest -m slow tests/torture/faults/test_clocks.py."""
    assert [row.found for row in change_clocks(cases, seed=3, quick=False)] == [()]
