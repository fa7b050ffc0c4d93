import json

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.warp import transform_bounds, transform_geom

from rs_srgan import InputError
from rs_srgan.io.raster import Grid
from rs_srgan.io.region import find_region
from rs_srgan.tiling import Window
from tests.conftest import UTM_10M

UTM = rasterio.CRS.from_epsg(32632)
GRID = Grid(400, 500, UTM, UTM_10M)
WHOLE = Window(0, 0, 400, 500)


def degrees(window, grid=GRID):
    """The window's bounding box in longitude and latitude."""
    left, top = grid.transform * (window.col, window.row)
    right, bottom = grid.transform * (window.col + window.width, window.row + window.height)
    return transform_bounds(grid.crs, "OGC:CRS84", left, bottom, right, top)


def polygon(window, crs="OGC:CRS84"):
    left, top = GRID.transform * (window.col, window.row)
    right, bottom = GRID.transform * (window.col + window.width, window.row + window.height)
    ring = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
    return transform_geom(UTM, crs, {"type": "Polygon", "coordinates": [ring]})


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "area.geojson"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_without_a_wish_it_is_all():
    assert find_region(GRID, "a.tif").window == WHOLE


def test_a_box_in_the_rasters_own_degrees_is_found_to_the_pixel():
    grid = Grid(400, 500, rasterio.CRS.from_epsg(4326), Affine(0.001, 0, 10, 0, -0.001, 47))
    window = Window(30, 40, 50, 60)
    assert find_region(grid, "a.tif", bbox=degrees(window, grid)).window == window


def test_a_box_in_degrees_covers_what_it_names_and_little_more():
    """Lines of longitude are not the grid's: the box that holds the window holds a few pixels around it."""
    window = Window(100, 120, 80, 90)
    found = find_region(GRID, "a.tif", bbox=degrees(window)).window
    assert found.row <= 100 and found.col <= 120
    assert found.row + found.height >= 180 and found.col + found.width >= 210
    assert found.height < 90 and found.width < 100


def test_a_box_that_reaches_beyond_is_cut():
    west, south, east, north = degrees(WHOLE)
    assert find_region(GRID, "a.tif", bbox=(west - 1, south - 1, east + 1, north + 1)).window == WHOLE


def test_on_a_rotated_grid_the_box_is_covered():
    rotated = Grid(400, 500, UTM, Affine.translation(6e5, 5.1e6) * Affine.rotation(30) * Affine.scale(10, -10))
    x, y = rotated.transform * (250, 200)
    box = transform_bounds(UTM, "OGC:CRS84", x - 100, y - 100, x + 100, y + 100)
    found = find_region(rotated, "a.tif", bbox=box).window
    assert found.row < 190 and found.row + found.height > 210
    assert 20 < found.height < 45


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda geometry: geometry,
        lambda geometry: {"type": "Feature", "properties": {}, "geometry": geometry},
        lambda geometry: {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": geometry}]},
        lambda geometry: {"type": "GeometryCollection", "geometries": [geometry]},
        lambda geometry: {"type": "MultiPolygon", "coordinates": [geometry["coordinates"]]},
    ],
)
def test_polygons_are_found_in_every_wrapping(write, wrapped):
    window = Window(100, 120, 80, 90)
    region = find_region(GRID, "a.tif", aoi=write(wrapped(polygon(window))))
    inside = region.mask(GRID)
    assert inside[window.slices].mean() > 0.99
    assert inside.sum() < 1.02 * 80 * 90
    assert np.abs(np.subtract(list(vars(region.window).values()), list(vars(window).values()))).max() <= 2


def test_an_older_file_may_name_its_crs(write):
    window = Window(100, 120, 80, 90)
    content = polygon(window, UTM) | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}}
    region = find_region(GRID, "a.tif", aoi=write(content))
    assert region.window == window
    expected = np.zeros((400, 500), bool)
    expected[window.slices] = True
    np.testing.assert_array_equal(region.mask(GRID), expected)


def test_the_mask_of_a_part_is_the_part_of_the_mask(write):
    triangle = [(600_500, 5_099_000), (603_000, 5_097_000), (601_000, 5_096_500), (600_500, 5_099_000)]
    content = transform_geom(UTM, "OGC:CRS84", {"type": "Polygon", "coordinates": [triangle]})
    region = find_region(GRID, "a.tif", aoi=write(content))
    fine = GRID.scaled(4)
    whole = region.mask(fine)
    assert 0 < whole.mean() < 0.5
    for window in (Window(300, 300, 256, 256), Window(512, 900, 100, 300)):
        np.testing.assert_array_equal(region.mask(fine.cropped(window)), whole[window.slices])


@pytest.mark.parametrize(
    ("bbox", "words"),
    [
        ((0, 0, 1, 1), r"lies outside a\.tif, which reaches from 10\.\d+ 4"),
        ((11, 46, 10, 47), "expected west < east"),
        ((10, 47, 11, 46), "south < north"),
        ((10, 46, 11, 99), "within -90..90"),
        ((600_000, 5_000_000, 600_100, 5_000_100), "in degrees"),
        ((10, 46, float("nan"), 47), "expected four numbers"),
        ((10, 46, 11), "expected four numbers"),
    ],
)
def test_a_box_that_cannot_be_is_said(bbox, words):
    with pytest.raises(InputError, match=words):
        find_region(GRID, "a.tif", bbox=bbox)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "is no GeoJSON"),
        ("[1, 2]", "no polygons that can be used"),
        ({"type": "Point", "coordinates": [10, 46]}, "no valid polygon"),
        ({"type": "FeatureCollection", "features": []}, "no valid polygon"),
        ({"type": "FeatureCollection"}, "no polygons that can be used"),
        ({"type": "Feature", "geometry": None}, "no valid polygon"),
        ({"type": "Polygon", "coordinates": []}, "area.geojson holds no"),
        ({"type": "Polygon", "coordinates": [[[10, 46], [11]]]}, "area.geojson holds no"),
        ({"type": "Polygon", "coordinates": "many"}, "area.geojson holds no"),
        (polygon(WHOLE, UTM), "area.geojson"),  # metres without a word
        (polygon(WHOLE) | {"crs": {"properties": {"name": "no such"}}}, "no polygons that can be used"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, "lies outside a.tif"),
    ],
)
def test_an_area_that_cannot_be_is_said(write, content, words):
    with pytest.raises(InputError, match=words):
        find_region(GRID, "a.tif", aoi=write(content))


def test_what_is_not_there_lies_nowhere_or_is_asked_twice_is_said(write, tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        find_region(GRID, "a.tif", aoi=tmp_path / "none.geojson")
    with pytest.raises(InputError, match="not both"):
        find_region(GRID, "a.tif", bbox=(0, 0, 1, 1), aoi="a.geojson")
    for nowhere in (Grid(4, 4, None, UTM_10M), Grid(4, 4, UTM, Affine.identity())):
        with pytest.raises(InputError, match=r"a\.tif does not say where it lies"):
            find_region(nowhere, "a.tif", bbox=(0, 0, 1, 1))
