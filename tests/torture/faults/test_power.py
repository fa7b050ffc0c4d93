from torture.faults.power import cut_the_power


def test_a_power_cut_leaves_nothing_wrong(cases):
    assert [row.found for row in cut_the_power(cases, seed=3, quick=True)] == [()]
