import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import LANDSAT_OLI, RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all


def test_missing_bands_are_named(write_tif):
    dn = scene_dn(8, 8, bands=3)
    named = write_tif(dn, "named.tif", bands=("B04", "B03", "B02"))
    with pytest.raises(InputError, match="missing"):
        read_all(named)
    with pytest.raises(InputError, match="descriptions"):
        read_all(write_tif(dn, "unnamed.tif", bands=None))
    with pytest.raises(InputError, match=r"\b13\b"):
        read_all(write_tif(scene_dn(8, 8, bands=13), "many.tif", bands=None))


def test_an_alpha_channel_is_not_the_near_infrared(write_tif):
    rgba = write_tif(scene_dn(8, 8).astype(np.uint8), "rgba.png", driver="PNG", bands=None, crs=None)
    with pytest.raises(InputError, match="alpha"):
        read_all(rgba)


def test_a_fifth_band_of_alpha_is_a_mask(write_tif):
    dn = scene_dn(10, 12, bands=5)
    dn[4], dn[4, 3:5] = 65_535, 0
    path = write_tif(dn, bands=None)
    with rasterio.open(path, "r+") as dataset:
        dataset.colorinterp = [*[rasterio.enums.ColorInterp.undefined] * 4, rasterio.enums.ColorInterp.alpha]
    with open_raster(path, RGBN) as raster:
        valid = raster.read(Window(0, 0, 10, 12))[1]
        assert raster.output_encoding().nodata == 0
    np.testing.assert_array_equal(valid, np.broadcast_to(dn[4] > 0, (4, 10, 12)))


def test_a_described_band_marked_as_alpha_is_a_band(write_tif):
    dn = scene_dn(6, 6)
    dn[3, 0, 0] = 0
    path = write_tif(dn)
    with rasterio.open(path, "r+") as dataset:
        dataset.colorinterp = [*[rasterio.enums.ColorInterp.undefined] * 3, rasterio.enums.ColorInterp.alpha]
    assert read_all(path)[1].all()


def test_a_band_described_twice_is_refused(write_tif):
    with pytest.raises(InputError, match="described"):
        read_all(write_tif(scene_dn(8, 8, bands=5), bands=("B04", "Red", "B03", "B02", "B08")))


def test_bands_are_found_by_the_names_of_the_sensor(write_tif):
    dn = scene_dn(8, 8)
    path = write_tif(dn, bands=("SR_B2", "SR_B3", "Red", "B5"))
    image, _ = read_all(path, ("B4", "B3", "B2", "B5"), sensor=LANDSAT_OLI)
    np.testing.assert_allclose(image, dn[[2, 1, 0, 3]] * 2.75e-5 - 0.2, atol=1e-6)
    with pytest.raises(InputError, match="missing"):
        read_all(path, RGBN)
