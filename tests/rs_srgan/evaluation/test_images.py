import numpy as np
import pytest
import rasterio

from rs_srgan import InputError, SISRConfig
from rs_srgan.evaluation.images import (
    LEAST_VALID,
    WINDOW_PX,
    WINDOWS_PER_IMAGE,
    Skipped,
    choose_windows,
    open_image,
    read_case,
    valid_share,
)
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.evaluation.sources import Source
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import RGBN
from rs_srgan.sensors.mtf import wald_mtf
from tests.conftest import scene_dn
from tests.safe_builder import build_safe

X4 = SISRConfig(channels=16, blocks=1)
FUSION = SISRConfig(scale=2, bands=("B05", "B06", "B07", "B8A", "B11", "B12"), guide_bands=RGBN, channels=16, blocks=1)


def test_lr_is_simulated_from_the_part_that_the_scale_divides(write_tif):
    dn = scene_dn(90, 83)
    with open_image(Source("a", "a", write_tif(dn)), "simulated", X4) as image:
        assert (image.height, image.width) == (22, 20)
        lr, hr, guide = image.read(Window(0, 0, 22, 20))
    assert guide is None
    np.testing.assert_allclose(hr, dn[:, :88, :80] / 10_000, atol=1e-6)
    np.testing.assert_array_equal(lr, simulate(hr, 4, wald_mtf(X4.mtf_nyquist, 4)))


def test_real_images_are_their_own_lr_and_nodata_is_nan(write_tif):
    dn = scene_dn(30, 40)
    dn[1, 3, 4] = 0
    with open_image(Source("a", "a", write_tif(dn, nodata=0)), "real", X4, Stated(offset=-1000)) as image:
        lr, hr, _ = image.read(Window(2, 0, 28, 40))
    assert hr is None
    assert image.mtf_nyquist == wald_mtf(X4.mtf_nyquist, 4)
    assert np.isnan(lr[1, 1, 4])
    np.testing.assert_allclose(lr[0], (dn[0, 2:] - 1000.0) / 10_000, atol=1e-6)


def test_a_pair_must_fit_the_scale(write_tif):
    lr, hr = write_tif(scene_dn(20, 30), "lr.tif"), write_tif(scene_dn(80, 121), "hr.tif")
    with (
        pytest.raises(InputError, match="120"),
        open_image(Source("a", "a", hr, lr), "pairs", X4),
    ):
        pass


def test_what_the_user_states_holds_for_both_of_a_pair_but_for_the_offset(write_tif):
    lr, hr = scene_dn(16, 16), scene_dn(64, 64)
    for dn in (lr, hr):
        dn[:, :4] = 7
    given = [write_tif(dn[[2, 1, 0, 3]], name, bands=None) for dn, name in ((hr, "hr.tif"), (lr, "lr.tif"))]
    stated = Stated(offset=-1000, scale=1e-3, nodata=7, band_names=("B02", "B03", "B04", "B08"))
    with open_image(Source("a", "a", *given), "pairs", X4, stated) as image:
        found = image.read(Window(0, 0, 16, 16))
    for dn, offset, read in ((lr, -1000, found[0]), (hr, 0, found[1])):
        assert np.isnan(read[:, :4]).all()
        np.testing.assert_allclose(read[:, 4:], (dn[:, 4:] + float(offset)) * 1e-3, atol=1e-6)


def test_the_guide_of_a_product_is_degraded_too_if_lr_is_simulated(tmp_path):
    fine, coarse = scene_dn(128, 128), scene_dn(64, 64, bands=6)
    images = {(band, 10): fine[index] for index, band in enumerate(RGBN)}
    images |= {(band, 20): coarse[index] for index, band in enumerate(FUSION.bands)}
    source = Source("a", "a", build_safe(tmp_path, images, offset=0))
    with open_image(source, "simulated", FUSION) as image:
        lr, hr, guide = image.read(Window(0, 0, 32, 32))
    assert (lr.shape, hr.shape, guide.shape) == ((6, 32, 32), (6, 64, 64), (4, 64, 64))
    expected = simulate((fine / 10_000).astype(np.float32), 2, wald_mtf(X4.mtf_nyquist, 2))
    np.testing.assert_allclose(guide, expected, atol=1e-5)
    with open_image(source, "real", FUSION) as image:
        lr, _, guide = image.read(Window(0, 0, 64, 64))
    assert (lr.shape, guide.shape) == ((6, 64, 64), (4, 128, 128))


