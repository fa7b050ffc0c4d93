import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.positions import Positions
from tests.conftest import UTM_10M

ZONE_32, ZONE_33 = CRS.from_epsg(32632), CRS.from_epsg(32633)
GRID = Grid(200, 300, ZONE_32, UTM_10M)
WINDOW = Window(20, 40, 70, 50)


def elsewhere() -> Grid:
    """Return a grid of the same place in the neighbouring zone."""
    x, y = transform(ZONE_32, ZONE_33, [600_000], [5_100_000])
    return Grid(300, 400, ZONE_33, Affine(10, 0, x[0] - 500, 0, -10, y[0] + 500))


def test_on_the_same_grid_positions_are_rows_and_columns():
    rows, cols = np.mgrid[20:90, 40:90]
    np.testing.assert_array_equal(Positions(GRID, GRID, "a.tif").at(WINDOW), np.stack([rows, cols]))


def test_on_a_shifted_grid_positions_shift_like_the_corner():
    view = Grid(100, 100, ZONE_32, Affine(10, 0, 600_000 + 23, 0, -10, 5_100_000 - 41))
    rows, cols = np.mgrid[20:90, 40:90]
    np.testing.assert_allclose(Positions(GRID, view, "a.tif").at(WINDOW), np.stack([rows - 4.1, cols - 2.3]), atol=1e-6)


def test_in_another_zone_positions_follow_the_projection():
    positions = Positions(GRID, elsewhere(), "a.tif")
    found = positions.at(WINDOW)
    for row, col in ((20, 40), (55, 61), (89, 89)):
        x, y = UTM_10M * (col + 0.5, row + 0.5)
        (x,), (y,) = transform(ZONE_32, ZONE_33, [x], [y])
        expected_col, expected_row = ~elsewhere().transform * (x, y)
        np.testing.assert_allclose(
            found[:, row - 20, col - 40], [expected_row - 0.5, expected_col - 0.5], rtol=0, atol=1e-3
        )
    assert positions.reprojected


@pytest.mark.parametrize("view", [GRID, elsewhere()], ids=["same grid", "another zone"])
def test_positions_do_not_depend_on_the_window(view):
    positions = Positions(GRID, view, "a.tif")
    whole = positions.at(Window(0, 0, 200, 300))
    np.testing.assert_array_equal(positions.at(WINDOW), whole[:, *WINDOW.slices])


def test_turn_gives_the_steps_in_the_reference():
    positions = Positions(GRID, elsewhere(), "a.tif")
    corner = positions.at(Window(100, 150, 2, 2))
    down = corner[:, 1, 0] - corner[:, 0, 0]
    np.testing.assert_allclose(positions.turn @ down, [1, 0], atol=1e-3)


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (Grid(200, 300, None, Affine.identity()), "both"),
        (Grid(100, 150, ZONE_32, UTM_10M * Affine.scale(2)), "sensor"),
    ],
    ids=["not georeferenced", "other pixels"],
)
def test_grids_that_cannot_be_compared_are_refused(view, words):
    with pytest.raises(InputError, match=words):
        Positions(GRID, view, "a.tif")


def test_images_without_georeference_must_have_one_size():
    nowhere = Grid(20, 30, None, Affine.identity())
    rows, cols = np.mgrid[:5, :5]
    np.testing.assert_array_equal(Positions(nowhere, nowhere, "a").at(Window(0, 0, 5, 5)), np.stack([rows, cols]))
    with pytest.raises(InputError, match="Georeference"):
        Positions(nowhere, Grid(20, 31, None, Affine.identity()), "a.png")
