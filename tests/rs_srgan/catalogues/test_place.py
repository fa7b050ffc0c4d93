import json
import math

import pytest

from rs_srgan import InputError
from rs_srgan.catalogues.place import find_place
from rs_srgan.reading.proj import crs_by_name


def test_a_degree_at_the_equator_has_its_area():
    assert find_place((10, -0.5, 11, 0.5)).area_km2() == pytest.approx(111.195**2, rel=1e-3)


def test_a_box_across_the_antimeridian_has_a_part_on_either_side():
    place = find_place((179.9, -17, -179.9, -16.8))
    west, _, east, _ = place.outline.bounds
    assert (west, east) == (-180, 180) and len(place.outline.geoms) == 2
    assert place.area_km2() == pytest.approx(find_place((10, -17, 10.2, -16.8)).area_km2())


def test_the_projected_outline_keeps_the_area():
    place = find_place((14.9, 45, 15.1, 45.1))
    assert place.projected(crs_by_name("EPSG:32633")).area / 1e6 == pytest.approx(place.area_km2(), rel=0.01)


@pytest.mark.parametrize(
    ("area", "match"),
    [
        ((14, 45, 14.02), "expected"),
        (("a", 45, 14, 46), "expected"),
        (None, "expected"),
        ((14.02, 45, 14, 45.02), "Exchange"),
        ((14, 45.02, 14.02, 45), "south"),
        ((14, 45, 14, 45.02), "degrees"),
        ((math.nan, 45, 14, 45.02), "degrees"),
        ((14, 85, 14.02, 85.1), "latitude"),
        ((14, -89, 14.02, -88.9), "latitude"),
        ((-10, 36, 30, 60), "square"),
        ((500_000, 4_990_000, 500_100, 4_990_100), "degrees"),
    ],
)
def test_what_is_no_place_of_a_fair_size_is_refused(area, match):
    with pytest.raises(InputError, match=match):
        find_place(area)


def test_polygons_come_from_a_file_in_any_crs(tmp_path):
    ring = [[500_000, 4_990_000], [502_000, 4_990_000], [502_000, 4_992_000], [500_000, 4_990_000]]
    crs = {"type": "name", "properties": {"name": "EPSG:32633"}}
    path = tmp_path / "field.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring], "crs": crs}))
    place = find_place(path)
    assert place.aoi == path and place.area_km2() == pytest.approx(2, rel=0.01)
