from dataclasses import replace

from torture.faults.kills import kill_at_file_operations, kill_at_random_moments, stop_by_signals


def test_kill_9_costs_no_pixel(cases):
    image_only = replace(cases, revisits=cases.image, uncertain=cases.image, cog=cases.image, catalogue=cases.image)
    rows = kill_at_random_moments(image_only, seed=3, quick=True)
    assert rows and all(row.found == () for row in rows[:1])


def test_a_kill_while_the_result_gets_its_name_costs_no_pixel(cases):
    assert [row.found for row in kill_at_file_operations(cases, seed=3, quick=True)] == [(), ()]


def test_signals_have_their_exit_codes_and_cost_no_pixel(cases):
    assert [row.found for row in stop_by_signals(cases, seed=3, quick=True)] == [(), ()]
