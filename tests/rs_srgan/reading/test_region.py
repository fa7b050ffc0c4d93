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
    """Return the window's bounding box in longitude and latitude."""
    left, top = grid.transform * (window.col, window.row)
    right, bottom = grid.transform * (window.col + window.width, window.row + window.height)
    return transform_bounds(grid.crs, "OGC:CRS84", left, bottom, right, top)


def polygon(window, crs="OGC:CRS84"):
    left, top = GRID.transform * (window.col, window.row)
    right, bottom = GRID.transform * (window.col + window.width, window.row + window.height)
    ring = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
    return transform_geom(UTM, crs, {"type": "Polygon", "coordinates": [ring]})


def test_without_box_and_area_the_region_is_the_whole_raster():
    assert find_region(GRID, "a.tif").window == WHOLE


def test_a_box_in_the_rasters_own_degrees_is_found_to_the_pixel():
    grid = Grid(400, 500, rasterio.CRS.from_epsg(4326), Affine(0.001, 0, 10, 0, -0.001, 47))
    window = Window(30, 40, 50, 60)
    assert find_region(grid, "a.tif", bbox=degrees(window, grid)).window == window


def test_a_box_in_degrees_is_covered_with_few_pixels_more():
    """Meridians are not parallel to the grid, so the window is a few pixels larger."""
    window = Window(100, 120, 80, 90)
    found = find_region(GRID, "a.tif", bbox=degrees(window)).window
    assert found.row <= 100 and found.col <= 120
    assert found.row + found.height >= 180 and found.col + found.width >= 210
    assert found.height < 90 and found.width < 100


def test_a_box_larger_than_the_raster_is_clipped():
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
def test_the_whole_world_holds_every_raster(write_area, where):
    grid = ANYWHERE[where]
    assert find_region(grid, "a.tif", bbox=WORLD).window == WHOLE
    region = find_region(grid, "a.tif", aoi=write_area({"type": "Polygon", "coordinates": [WORLD_RING]}))
    assert region.window == WHOLE
    assert region.mask(grid).all()


@pytest.mark.parametrize(
    ("where", "box"),
    [("UTM", (-86.27, 1.68, -81.27, 6.68)), ("equal area", (-172.7, -56.06, -167.7, -51.06))],
)
def test_a_distant_place_is_outside_though_its_projected_coordinates_are_inside(write_area, where, box):
    grid = ANYWHERE[where]
    with pytest.raises(InputError, match="outside"):
        find_region(grid, "a.tif", bbox=box)
    ring = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]], [box[0], box[1]]]
    with pytest.raises(InputError, match="outside"):
        find_region(grid, "a.tif", aoi=write_area({"type": "Polygon", "coordinates": [ring]}))


def test_a_raster_across_the_antimeridian_has_parts_on_both_sides(write_area):
    grid = ANYWHERE["UTM, across 180 degrees"]
    east, west = (find_region(grid, "a.tif", bbox=box).window for box in ((179, 45, 180, 47), (-180, 45, -179, 47)))
    assert east.col == 0 and west.col + west.width == 500
    assert 500 <= east.width + west.width < 530  # the line is slanted
    both = find_region(grid, "a.tif", bbox=(179, 45, -179, 47)).window  # RFC 7946, section 5.2
    assert both == Window(both.row, 0, both.height, 500) and both.height == max(east.height, west.height)
    halves = [[[[x, 45], [x + 1, 45], [x + 1, 47], [x, 47], [x, 45]]] for x in (179, -180)]  # as RFC 7946 cuts them
    beyond = [[[[179, 45], [181, 45], [181, 47], [179, 47], [179, 45]]]]  # as some write it
    for coordinates in (halves, beyond):
        region = find_region(grid, "a.tif", aoi=write_area({"type": "MultiPolygon", "coordinates": coordinates}))
        assert region.window == WHOLE
        assert region.mask(grid).mean() > 0.999


def test_a_straight_line_in_degrees_is_a_curve_in_the_raster(write_area):
    """Over a Sentinel-2 tile a parallel bends by hundreds of metres."""
    tile = Grid(1098, 1098, UTM, Affine(100, 0, 600_000, 0, -100, 5_100_000))
    west, south, east, north = 10.0, 45.5, 12.0, 45.8
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    mask = find_region(tile, "a.tif", aoi=write_area({"type": "Polygon", "coordinates": [ring]})).mask(tile)
    rows, cols = np.mgrid[:1098, :1098]
    xs, ys = 600_050 + 100 * cols.ravel(), 5_099_950 - 100 * rows.ravel()
    longitudes, latitudes = map(np.array, transform(UTM, "OGC:CRS84", xs, ys))
    expected = (longitudes > west) & (longitudes < east) & (latitudes > south) & (latitudes < north)
    assert 0.2 < expected.mean() < 0.5
    assert (mask.ravel() != expected).sum() <= 1


