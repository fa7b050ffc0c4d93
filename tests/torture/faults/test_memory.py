import pytest

from torture.faults.memory import limit_memory


@pytest.mark.slow
def test_a_full_memory_costs_no_pixel(cases):
    """Takes half a minute: pytest -m slow tests/torture/faults/test_memory.py."""
    rows = limit_memory(cases, seed=3, quick=False)
    assert rows and all(row.found == () for row in rows)
