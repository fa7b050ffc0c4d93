from torture.faults.memory import limit_memory


def test_a_full_memory_costs_no_pixel(cases):
    assert [row.found for row in limit_memory(cases, seed=3, quick=True)] == [()]
