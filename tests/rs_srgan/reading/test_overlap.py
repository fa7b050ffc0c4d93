import dataclasses

import pytest
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform

from rs_srgan.reading.grid import Grid
from rs_srgan.reading.overlap import overlap_px
from tests.conftest import UTM_10M

ZONES = CRS.from_epsg(32632), CRS.from_epsg(32633)
HERE = Grid(100, 80, ZONES[0], UTM_10M)


def moved(cols: float, rows: float) -> Grid:
    return dataclasses.replace(HERE, transform=UTM_10M * Affine.translation(cols, rows))


@pytest.mark.parametrize(
    ("cols", "rows", "expected"),
    [(0, 0, 8000), (30, 0, 5000), (-79.5, 50, 25), (80, 0, 0), (0, 100, 0), (11_000, 0, 0)],
)
def test_the_overlap_is_the_common_area(cols, rows, expected):
    assert overlap_px(HERE, moved(cols, rows)) == pytest.approx(expected, abs=1e-3)
    assert overlap_px(moved(cols, rows), HERE) == pytest.approx(expected, abs=1e-3)


def test_pixels_of_the_first_grid_are_counted():
    coarse = Grid(20, 20, ZONES[0], UTM_10M * Affine.scale(2))
    assert overlap_px(HERE, coarse) == pytest.approx(40 * 40)
    assert overlap_px(coarse, HERE) == pytest.approx(20 * 20)


def test_another_projection_shows_the_same_ground():
    (x,), (y,) = transform(*ZONES, [UTM_10M.c + 400], [UTM_10M.f - 500])
    there = Grid(300, 300, ZONES[1], Affine(10, 0, x - 1500, 0, -10, y + 1500))
    assert overlap_px(HERE, there) == pytest.approx(8000)
    assert 7900 < overlap_px(there, HERE) < 8100
    assert overlap_px(HERE, dataclasses.replace(there, transform=UTM_10M)) == 0
    assert overlap_px(HERE, dataclasses.replace(HERE, crs=CRS.from_epsg(32755))) == 0  # Australia


def test_grids_without_a_place_lie_on_each_other():
    plain = Grid(100, 80, None, Affine.identity())
    assert overlap_px(plain, Grid(50, 200, None, Affine.identity())) == 50 * 80
    assert overlap_px(plain, HERE) is None and overlap_px(HERE, plain) is None
