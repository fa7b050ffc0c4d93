import threading

import numpy as np
import pytest

from rs_srgan import InputError
from rs_srgan.pixels.tiles import compute_tiles


def blurred(halo):
    """Return a function that averages each pixel with its neighbours and doubles the pixels, without the halo."""

    def compute(views, guide):
        mean = sum(np.roll(views[0], step, axis) for step in (-1, 1) for axis in (1, 2))
        core = mean[:, halo:-halo, halo:-halo].repeat(2, axis=1).repeat(2, axis=2)
        return core + guide[:, 2 * halo : -2 * halo, 2 * halo : -2 * halo], -core

    return compute


@pytest.mark.parametrize("tile", [1, 5, 7, 100])
def test_result_does_not_depend_on_the_tile_and_has_its_nodata(tile):
    random = np.random.default_rng(0)
    views, guide = random.random((3, 2, 12, 15)), random.random((2, 24, 30))
    valid = random.random((2, 12, 15)) > 0.2
    layers = [(views, 1), (guide, 2)]
    whole = compute_tiles(layers, valid, 2, 1000, 2, blurred(2), results=2)
    tiled = compute_tiles(layers, valid, 2, tile, 2, blurred(2), results=2)
    assert len(whole) == len(tiled) == 2
    for one, other in zip(whole, tiled, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(np.isnan(one), ~valid.repeat(2, 1).repeat(2, 2))


def test_tiles_without_data_are_not_computed():
    valid = np.zeros((1, 8, 8), bool)
    valid[0, 5, 2] = True
    windows = []
    (made,) = compute_tiles([(np.ones((1, 8, 8)), 1)], valid, 1, 4, 0, lambda lr: windows.append(lr) or [lr])
    assert len(windows) == 1  # of 4
    np.testing.assert_array_equal(made, np.where(valid, 1, np.nan))


@pytest.mark.parametrize("error", [MemoryError, ValueError])
def test_error_of_the_computation_is_raised_and_leaves_nothing_running(error):
    def compute(lr):
        raise error("on purpose")

    before = threading.active_count()
    with pytest.raises(error, match="purpose"):
        compute_tiles([(np.zeros((1, 8, 8)), 1)], np.ones((1, 8, 8), bool), 1, 2, 0, compute)
    assert threading.active_count() == before


def test_tile_below_1_is_refused():
    with pytest.raises(InputError, match="tile"):
        compute_tiles([(np.zeros((1, 4, 4)), 1)], np.ones((1, 4, 4), bool), 2, 0, 1, lambda lr: [lr])
