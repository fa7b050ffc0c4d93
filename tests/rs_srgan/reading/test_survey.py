import numpy as np
import pytest
import rasterio

from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.stated import Stated
from rs_srgan.reading.survey import find_faults, sample_windows, survey
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn

LAND = scene_dn(64, 80)
# Medians of the bands over a dark forest: only the near infrared is bright.
FOREST = np.array([0.03, 0.04, 0.03, 0.30])[:, None, None]


def faults(path, **stated):
    with open_raster(path, RGBN, Stated(**stated)) as raster:
        return " ".join(find_faults(raster, survey(raster)))


def test_figures_are_those_of_the_valid_pixels(write_tif):
    dn = LAND.copy()
    dn[:, :16] = 0
    with open_raster(write_tif(dn, nodata=0), RGBN) as raster:
        found = survey(raster)
    for band, expected in zip(found.bands, dn[:, 16:] / 10_000, strict=True):
        figures = (band.minimum, band.median, band.mean, band.maximum)
        np.testing.assert_allclose(
            figures, (expected.min(), np.median(expected), expected.mean(), expected.max()), rtol=1e-5
        )
        assert band.valid == 0.75
    assert found.sampled == 1
    assert found.stored == (dn[:, 16:].min(), dn.max())


def test_infinite_values_give_figures_without_a_warning(write_tif):
    pixels = LAND.astype(np.float64) / 10_000
    pixels[0, 0, :2] = np.finfo(np.float64).max, -np.finfo(np.float64).max  # infinite in float32
    with open_raster(write_tif(pixels), RGBN, Stated(scale=1)) as raster, np.errstate(all="raise", under="ignore"):
        assert survey(raster).bands[2].median == pytest.approx(np.median(pixels[2]), rel=1e-4)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (300, 1024), (1025, 80), (5000, 3000)])
def test_samples_lie_inside_the_image(height, width):
    windows = sample_windows(height, width)
    assert len(windows) <= 16
    for window in windows:
        assert window.clipped(height, width) == window
    assert {window.row for window in windows} & {0} and {window.col for window in windows} & {0}


def test_ordinary_land_has_no_fault(write_tif):
    assert faults(write_tif(LAND, nodata=0)) == ""
    assert faults(write_tif((LAND / 10_000).astype(np.float32), "f.tif", nodata=np.nan)) == ""


def test_undeclared_nodata_is_reported_with_its_share(write_tif):
    dn = LAND.copy()
    dn[:, :16] = 0
    path = write_tif(dn)
    assert "25 %" in faults(path) and "--nodata none" in faults(path)
    assert "--nodata 0" in faults(path, nodata="none")
    assert "nodata" not in faults(path, nodata=0)
    assert "--nodata 0" in faults(write_tif(dn, "d.tif", nodata=65_535))


FILLS = {
    "offset subtracted from 0": (np.float32, -0.1, 1e-4, -0.1),
    "offset subtracted from 0, DN": (np.int16, -1000, 1, -1000),
    "the largest value": (np.uint16, 65_535, 1, 65_535),
    "the smallest float": (np.float32, -3.4028235e38, 1e-4, -3.4028235e38),
}


@pytest.mark.parametrize("case", FILLS)
def test_values_of_no_ground_in_all_bands_are_reported(write_tif, case):
    dtype, fill, scale, stated = FILLS[case]
    pixels = (LAND * scale).astype(dtype)
    plain = write_tif(pixels, "plain.tif")
    assert faults(plain) == ""
    pixels[:, :16] = fill
    path = write_tif(pixels)
    assert "25 %" in faults(path) and f"--nodata {np.float32(stated):.9g}" in faults(path)
    assert faults(path, nodata=stated) == ""
    pixels[3] = (LAND * scale).astype(dtype)[3]
    assert "--nodata" not in faults(write_tif(pixels, "one.tif")), "one band holds data there"


def forest(reflectance):
    """Return the pixels of a dark forest with the texture of another image."""
    return FOREST * (0.6 + 0.8 * reflectance / reflectance.max((1, 2), keepdims=True))


ENCODINGS = {
    "65535 means 1": (lambda r: np.clip(r * 65_535, 1, 65_535).astype(np.uint16), {}, "65535"),
    "65535 means 1, vegetation": (lambda r: (forest(r) * 65_535).astype(np.uint16), {}, "65535"),
    "percent": (lambda r: np.clip(r * 100, 1, 255).astype(np.uint16), {}, "dark"),
    "8 bits in 16": (lambda r: np.clip(r * 255, 1, 255).astype(np.uint16), {}, "dark"),
    "scale too small": (lambda r: (r * 10_000).astype(np.uint16), {"scales": (1e-7,) * 4}, "dark"),
    "scale too large": (lambda r: (r * 10_000).astype(np.uint16), {"scales": (1e-3,) * 4}, "bright"),
    "reflectance of percent": (lambda r: (r * 8).astype(np.float32), {}, "bright"),
    "offset lost": (lambda r: (r * 10_000 + 1000).astype(np.uint16), {}, "--offset"),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_wrong_scales_are_reported_on_both_sides(write_tif, case):
    encode, tags, words = ENCODINGS[case]
    assert words in faults(write_tif(encode(LAND / 10_000), nodata=0, **tags))


def test_a_dark_forest_has_no_fault(write_tif):
    assert faults(write_tif((forest(LAND / 10_000) * 10_000).astype(np.uint16), nodata=0)) == ""


def test_a_band_without_data_is_named(write_tif):
    dn = LAND.copy()
    dn[3] = 0
    path = write_tif(dn, nodata=0)
    assert "B08 has no valid pixel." in faults(path)
    with open_raster(path, RGBN) as raster:
        (fault,) = find_faults(raster, survey(raster, [Window(0, 0, 8, 8)]))
    assert "B08 has no valid pixel in the samples." in fault


def test_a_band_without_data_is_searched_beyond_the_samples(write_tif):
    dn = np.full((4, 1100, 1100), 500, np.uint16)
    dn[:3] += np.arange(1100, dtype=np.uint16)
    dn[3] = 0
    path = write_tif(dn, nodata=0)
    assert "B08 has no valid pixel. " in faults(path)
    dn[3, 300, 270] = 500  # between the samples
    assert "B08 has no valid pixel in the samples. " in faults(write_tif(dn, nodata=0))


@pytest.mark.parametrize("value", [0, 800])
def test_a_band_of_one_value_is_named(write_tif, value):
    dn = LAND.copy()
    dn[3] = value
    assert "B08 (0" in faults(write_tif(dn)) and "one value" in faults(write_tif(dn))


def test_8_bit_values_are_no_reflectance_to_judge(write_tif):
    assert faults(write_tif(np.full((4, 8, 8), 250, np.uint8))) == ""


def test_given_windows_alone_are_read(write_tif):
    dn = LAND.copy()
    dn[:, 32:] = 0
    with open_raster(write_tif(dn, nodata=0), RGBN) as raster:
        found = survey(raster, [Window(32, 0, 32, 80)])
    assert found.sampled == 0.5 and found.stored is None
    assert all(np.isnan(band.mean) for band in found.bands)


def test_real_images_have_no_fault(data):
    paths = sorted((data / "sentinel2").glob("*.tif"))
    assert paths
    wrong = {}
    for path in paths:
        with rasterio.open(path) as dataset:
            if not set(RGBN) <= set(dataset.descriptions):
                continue
        if found := faults(path):
            wrong[path.name] = found
    assert wrong == {}
