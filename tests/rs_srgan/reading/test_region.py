import json
import re

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.warp import transform, transform_bounds, transform_geom

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.region import find_region
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


def grid_at(crs, longitude, latitude, gsd_m=10):
    """400 x 500 pixels from an upper-left corner."""
    crs = rasterio.CRS.from_user_input(crs)
    (x,), (y,) = transform("OGC:CRS84", crs, [longitude], [latitude])
    return Grid(400, 500, crs, Affine(gsd_m, 0, x, 0, -gsd_m, y))


ANYWHERE = {
    "UTM": GRID,
    "UTM, southern": grid_at("EPSG:32732", 10, -20),
    "UTM, across 180 degrees": grid_at("EPSG:32660", 179.98, 46),
    "conic": grid_at("EPSG:2154", 3, 46),
    "equal area": grid_at("EPSG:3035", 10, 46),
    "web Mercator": grid_at("EPSG:3857", 10, 46),
    "polar": grid_at("EPSG:3995", 10, 80, gsd_m=100),
    "with a pole": Grid(400, 500, rasterio.CRS.from_epsg(3995), Affine(1000, 0, -250_000, 0, -1000, 200_000)),
    "degrees": grid_at("EPSG:4326", 10, 46, gsd_m=1e-4),
}
WORLD = (-180, -90, 180, 90)
WORLD_RING = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]


@pytest.mark.parametrize("where", ANYWHERE)
def test_the_whole_world_holds_every_raster(write, where):
    grid = ANYWHERE[where]
    assert find_region(grid, "a.tif", bbox=WORLD).window == WHOLE
    region = find_region(grid, "a.tif", aoi=write({"type": "Polygon", "coordinates": [WORLD_RING]}))
    assert region.window == WHOLE
    assert region.mask(grid).all()


@pytest.mark.parametrize(
    ("where", "box"),
    [("UTM", (-86.27, 1.68, -81.27, 6.68)), ("equal area", (-172.7, -56.06, -167.7, -51.06))],
)
def test_a_place_elsewhere_is_outside_though_the_projection_brings_it_to_the_raster(write, where, box):
    grid = ANYWHERE[where]
    with pytest.raises(InputError, match="lies outside"):
        find_region(grid, "a.tif", bbox=box)
    ring = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]], [box[0], box[1]]]
    with pytest.raises(InputError, match="lies outside"):
        find_region(grid, "a.tif", aoi=write({"type": "Polygon", "coordinates": [ring]}))


def test_across_180_degrees_each_side_has_its_part(write):
    grid = ANYWHERE["UTM, across 180 degrees"]
    east, west = (find_region(grid, "a.tif", bbox=box).window for box in ((179, 45, 180, 47), (-180, 45, -179, 47)))
    assert east.col == 0 and west.col + west.width == 500
    assert 500 <= east.width + west.width < 530  # the line is slanted
    halves = [[[[x, 45], [x + 1, 45], [x + 1, 47], [x, 47], [x, 45]]] for x in (179, -180)]  # as RFC 7946 cuts them
    beyond = [[[[179, 45], [181, 45], [181, 47], [179, 47], [179, 45]]]]  # as some write it
    for coordinates in (halves, beyond):
        region = find_region(grid, "a.tif", aoi=write({"type": "MultiPolygon", "coordinates": coordinates}))
        assert region.window == WHOLE
        assert region.mask(grid).mean() > 0.999


def test_a_straight_line_in_degrees_is_a_curve_in_the_raster(write):
    """Over a Sentinel-2 tile a parallel bends by hundreds of metres."""
    tile = Grid(1098, 1098, UTM, Affine(100, 0, 600_000, 0, -100, 5_100_000))
    west, south, east, north = 10.0, 45.5, 12.0, 45.8
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    mask = find_region(tile, "a.tif", aoi=write({"type": "Polygon", "coordinates": [ring]})).mask(tile)
    rows, cols = np.mgrid[:1098, :1098]
    xs, ys = 600_050 + 100 * cols.ravel(), 5_099_950 - 100 * rows.ravel()
    longitudes, latitudes = map(np.array, transform(UTM, "OGC:CRS84", xs, ys))
    expected = (longitudes > west) & (longitudes < east) & (latitudes > south) & (latitudes < north)
    assert 0.2 < expected.mean() < 0.5
    assert (mask.ravel() != expected).sum() <= 1


def test_holes_stay_holes_and_what_is_far_away_is_left_out(write):
    outer, hole = (polygon(window)["coordinates"][0] for window in (Window(50, 50, 300, 400), Window(100, 120, 80, 90)))
    elsewhere = [[[100, 0], [101, 0], [101, 1], [100, 0]]]
    region = find_region(GRID, "a.tif", aoi=write({"type": "MultiPolygon", "coordinates": [[outer, hole], elsewhere]}))
    inside = region.mask(GRID)
    assert inside[60:90, 60:440].all()
    assert not inside[102:178, 122:208].any()
    assert len(region.area["coordinates"]) == 1


