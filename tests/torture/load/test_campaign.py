import pytest

from torture.deadline import NEVER
from torture.load.campaign import run


@pytest.mark.slow  # a server starts, and is asked in every way
def test_a_quick_run_finds_nothing():
    rows = run(seed=1, quick=True, until=NEVER)
    assert [line for row in rows for line in row.found] == []
    assert all(row.tried for row in rows)
