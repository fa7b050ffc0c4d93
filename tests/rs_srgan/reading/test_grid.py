import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint

from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid, composed
from tests.conftest import UTM_10M

UTM = rasterio.CRS.from_epsg(32632)
GRID = Grid(40, 50, UTM, UTM_10M)


def test_a_scaled_grid_has_the_same_footprint():
    scaled = GRID.scaled(4)
    assert (scaled.height, scaled.width) == (160, 200)
    for col, row in ((0, 0), (50, 40), (13, 7)):
        assert scaled.place(4 * col, 4 * row) == pytest.approx(GRID.place(col, row))


def test_a_cropped_grid_begins_at_the_window():
    cropped = GRID.cropped(Window(3, 5, 10, 20))
    assert (cropped.height, cropped.width) == (10, 20)
    assert cropped.place(0, 0) == pytest.approx(GRID.place(5, 3))


ROTATED = Affine(8, 6, 6e5, 6, -8, 5e6)


def test_places_and_pixels_are_inverse_and_corners_are_places():
    grid = Grid(40, 50, UTM, ROTATED)
    assert grid.place(2.0, 1.0) == (600_022, 5_000_004) and grid.pixel(600_022.0, 5_000_004.0) == pytest.approx((2, 1))
    assert grid.corners == [(6e5, 5e6), (600_240, 4_999_680), (600_400, 5_000_300), (600_640, 4_999_980)]
    cols, rows = np.arange(3.0), np.arange(3.0) * 2
    np.testing.assert_allclose(grid.pixel(*grid.place(cols, rows)), [cols, rows], atol=1e-6)


def test_the_inner_transform_comes_first():
    inner = Affine(0.5, 0.1, 3, 0.2, -0.25, 7)
    grid, step = Grid(1, 1, None, composed(ROTATED, inner)), Grid(1, 1, None, inner)
    assert grid.place(2.0, 1.0) == pytest.approx(Grid(1, 1, None, ROTATED).place(*step.place(2.0, 1.0)))


def test_control_points_are_scaled_and_cropped():
    grid = Grid(40, 50, UTM, Affine.identity(), ((8.0, 10.0, 6e5, 5e6, 0.0),))
    assert grid.scaled(2).control_points == ((16.0, 20.0, 6e5, 5e6, 0.0),)
    assert grid.cropped(Window(3, 5, 10, 20)).control_points == ((5.0, 5.0, 6e5, 5e6, 0.0),)
    assert grid.scaled(2).transform.is_identity and grid.cropped(Window(3, 5, 10, 20)).transform.is_identity


def test_the_grid_of_a_file_has_its_crs_or_that_of_its_control_points(write_tif):
    dn = np.ones((1, 40, 50), np.uint8)
    with rasterio.open(write_tif(dn, bands=None)) as dataset:
        assert Grid.of(dataset) == Grid(40, 50, UTM, UTM_10M)
    points = [GroundControlPoint(row, col, 6e5 + col, 5e6 - row) for row, col in ((0, 0), (0, 50), (40, 0))]
    with rasterio.open(write_tif(dn, "points.tif", bands=None, transform=None, gcps=points)) as dataset:
        grid = Grid.of(dataset)
    assert grid.crs == UTM and len(grid.control_points) == 3
