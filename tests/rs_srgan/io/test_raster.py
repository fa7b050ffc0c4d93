import io

import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.bands import RGBN
from rs_srgan.io.raster import open_raster
from rs_srgan.tiling import Window
from tests.conftest import scene_dn


def read_all(path, bands=RGBN, offset=None):
    with open_raster(path, bands, offset) as raster:
        return raster.read(Window(0, 0, raster.grid.height, raster.grid.width))


def test_a_jp2_is_read_like_a_tiff(write_tif):
    dn = scene_dn(70, 60)
    jp2 = write_tif(dn, "s.jp2", driver="JP2OpenJPEG", quality=100, reversible=True)
    np.testing.assert_allclose(read_all(jp2)[0], dn / 10_000, atol=1e-7)


def test_a_16_bit_png_with_described_bands_is_read(write_tif):
    dn = scene_dn(20, 30, bands=3)
    png = write_tif(dn, "s.png", driver="PNG", bands=None, crs=None)
    np.testing.assert_allclose(read_all(png, ("B04", "B03", "B02"))[0], dn / 10_000, atol=1e-7)


@pytest.mark.parametrize("axis", ["first", "last"])
def test_an_array_is_read_with_its_bands_first_or_last(tmp_path, axis):
    dn = scene_dn(9, 11)
    np.save(tmp_path / "a.npy", dn if axis == "first" else dn.transpose(1, 2, 0))
    np.testing.assert_allclose(read_all(tmp_path / "a.npy")[0], dn / 10_000, atol=1e-7)


def test_nodata_and_nan_are_invalid_band_by_band(write_tif):
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


def test_the_mask_of_a_tiff_counts(write_tif):
    path = write_tif(scene_dn(8, 8), "m.tif")
    mask = np.full((8, 8), 255, np.uint8)
    mask[:2] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as dataset:
        dataset.write_mask(mask)
    with open_raster(path, RGBN) as raster:
        valid = raster.read(Window(0, 0, 8, 8))[1]
        assert raster.output_encoding.nodata == 0  # somewhere the result must be able to say it
    np.testing.assert_array_equal(valid, np.broadcast_to(mask > 0, (4, 8, 8)))


def test_a_nodata_value_that_no_pixel_can_have_is_dropped(write_tif):
    with open_raster(write_tif(scene_dn(8, 8).astype(np.int16), nodata=-32768), RGBN) as raster:
        assert raster.output_encoding.nodata == -32768
    floats = write_tif((scene_dn(8, 8) / 10_000).astype(np.float32), "f.tif", nodata=-9999.5)
    with open_raster(floats, RGBN) as raster:
        assert raster.output_encoding.nodata == 0


def test_8_bit_values_are_display_values_and_said_to_be(write_tif, caplog):
    image, _ = read_all(write_tif(np.full((4, 5, 5), 51, np.uint8)))
    np.testing.assert_allclose(image, 0.2, atol=1e-6)
    assert "8-bit" in caplog.text


def saved_npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


BAD_FILES = {
    "missing.tif": (None, "does not exist"),
    "empty.tif": (b"", r"empty \(0 bytes\)"),
    "text.tif": (b"this is no image", "is no GeoTIFF, JP2, PNG or NPY"),
    "vrt.tif": (b'<VRTDataset rasterXSize="1" rasterYSize="1"/>', "is no GeoTIFF"),
    "head.tif": (b"II*\0\x08\0\0\0", "truncated or corrupt"),
    "head.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", "truncated or corrupt"),
    "head.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 8, "truncated or corrupt"),
    "text.npy": (b"not an array", "cannot be read as an NPY array"),
    "pickle.npy": (saved_npy(np.array([{"a": 1}], object)), "cannot be read as an NPY array"),
    "flat.npy": (saved_npy(np.zeros((4, 4))), r"shape \(4, 4\); expected"),
    "short.npy": (saved_npy(np.zeros((4, 50, 50)))[:500], "cannot be read as an NPY array"),
    "none.npy": (saved_npy(np.zeros((4, 0, 5))), "no pixels"),
    "complex.npy": (saved_npy(np.zeros((4, 5, 5), complex)), "holds complex128"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path, name):
    content, words = BAD_FILES[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_all(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        read_all(tmp_path)


def test_the_wrong_bands_are_named(write_tif):
    dn = scene_dn(8, 8, bands=3)
    named = write_tif(dn, "named.tif", bands=("B04", "B03", "B02"))
    with pytest.raises(InputError, match=r"Expected 4 bands .* but named.tif has B04, B03, B02: B08 missing"):
        read_all(named)
    with pytest.raises(InputError, match="has 3, without descriptions"):
        read_all(write_tif(dn, "unnamed.tif", bands=None))
    with pytest.raises(InputError, match="has 13, without descriptions"):
        read_all(write_tif(scene_dn(8, 8, bands=13), "many.tif", bands=None))


def test_alpha_is_not_near_infrared(write_tif):
    rgba = write_tif(scene_dn(8, 8).astype(np.uint8), "rgba.png", driver="PNG", bands=None, crs=None)
    with pytest.raises(InputError, match="3 and an alpha channel, which is not a band"):
        read_all(rgba)


def test_dn_in_floats_are_refused(write_tif):
    with pytest.raises(InputError, match="floats up to 12500; expected reflectance"):
        read_all(write_tif(scene_dn(8, 8).astype(np.float32)))


def test_a_scale_tag_of_zero_is_refused(write_tif):
    with pytest.raises(InputError, match="scale tag of 0"):
        read_all(write_tif(scene_dn(8, 8), scales=(0.0,) * 4, offsets=(0.1,) * 4))


def test_an_error_shows_no_path(write_tif):
    path = write_tif(scene_dn(100, 100), "cut.tif")
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(InputError) as caught:
        read_all(path)
    assert str(path.parent) not in str(caught.value)
