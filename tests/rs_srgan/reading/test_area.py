import json
import re

import numpy as np
import pytest
import rasterio
import shapely

from rs_srgan import InputError
from rs_srgan.reading import area as area_module
from rs_srgan.reading.area import read_area

RING = [[10, 46], [11, 46], [11, 47], [10, 47], [10, 46]]
SQUARE = {"type": "Polygon", "coordinates": [RING]}


@pytest.mark.parametrize(
    "content",
    [
        SQUARE,
        {"type": "Feature", "properties": {}, "geometry": SQUARE},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": SQUARE}]},
        {"type": "GeometryCollection", "geometries": [SQUARE, {"type": "Point", "coordinates": [0, 0]}]},
        {"type": "MultiPolygon", "coordinates": [[RING]]},
        {"type": "Polygon", "coordinates": [[[*corner, 100.0] for corner in RING]]},
    ],
    ids=["geometry", "feature", "features", "collection", "multipolygon", "with heights"],
)
def test_polygons_are_found_in_every_wrapping(write_area, content):
    area, crs = read_area(write_area(content))
    assert area.equals(shapely.box(10, 46, 11, 47)) and not area.has_z
    assert crs == rasterio.CRS.from_string("OGC:CRS84")


def test_holes_stay_holes(write_area):
    hole = [[10.2, 46.2], [10.2, 46.4], [10.4, 46.4], [10.2, 46.2]]
    area, _ = read_area(write_area({"type": "Polygon", "coordinates": [RING, hole]}))
    assert area.area == pytest.approx(1 - 0.02)


def test_overlapping_polygons_become_one(write_area):
    moved = [[x + 0.5, y] for x, y in RING]
    area, _ = read_area(write_area({"type": "MultiPolygon", "coordinates": [[RING], [moved]]}))
    assert area.equals(shapely.box(10, 46, 11.5, 47))


def test_a_ring_that_crosses_itself_is_repaired(write_area):
    bow_tie = [[10, 46], [11, 47], [11, 46], [10, 47], [10, 46]]
    area, _ = read_area(write_area({"type": "Polygon", "coordinates": [bow_tie]}))
    assert area.is_valid and area.area == pytest.approx(0.5)


def test_a_border_that_crosses_itself_thousands_of_times_is_refused(write_area):
    corners = np.random.default_rng(0).uniform((10, 46), (11, 47), (300, 2)).tolist()
    with pytest.raises(InputError, match="rings"):
        read_area(write_area({"type": "Polygon", "coordinates": [[*corners, corners[0]]]}))


def test_a_byte_order_mark_is_ignored(write_area):
    path = write_area("")
    path.write_text(json.dumps(SQUARE), encoding="utf-8-sig")
    assert read_area(path)[0].area == pytest.approx(1)


def test_an_older_file_may_name_its_crs(write_area):
    metres = {"type": "Polygon", "coordinates": [[[6e5, 5e6], [7e5, 5e6], [7e5, 5.1e6], [6e5, 5e6]]]}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}
    assert read_area(write_area(metres | {"crs": crs}))[1] == rasterio.CRS.from_epsg(32632)


def test_a_file_too_large_to_be_drawn_by_hand_is_not_read(write_area, monkeypatch):
    monkeypatch.setattr(area_module, "MAX_GEOJSON_BYTES", 1000)
    with pytest.raises(InputError, match="1,001"):
        read_area(write_area(" " * 1001))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="exist"):
        read_area(tmp_path / "none.geojson")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", r"geojson\.io"),
        ("[1, 2]", r"geojson\.io"),
        ("[" * 100_000, r"geojson\.io"),
        ('{"type": "GeometryCollection", "geometries": [' * 400, r"geojson\.io"),
        ({"type": "Point", "coordinates": [10, 46]}, "Point"),
        ({"type": "FeatureCollection", "features": []}, "nothing"),
        ({"type": "FeatureCollection"}, r"geojson\.io"),
        ({"type": "Feature", "geometry": None}, "nothing"),
        ({"type": "Polygon", "coordinates": []}, "rings"),
        ({"type": "Polygon", "coordinates": [[[10, 46], [11, 46]]]}, "rings"),
        ({"type": "Polygon", "coordinates": [[[10, 46], [11]]]}, "rings"),
        ({"type": "Polygon", "coordinates": {}}, "rings"),
        ({"type": "Polygon", "coordinates": "many"}, "rings"),
        ({"type": "Polygon", "coordinates": [[[10, float("nan")]] * 4]}, "rings"),
        ({"type": "Polygon", "coordinates": [[[10, 46]] * 4]}, "rings"),
        ({"type": "Polygon", "coordinates": [[[10**400, 46], [10, 47], [11, 47], [10**400, 46]]]}, "rings"),
        ({"type": "Polygon", "coordinates": [[[1e308, -1e308], [-1e308, 1e308], [0, 1], [1e308, -1e308]]]}, "rings"),
        ({"type": "Polygon", "coordinates": [[[6e5, 5e6], [7e5, 5e6], [7e5, 5.1e6], [6e5, 5e6]]]}, "degrees"),
        (SQUARE | {"crs": {"properties": {"name": "no such"}}}, "EPSG:32632"),
        (SQUARE | {"crs": "EPSG:4326"}, "EPSG:32632"),
    ],
)
def test_a_file_without_a_usable_area_is_refused_in_one_line(write_area, content, words):
    with pytest.raises(InputError, match=words) as caught:
        read_area(write_area(content))
    assert not re.search(r"object|NoneType|\n|\)\)", str(caught.value))  # nothing of Python's own messages
