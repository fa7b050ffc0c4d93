from datetime import UTC, datetime, timedelta

import pytest

from rs_srgan import InputError
from rs_srgan.catalogues.earth_search import EARTH_SEARCH
from rs_srgan.catalogues.place import find_place
from rs_srgan.catalogues.revisits import choose_views
from rs_srgan.catalogues.scene import Part, Scene

PLACE = find_place((15, 45, 15.1, 45.1))


def scene(day, cloud=0.0, orbit=122, covered=1.0):
    taken = datetime(2024, 7, 14, tzinfo=UTC) + timedelta(days=day)
    part = Part(f"day {day}", "33TWL", "05.10", None, {})
    return Scene(EARTH_SEARCH, EARTH_SEARCH.collections[0], PLACE, taken, "sentinel-2b", orbit, cloud, covered, (part,))


def days(scenes):
    return [int(each.name.removeprefix("day ")) for each in scenes]


def test_the_reference_is_the_clearest_and_the_newest_of_equals():
    assert days(choose_views([scene(0, 0.1), scene(5), scene(10), scene(15, 0.2)], 2))[0] == 10


def test_clear_views_near_in_season_come_first():
    found = [scene(0), scene(5, 0.05), scene(10, 0.5), scene(180, 0.1)]
    assert days(choose_views(found, 3)) == [0, 5, 10]


def test_a_year_later_is_the_same_season():
    assert days(choose_views([scene(366), scene(120), scene(0)], 2)) == [366, 0]


def test_views_of_other_seasons_are_never_chosen_unless_they_are_allowed():
    assert days(choose_views([scene(0), scene(60), scene(85)], 3)) == [85, 60]
    assert days(choose_views([scene(0), scene(60)], 2, max_days=60)) == [60, 0]
    with pytest.raises(InputError, match="--max-days"):
        choose_views([scene(0), scene(60)], 2)


def test_other_orbits_are_preferred_among_equals():
    assert days(choose_views([scene(0), scene(-5), scene(-7, orbit=22)], 2)) == [0, -7]


def test_cloudy_and_cut_views_are_never_chosen():
    found = [scene(0), scene(5, 0.9), scene(10, covered=0.2), scene(15, 0.3)]
    assert sorted(days(choose_views(found, 8))) == [0, 15]


def test_too_few_views_are_refused():
    with pytest.raises(InputError, match="days"):
        choose_views([scene(0), scene(5, 0.9)], 8)
    with pytest.raises(InputError, match="expected"):
        choose_views([scene(0), scene(5)], 1)
