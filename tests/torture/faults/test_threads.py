from torture.faults.threads import kill_threads


def test_a_dead_thread_ends_the_run_and_costs_no_pixel(cases):
    assert [row.found for row in kill_threads(cases, seed=3, quick=True)] == [()]
