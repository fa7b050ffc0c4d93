import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all
from tests.safe_builder import build_safe


def test_nodata_and_nan_are_invalid_in_each_band(write_tif):
    dn = scene_dn(8, 8)
    dn[2, 3, 4] = 0
    valid = read_all(write_tif(dn, nodata=0))[1]
    assert not valid[2, 3, 4]
    assert valid.sum() == valid.size - 1
    floats = (dn / 10_000).astype(np.float32)
    floats[1, 0, 0] = np.nan
    floats[1, 0, 1] = np.inf
    image, valid = read_all(write_tif(floats, "f.tif"))
    assert valid.sum() == valid.size - 2
    assert np.isfinite(image).all()


def test_the_mask_of_a_tiff_is_used(write_tif):
    path = write_tif(scene_dn(8, 8), "m.tif")
    mask = np.full((8, 8), 255, np.uint8)
    mask[:2] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as dataset:
        dataset.write_mask(mask)
    with open_raster(path, RGBN) as raster:
        valid = raster.read(Window(0, 0, 8, 8))[1]
        assert raster.output_encoding().nodata == 0  # somewhere the result must be able to say it
    np.testing.assert_array_equal(valid, np.broadcast_to(mask > 0, (4, 8, 8)))


def test_an_impossible_nodata_value_is_dropped(write_tif):
    with open_raster(write_tif(scene_dn(8, 8).astype(np.int16), nodata=-32768), RGBN) as raster:
        assert raster.output_encoding().nodata == -32768
    floats = write_tif((scene_dn(8, 8) / 10_000).astype(np.float32), "f.tif", nodata=-9999.5)
    with open_raster(floats, RGBN) as raster:
        assert raster.output_encoding().nodata == 0


def test_dn_as_floats_are_refused(write_tif):
    with pytest.raises(InputError, match="floats"):
        read_all(write_tif(scene_dn(8, 8).astype(np.float32)))


def test_tags_in_dn_instead_of_reflectance_are_refused(write_tif):
    with pytest.raises(InputError, match="offset"):
        read_all(write_tif(scene_dn(8, 8), offsets=(1000.0,) * 4))


def test_a_single_value_that_is_no_reflectance_is_found(write_tif):
    floats = np.full((4, 300, 300), 0.2, np.float32)
    floats[2, 151, 150] = -9999
    path = write_tif(floats)
    with pytest.raises(InputError, match="--nodata"):
        read_all(path)
    with rasterio.open(path, "r+") as dataset:
        dataset.nodata = -9999
    assert not read_all(path)[1][2, 151, 150]


def test_truncated_floats_are_refused(write_tif):
    path = write_tif(np.full((4, 200, 200), 0.2, np.float32), "f.tif")
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(InputError, match="truncated"):
        read_all(path)


@pytest.mark.parametrize("share", [0.98, 0.7, 0.3])
def test_a_truncated_jp2_is_refused_instead_of_read_as_zeros(write_tif, share):
    dn = np.random.default_rng(0).integers(1, 4_000, (4, 300, 300), np.uint16)
    jp2 = write_tif(dn, "s.jp2", driver="JP2OpenJPEG", blockxsize=128, blockysize=128, quality=100, reversible=True)
    jp2.write_bytes(jp2.read_bytes()[: int(jp2.stat().st_size * share)])
    with pytest.raises(InputError, match="truncated"):
        read_all(jp2)


def test_bands_on_different_grids_are_refused(tmp_path):
    images = {(band, 10): scene_dn(40, 40)[index] for index, band in enumerate(RGBN)}
    images["B08", 10] = images["B08", 10][:20]
    with pytest.raises(InputError, match="grids"):
        read_all(build_safe(tmp_path, images))


def test_an_error_contains_no_folder(write_tif):
    path = write_tif(scene_dn(100, 100), "cut.tif")
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(InputError, match="truncated") as caught:
        read_all(path)
    assert str(path.parent) not in str(caught.value)


def test_a_small_read_opens_no_file_that_the_image_names(write_tif):
    path = write_tif(scene_dn(64, 64), nodata=0)
    with open_raster(path, RGBN) as raster:
        small, valid = raster.read_small(Window(0, 0, 64, 64), (16, 16))
        whole, _ = raster.read(Window(0, 0, 64, 64))
        assert small.shape == (4, 16, 16) and valid.all()
        assert np.isin(small[0], whole[0]).all()  # pixels of the image, not means of them
    with rasterio.open(path, "r+") as out:
        out.update_tags(ns="OVERVIEWS", OVERVIEW_FILE="elsewhere.tif")
    with open_raster(path, RGBN) as raster, pytest.raises(InputError, match="overviews"):
        raster.read_small(Window(0, 0, 64, 64), (16, 16))
