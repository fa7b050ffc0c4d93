from torture.faults.rivals import start_rivals


def test_one_of_four_runs_writes_the_target(cases):
    assert [row.found for row in start_rivals(cases, seed=3, quick=True)] == [()]