def test_holes_stay_holes_and_distant_polygons_are_dropped(write_area):
    outer, hole = (polygon(window)["coordinates"][0] for window in (Window(50, 50, 300, 400), Window(100, 120, 80, 90)))
    elsewhere = [[[100, 0], [101, 0], [101, 1], [100, 0]]]
    region = find_region(
        GRID, "a.tif", aoi=write_area({"type": "MultiPolygon", "coordinates": [[outer, hole], elsewhere]})
    )
    inside = region.mask(GRID)
    assert inside[60:90, 60:440].all()
    assert not inside[102:178, 122:208].any()
    assert region.area["type"] == "Polygon" and len(region.area["coordinates"]) == 2


def test_a_box_may_be_an_array():
    box = degrees(Window(100, 120, 80, 90))
    assert find_region(GRID, "a.tif", bbox=np.array(box)) == find_region(GRID, "a.tif", bbox=box)


def test_a_full_disk_has_parts_though_its_borders_are_not_on_earth():
    disk = rasterio.CRS.from_string("+proj=geos +h=35785831 +lon_0=0")
    grid = Grid(3712, 3712, disk, Affine(3000, 0, -5_568_000, 0, -3000, 5_568_000))
    window = find_region(grid, "a.tif", bbox=(-1, -1, 1, 1)).window
    assert abs(window.row + window.height / 2 - 1856) < 1 and abs(window.col + window.width / 2 - 1856) < 1
    assert 70 < window.width < 80  # 111 km a degree


def test_a_raster_with_a_local_crs_has_no_parts(capfd):
    crs = rasterio.CRS.from_wkt('LOCAL_CS["plan",UNIT["metre",1]]')
    with pytest.raises(InputError, match="Earth"):
        find_region(Grid(4, 4, crs, UTM_10M), "a.tif", bbox=(0, 0, 1, 1))
    assert capfd.readouterr().err == ""


def test_on_a_rotated_grid_the_box_is_covered():
    rotated = Grid(400, 500, UTM, Affine.translation(6e5, 5.1e6) * Affine.rotation(30) * Affine.scale(10, -10))
    x, y = rotated.transform * (250, 200)
    box = transform_bounds(UTM, "OGC:CRS84", x - 100, y - 100, x + 100, y + 100)
    found = find_region(rotated, "a.tif", bbox=box).window
    assert found.row < 190 and found.row + found.height > 210
    assert 20 < found.height < 45


def test_an_older_file_may_name_its_crs(write_area):
    window = Window(100, 120, 80, 90)
    content = polygon(window, UTM) | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}}
    region = find_region(GRID, "a.tif", aoi=write_area(content))
    assert region.window == window
    expected = np.zeros((400, 500), bool)
    expected[window.slices] = True
    np.testing.assert_array_equal(region.mask(GRID), expected)


def test_a_cropped_grid_gets_the_cropped_mask(write_area):
    triangle = [(600_500, 5_099_000), (603_000, 5_097_000), (601_000, 5_096_500), (600_500, 5_099_000)]
    content = transform_geom(UTM, "OGC:CRS84", {"type": "Polygon", "coordinates": [triangle]})
    region = find_region(GRID, "a.tif", aoi=write_area(content))
    fine = GRID.scaled(4)
    whole = region.mask(fine)
    assert 0 < whole.mean() < 0.5
    for window in (Window(300, 300, 256, 256), Window(512, 900, 100, 300)):
        np.testing.assert_array_equal(region.mask(fine.cropped(window)), whole[window.slices])


@pytest.mark.parametrize(
    ("bbox", "words"),
    [
        ((0, 0, 1, 1), "reaches"),
        ((11, 46, 10, 47), "Exchange"),
        ((10, 46, 10, 47), r"-90\.\.90"),
        ((10, 47, 11, 46), r"-90\.\.90"),
        ((10, 46, 11, 99), r"-90\.\.90"),
        ((600_000, 5_000_000, 600_100, 5_000_100), "600000"),
        ((10, 46, float("nan"), 47), r"-90\.\.90"),
        ((10, 46, 11), "numbers"),
        ("10 46 11 47", "numbers"),
        (np.zeros((2, 2)), "numbers"),
        (5, "numbers"),
    ],
)
def test_an_impossible_box_is_refused(bbox, words):
    with pytest.raises(InputError, match=words):
        find_region(GRID, "a.tif", bbox=bbox)


def test_an_area_outside_the_raster_is_refused(write_area):
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    with pytest.raises(InputError, match="outside"):
        find_region(GRID, "a.tif", aoi=write_area({"type": "Polygon", "coordinates": [ring]}))


def test_a_box_and_an_area_together_are_refused():
    with pytest.raises(InputError, match="both"):
        find_region(GRID, "a.tif", bbox=(0, 0, 1, 1), aoi="a.geojson")


@pytest.mark.parametrize("grid", [Grid(4, 4, None, UTM_10M), Grid(4, 4, UTM, Affine.identity())])
def test_a_raster_without_georeference_has_no_parts(grid):
    with pytest.raises(InputError, match="georeferenced"):
        find_region(grid, "a.tif", bbox=(0, 0, 1, 1))