def test_what_is_too_large_to_be_drawn_is_not_read(write, monkeypatch):
    monkeypatch.setattr("rs_srgan.reading.region._MAX_GEOJSON_BYTES", 1000)
    with pytest.raises(InputError, match=r"has 1,001 bytes; expected a GeoJSON file with a few polygons"):
        find_region(GRID, "a.tif", aoi=write(" " * 1001))


def test_a_byte_order_mark_is_no_part_of_the_content(write):
    path = write("")
    path.write_text(json.dumps(polygon(Window(100, 120, 80, 90))), encoding="utf-8-sig")
    assert find_region(GRID, "a.tif", aoi=path).window.height < 90


def test_a_box_may_be_an_array():
    box = degrees(Window(100, 120, 80, 90))
    assert find_region(GRID, "a.tif", bbox=np.array(box)) == find_region(GRID, "a.tif", bbox=box)


def test_a_full_disk_whose_borders_lie_in_space_has_parts():
    disk = rasterio.CRS.from_string("+proj=geos +h=35785831 +lon_0=0")
    grid = Grid(3712, 3712, disk, Affine(3000, 0, -5_568_000, 0, -3000, 5_568_000))
    window = find_region(grid, "a.tif", bbox=(-1, -1, 1, 1)).window
    assert abs(window.row + window.height / 2 - 1856) < 1 and abs(window.col + window.width / 2 - 1856) < 1
    assert 70 < window.width < 80  # 111 km a degree


def test_a_raster_that_is_not_on_earth_has_no_parts(capfd):
    crs = rasterio.CRS.from_wkt('LOCAL_CS["plan",UNIT["metre",1]]')
    with pytest.raises(InputError, match=r"CRS of a\.tif is not one of the Earth"):
        find_region(Grid(4, 4, crs, UTM_10M), "a.tif", bbox=(0, 0, 1, 1))
    assert capfd.readouterr().err == ""


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
        ((10, 46, float("nan"), 47), "is 10 46 nan 47; expected west < east"),
        ((10, 46, 11), r"is \(10, 46, 11\); expected four numbers"),
        ("10 46 11 47", r"is '10 46 11 47'; expected four numbers"),
        (np.zeros((2, 2)), r"is array\(.*\); expected four numbers"),
        (5, "is 5; expected four numbers"),
    ],
)
def test_a_box_that_cannot_be_is_said(bbox, words):
    with pytest.raises(InputError, match=words):
        find_region(GRID, "a.tif", bbox=bbox)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "is no GeoJSON"),
        ("[1, 2]", "is no GeoJSON"),
        ("[" * 100_000, "is no GeoJSON"),
        ('{"type": "GeometryCollection", "geometries": [' * 400, "is no GeoJSON"),
        ({"type": "Point", "coordinates": [10, 46]}, "holds no polygon but Point; expected Polygon or MultiPolygon"),
        ({"type": "FeatureCollection", "features": []}, "holds no polygon; expected"),
        ({"type": "FeatureCollection"}, "is no GeoJSON"),
        ({"type": "Feature", "geometry": None}, "holds no polygon; expected"),
        ({"type": "Polygon", "coordinates": []}, "holds a polygon that is none"),
        ({"type": "Polygon", "coordinates": [[[10, 46], [11, 46], [11, 47]]]}, "expected rings of four or more pairs"),
        ({"type": "Polygon", "coordinates": [[[10, 46], [11]]]}, "is no GeoJSON"),
        ({"type": "Polygon", "coordinates": "many"}, "is no GeoJSON"),
        ({"type": "Polygon", "coordinates": [[[10, float("nan")]] * 4]}, "holds a polygon that is none"),
        (polygon(WHOLE, UTM), r"has a corner at 600000, 5100000; expected degrees.*\(EPSG:4326\)"),
        (polygon(WHOLE) | {"crs": {"properties": {"name": "no such"}}}, 'names a CRS that is none.*"no such"'),
        (polygon(WHOLE) | {"crs": "EPSG:4326"}, "names a CRS that is none"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, "lies outside a.tif"),
    ],
)
def test_an_area_that_cannot_be_is_said(write, content, words):
    with pytest.raises(InputError, match=words) as caught:
        find_region(GRID, "a.tif", aoi=write(content))
    assert not re.search(r"object|NoneType|\n|\)\)", str(caught.value))  # Python's own words


def test_what_is_not_there_lies_nowhere_or_is_asked_twice_is_said(write, tmp_path):
    with pytest.raises(InputError, match=r"none\.geojson does not exist"):
        find_region(GRID, "a.tif", aoi=tmp_path / "none.geojson")
    with pytest.raises(InputError, match="not both"):
        find_region(GRID, "a.tif", bbox=(0, 0, 1, 1), aoi="a.geojson")
    for nowhere in (Grid(4, 4, None, UTM_10M), Grid(4, 4, UTM, Affine.identity())):
        with pytest.raises(InputError, match=r"a\.tif does not say where it lies"):
            find_region(nowhere, "a.tif", bbox=(0, 0, 1, 1))
