"""Tests with chips that are cut out of a known scene on a geographic grid by nearest neighbour."""

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform

from tests.conftest import scene_dn
from train.data.native_grid import inner_rectangle, to_native_grid

LEFT, TOP = 700_000, 5_400_000  # of the scene, in zone 32
GEOGRAPHIC = CRS.from_epsg(4326)


def chip(scene, pixel_m, step_degrees, size=(120, 150), south=False):
    """Return image and grid of a download by nearest neighbour."""
    epsg, top = (32732, 10_000_000 - TOP) if south else (32632, TOP)
    (west,), (north,) = transform(CRS.from_epsg(epsg), GEOGRAPHIC, [LEFT + 400], [top - 400])
    grid = Affine(step_degrees[1], 0, west, 0, -step_degrees[0], north)
    rows, cols = np.mgrid[: size[0], : size[1]]
    x, y = transform(GEOGRAPHIC, CRS.from_epsg(epsg), *(grid * (cols.ravel() + 0.5, rows.ravel() + 0.5)))
    row, col = ((top - np.array(y)) // pixel_m).astype(int), ((np.array(x) - LEFT) // pixel_m).astype(int)
    return scene[:, row, col].reshape(len(scene), *size), grid


def place(native, scene):
    """Return the position of the result in the scene, found by one of its pixels."""
    row, col = np.argwhere(np.isfinite(native[0]))[len(native[0]) * 3]
    return [tuple(at - (row, col)) for at in np.argwhere(scene[0] == native[0, row, col])]


@pytest.mark.parametrize("pixel_m", [10, 20])
@pytest.mark.parametrize("south", [False, True])
def test_the_sensors_own_pixels_come_back(pixel_m, south):
    # All pixels differ, so that none can be confused with another.
    scene = np.random.default_rng(0).permutation(400 * 400).reshape(1, 400, 400).astype(np.float32)
    image, grid = chip(scene, pixel_m, (8.7e-5, 1.3e-4), south=south)
    native = to_native_grid(image, GEOGRAPHIC, grid, pixel_m, 20)
    ((row, col),) = place(native, scene)
    truth = scene[:, row : row + native.shape[1], col : col + native.shape[2]]
    same = native == truth
    assert (native.shape[1] * pixel_m % 20, native.shape[2] * pixel_m % 20) == (0, 0)
    assert same[np.isfinite(native)].mean() > (0.99 if pixel_m == 20 else 0.9)
    assert same.sum() == len(np.unique(image))  # every pixel of the chip is in it, once


def test_skipped_pixels_are_means_of_their_neighbours():
    ramp = np.add.outer(np.arange(400.0), 3 * np.arange(400.0)).astype(np.float32)[None]
    image, grid = chip(ramp, 10, (8.7e-5, 1.45e-4))
    native = to_native_grid(image, GEOGRAPHIC, grid, 10, 10)
    inner = inner_rectangle(native)
    assert inner.size > 0.8 * image.size
    slopes = np.diff(inner[0], axis=0), np.diff(inner[0], axis=1)
    assert np.abs(slopes[0] - 1).max() < 1e-3
    assert np.abs(slopes[1] - 3).max() < 1e-3


@pytest.mark.parametrize("case", ["projected", "interpolated", "too coarse", "no crs"])
def test_other_chips_are_left_as_they_are(case):
    scene = scene_dn(400, 400, bands=2).astype(np.float32)
    image, grid = chip(scene, 10, (1.8e-4, 2.4e-4) if case == "too coarse" else (8.7e-5, 1.3e-4), size=(100, 120))
    crs = {"projected": CRS.from_epsg(32632), "no crs": None}.get(case, GEOGRAPHIC)
    if case == "interpolated":
        image = (image + np.roll(image, 1, axis=2)) / 2
    assert to_native_grid(image, crs, grid, 10, 10) is None


def test_the_inner_rectangle_has_no_nodata():
    image = np.ones((2, 40, 50), np.float32)
    image[:, np.add.outer(np.arange(40), np.arange(50)) < 12] = np.nan
    inner = inner_rectangle(image)
    assert np.isfinite(inner).all()
    assert inner[0].size > 0.6 * image[0].size
    assert inner_rectangle(np.full((1, 5, 5), np.nan, np.float32)).size == 0
