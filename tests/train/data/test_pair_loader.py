import numpy as np
import pytest
import rasterio
from scipy import ndimage

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from tests.conftest import scene_dn
from tests.train.conftest import write
from tests.train.data.makers import RGBN, coarse, pair_folder
from train.data.pair_loader import Pair, PairLoader, matched


def two(tmp_path, change):
    """Write a pair with changed HR."""
    dn = scene_dn(96, 96, seed=3)
    write(tmp_path / "lr.tif", coarse(dn), RGBN)
    write(tmp_path / "hr.tif", change(dn.astype(float)).clip(1, 65_535).astype(np.uint16), RGBN)
    return Pair("place", tmp_path / "hr.tif", (tmp_path / "lr.tif",))


@pytest.mark.parametrize("matching", ["histogram", "moments"])
def test_matching_undoes_another_light(tmp_path, matching):
    pair = two(tmp_path, lambda dn: 0.5 * dn + 700)
    lr, hr = PairLoader(RGBN, 4, matching)(pair)
    plain = PairLoader(RGBN, 4)(pair)[1]
    assert np.abs(hr.mean((1, 2)) - lr[0].mean((1, 2))).max() < 0.01
    assert np.abs(plain.mean((1, 2)) - lr[0].mean((1, 2))).max() > 0.02


def test_alignment_undoes_a_shift(tmp_path):
    pair = two(tmp_path, lambda dn: ndimage.shift(dn, (0, 3, -2), order=1, mode="nearest"))

    def error(align):
        lr, hr = PairLoader(RGBN, 4, align=align)(pair)
        means = hr.reshape(4, 24, 4, 24, 4).mean((2, 4))
        return np.nanmean(np.abs(means - lr[0])[:, 3:-3, 3:-3])

    assert error(True) < 0.35 * error(False)


def test_sizes_that_do_not_fit_the_scale_are_named(tmp_path):
    pair_folder(tmp_path, side=96)
    write(tmp_path / "lr" / "place2.tif", scene_dn(23, 24), RGBN)
    loader = PairLoader(RGBN, 4)
    with pytest.raises(InputError, match=r"\b23\b"):
        loader(Pair("x", tmp_path / "hr" / "place2.tif", (tmp_path / "lr" / "place2.tif",)))


def test_alignment_turns_a_margin_around_nodata_into_nodata(tmp_path):
    pair = two(tmp_path, lambda dn: ndimage.shift(dn, (0, 3, -2), order=1, mode="nearest"))
    with rasterio.open(pair.hr, "r+") as out:
        dn = out.read()
        dn[:, 30:60, 40:70] = 0
        out.write(dn)
        out.nodata = 0
    hr = PairLoader(RGBN, 4, align=True)(pair)[1]
    truth = PairLoader(RGBN, 4).read_whole(two(tmp_path, lambda dn: dn).hr)
    assert np.isnan(hr[:, 35:50, 45:65]).all()
    inner = np.zeros(hr.shape, bool)
    inner[:, 8:-8, 8:-8] = True
    assert np.abs(hr - truth)[inner & np.isfinite(hr)].max() < 0.02


@pytest.mark.parametrize("matching", ["none", "histogram", "moments"])
def test_a_window_equals_that_part_of_the_whole_pair(tmp_path, matching):
    pair = two(tmp_path, lambda dn: 0.6 * ndimage.shift(dn, (0, 3, -2), order=1, mode="nearest") + 300)
    load = PairLoader(RGBN, 4, matching, align=True)
    lr, hr = load(pair)
    for window in (Window(0, 0, 6, 8), Window(9, 10, 6, 6), Window(16, 15, 8, 9)):
        low, high = load.read(pair, window)
        (rows, cols), (fine_rows, fine_cols) = window.slices, window.scaled(4).slices
        np.testing.assert_array_equal(low, lr[..., rows, cols])
        np.testing.assert_allclose(high, hr[:, fine_rows, fine_cols], atol=1e-5)


@pytest.mark.parametrize("matching", ["histogram", "moments"])
def test_tones_by_window_are_those_of_the_whole_image(tmp_path, matching):
    pair = two(tmp_path, lambda dn: 0.5 * dn + 700)
    hr, like = (PairLoader(RGBN, 4).read_whole(path) for path in (pair.hr, pair.lr[0]))
    found = PairLoader(RGBN, 4, matching)(pair)[1]
    np.testing.assert_allclose(found, matched(hr, like, matching), atol=1e-4)