def test_a_guide_must_have_the_right_grid(write_tif):
    path = write_tif(scene_dn(64, 64, bands=10), bands=(*FUSION.bands, *RGBN))
    with open_image(Source("a", "a", path), "simulated", FUSION) as image:
        assert image.read(Window(0, 0, 32, 32))[2].shape == (4, 64, 64)  # on HR's grid already
    with (
        pytest.raises(InputError, match="Sentinel-2"),
        open_image(Source("a", "a", path), "real", FUSION),
    ):
        pass
    with (
        pytest.raises(InputError, match="pairs"),
        open_image(Source("a", "a", path, path), "pairs", FUSION),
    ):
        pass


def large(write_tif, side=2 * WINDOW_PX, **content):
    dn = np.tile(scene_dn(64, 64), (1, side // 64, side // 64))
    for part, value in content.items():
        dn[:, : side // 2] = value if part == "upper" else dn[:, : side // 2]
    return write_tif(dn, nodata=0)


def test_a_large_image_is_represented_by_some_windows_chosen_by_the_seed(write_tif):
    x2 = SISRConfig(scale=2, channels=16, blocks=1)
    side = 3 * WINDOW_PX // 2 // 64 * 64
    with open_image(Source("a", "a", large(write_tif, side)), "real", x2) as image:  # 3 x 3 windows of SR
        windows = choose_windows(image, "a", 2, seed=0)
        assert windows == choose_windows(image, "a", 2, seed=0)
        assert any(windows != choose_windows(image, "a", 2, seed=seed) for seed in range(1, 5))
        case = read_case(image, Source("a", "site", None), windows[0], 2)
    assert len(windows) == WINDOWS_PER_IMAGE
    assert len(set(windows)) == len(windows)
    for window in windows:
        assert max(window.height, window.width) * 2 <= WINDOW_PX
        assert window.row + window.height <= side
    assert case.name == f"a [{windows[0].row}, {windows[0].col}]"
    assert case.lr.shape[1:] == (windows[0].height, windows[0].width)


def test_windows_without_data_are_passed_over(write_tif):
    with open_image(Source("a", "a", large(write_tif, WINDOW_PX, upper=0)), "real", X4) as image:  # 4 x 4 windows of SR
        windows = choose_windows(image, "a", 4, seed=0)
    assert len(windows) == WINDOWS_PER_IMAGE
    assert min(window.row for window in windows) >= image.height // 2


def test_an_unusable_image_is_left_out_with_the_reason(write_tif):
    dn = scene_dn(96, 96)
    dn[:, :85] = 0
    empty, small = write_tif(dn, "empty.tif", nodata=0), write_tif(scene_dn(60, 96), "small.tif")
    for path, reason in ((empty, "0% of its pixels hold data"), (small, "96 x 60 pixels")):
        with open_image(Source("name", "a", path), "simulated", X4) as image:
            skipped = choose_windows(image, "name", 4, seed=0)
        assert isinstance(skipped, Skipped)
        assert skipped.name == "name"
        assert reason in skipped.reason


def test_the_share_of_valid_pixels_counts_all_bands_of_both():
    lr, hr = np.ones((2, 24, 24), np.float32), np.ones((2, 96, 96), np.float32)
    assert valid_share(lr, hr, 4) == 1
    hr[0, 16:48] = np.nan
    assert valid_share(lr, hr, 4) == LEAST_VALID
    lr[1, 12:20] = np.nan
    assert valid_share(lr, hr, 4) == 0
    hr[:] = 1
    hr[:, :16] = np.nan  # a border does not count
    assert valid_share(np.ones_like(lr), hr, 4) == 1


def test_a_truncated_file_is_found_when_windows_are_chosen(write_tif):
    path = write_tif(np.random.default_rng(0).integers(1, 9999, (4, 200, 200), dtype=np.uint16), bands=None)
    path.write_bytes(path.read_bytes()[:-50_000])
    with pytest.raises(InputError, match="truncated"), open_image(Source("a", "a", path), "real", X4) as image:
        choose_windows(image, "a", 4, seed=0)
    assert rasterio.open(path).shape == (200, 200)  # the header does not show it
