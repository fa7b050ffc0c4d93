"""The layers of a result: the pixels of its files, and comparisons of them."""

import numpy as np
import pytest
import rasterio

from app.viewer.layers import BICUBIC, CONSISTENCY, DIFFERENCE, INPUT, OTHER, SR, UNCERTAINTY
from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.sensors import RGBN
from tests.app.viewer.conftest import MODELS, make_view
from tests.app.viewer.pixels import all_of, read


def test_the_input_is_kept_unchanged(view, source):
    np.testing.assert_array_equal(read(view.lr.path), read(source))


def test_layers_have_the_pixels_of_the_files(view):
    np.testing.assert_array_equal(all_of(view, SR), read(view.results[0].path))
    np.testing.assert_array_equal(all_of(view, INPUT), read(view.lr.path).repeat(4, 1).repeat(4, 2))
    np.testing.assert_array_equal(all_of(view, OTHER), read(view.results[1].path).repeat(2, 1).repeat(2, 2))
    with rasterio.open(view.uncertainty.path) as dataset:
        half_width = dataset.read(masked=True) * np.float32(1e-5)
    np.testing.assert_allclose(all_of(view, UNCERTAINTY), half_width.filled(np.nan), rtol=1e-6)


def test_comparisons_are_differences_of_layers(view):
    expected = np.abs(all_of(view, SR) - all_of(view, BICUBIC))
    np.testing.assert_array_equal(all_of(view, DIFFERENCE), expected)
    consistency = all_of(view, CONSISTENCY)
    assert np.nanpercentile(consistency, 90) < 0.01  # by the projection in the model
    assert np.nanmax(consistency) > 0
    np.testing.assert_array_equal(np.isnan(consistency), np.isnan(all_of(view, INPUT)))


@pytest.mark.parametrize("layer", [BICUBIC, DIFFERENCE, CONSISTENCY])
def test_a_window_equals_that_part_of_the_whole(view, layer):
    part = Window(211, 243, 130, 97)
    block = view.read(layer, part)
    rows, cols = np.mgrid[211:341, 243:340] + 0.5
    np.testing.assert_allclose(block.at(rows, cols), all_of(view, layer)[:, 211:341, 243:340], atol=1e-6)


@pytest.mark.parametrize("shrink", [2, 4, 8])
@pytest.mark.parametrize("layer", [SR, BICUBIC, INPUT])
def test_pixels_at_low_resolution_are_averages(view, layer, shrink):
    height, width = view.shape
    block = view.read(layer, Window(0, 0, height, width), shrink)
    mean = np.nanmean(block.pixels[:, :20, :15])
    near = np.nanmean(all_of(view, layer)[:, : round(20 * block.unit[0]), : round(15 * block.unit[1])])
    assert abs(mean - near) < 0.02 * near


@pytest.mark.parametrize("layer", ["", "sr2", "../sr"])
def test_an_unknown_layer_is_refused(view, layer):
    with pytest.raises(InputError, match="uncertainty"):
        view.read(layer, Window(0, 0, 8, 8))


def test_few_pixels_exceed_a_colour_scale(tmp_path, source):
    view = make_view(tmp_path, source, MODELS[:1])
    whole_view = Window(0, 0, *view.shape)
    for layer in (DIFFERENCE, CONSISTENCY, UNCERTAINTY):
        values = view.read(layer, whole_view).pixels[view.indexes(RGBN[:3])].mean(0)
        beyond = np.nanmean(values > view.top(layer, RGBN[:3]))
        assert beyond < 0.03, layer
