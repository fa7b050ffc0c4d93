import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform

from rs_srgan.maps.web_tiles import (
    TILE_PX,
    earth_places,
    has_place,
    lon_lat_bounds,
    native_zoom,
    tiles_within,
)
from rs_srgan.reading.grid import Grid

GRID = Grid(600, 800, CRS.from_epsg(32632), Affine(10, 0, 600_000, 0, -10, 5_100_000))


def test_the_places_of_a_tile_are_those_of_its_pixels_on_the_earth():
    z = 15
    x, y = next(tiles_within(lon_lat_bounds(GRID), z))
    places = earth_places(GRID, z, x, y)
    size = 2 * np.pi * 6378137 / 2**z
    rows, cols = np.mgrid[:TILE_PX:51, :TILE_PX:51]
    xs = -np.pi * 6378137 + (x + (cols.ravel() + 0.5) / TILE_PX) * size
    ys = np.pi * 6378137 - (y + (rows.ravel() + 0.5) / TILE_PX) * size
    east, north = transform(CRS.from_epsg(3857), GRID.crs, xs, ys)
    col, row = ~GRID.transform * (np.array(east), np.array(north))
    assert np.abs(places.rows[::51, ::51].ravel() - row).max() < 0.01
    assert np.abs(places.cols[::51, ::51].ravel() - col).max() < 0.01


def test_at_its_native_zoom_a_pixel_of_a_tile_is_a_pixel_of_the_image():
    zoom = native_zoom(lon_lat_bounds(GRID), GRID.height)
    x, y = next(tiles_within(lon_lat_bounds(GRID), round(zoom)))
    step = earth_places(GRID, round(zoom), x, y).step
    assert step * 2 ** (round(zoom) - zoom) == pytest.approx(1, rel=0.03)  # the image is turned a little


def test_the_tiles_of_an_area_show_all_of_it():
    bounds, z = lon_lat_bounds(GRID), 14
    shown = np.zeros((GRID.height, GRID.width), bool)
    for x, y in tiles_within(bounds, z):
        places = earth_places(GRID, z, x, y)
        inside = (places.rows >= 0) & (places.rows < 600) & (places.cols >= 0) & (places.cols < 800)
        assert inside.any() or z < 3
        shown[places.rows[inside].astype(int), places.cols[inside].astype(int)] = True
    assert shown[::60, ::60].mean() > 0.5 and sum(1 for _ in tiles_within((-180, -85, 180, 85), 1)) == 4


@pytest.mark.parametrize(
    "grid",
    [
        Grid(4, 4, None, GRID.transform),
        Grid(4, 4, GRID.crs, Affine.identity()),
        Grid(4, 4, CRS.from_epsg(32632), Affine(10, 0, 1e12, 0, -10, 1e12)),
        Grid(4, 4, CRS.from_epsg(4326), Affine(1, 0, 0, 0, -1, 89)),
    ],
)
def test_an_image_without_coordinates_that_web_maps_know_has_no_place(grid):
    assert has_place(GRID) and not has_place(grid)


def test_where_a_projection_does_not_reach_there_are_no_places():
    assert not np.isfinite(earth_places(Grid(4, 4, CRS.from_epsg(2180), GRID.transform), 1, 0, 0).rows).all()
