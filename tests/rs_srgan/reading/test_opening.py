import warnings

import numpy as np
import pytest

from rs_srgan import InputError
from rs_srgan.sensors import LANDSAT_OLI, RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all
from tests.safe_builder import build_safe, zip_safe


def test_a_jp2_is_read_like_a_tiff(write_tif):
    dn = scene_dn(70, 60)
    jp2 = write_tif(dn, "s.jp2", driver="JP2OpenJPEG", quality=100, reversible=True)
    np.testing.assert_allclose(read_all(jp2)[0], dn / 10_000, atol=1e-7)


def test_a_16_bit_png_is_read(write_tif):
    dn = scene_dn(20, 30, bands=3)
    png = write_tif(dn, "s.png", driver="PNG", bands=None, crs=None)
    np.testing.assert_allclose(read_all(png, ("B04", "B03", "B02"))[0], dn / 10_000, atol=1e-7)


UNREADABLE = {
    "missing.tif": (None, "exist"),
    "empty.tif": (b"", "empty"),
    "text.tif": (b"this is no image", "NPY"),
    "vrt.tif": (b'<VRTDataset rasterXSize="1" rasterYSize="1"/>', "NPY"),
    "head.tif": (b"II*\0\x08\0\0\0", "truncated"),
    "head.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", "truncated"),
    "head.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 8, "truncated"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_file_is_refused_in_one_line(tmp_path, name):
    content, words = UNREADABLE[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_all(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_product_is_refused(tmp_path):
    with pytest.raises(InputError, match="MTD_MSIL2A"):
        read_all(tmp_path)


def test_a_product_is_read_in_every_form(tmp_path):
    dn = scene_dn(200, 150)
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(RGBN)})
    for path in (safe, zip_safe(safe), safe / "MTD_MSIL2A.xml"):
        image, valid = read_all(path)
        np.testing.assert_allclose(image, (dn.astype(np.float32) - 1000) / 10_000, atol=1e-6)
        assert valid.all()


@pytest.mark.parametrize("zipped", [False, True])
def test_a_product_band_that_ends_in_zeros_is_named(tmp_path, zipped):
    safe = build_safe(tmp_path, {(band, 10): scene_dn(200, 200)[index] for index, band in enumerate(RGBN)})
    path = next(safe.rglob("*_B02_10m.jp2"))
    content = path.read_bytes()
    path.write_bytes(content[:-100] + bytes(100))
    with pytest.raises(InputError, match="zeros"):
        read_all(zip_safe(safe) if zipped else safe)


def test_a_truncated_product_band_is_named(tmp_path):
    dn = np.random.default_rng(0).integers(1, 4_000, (4, 300, 300), np.uint16)
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(RGBN)})
    path = next(safe.rglob("*_B02_10m.jp2"))
    path.write_bytes(path.read_bytes()[:-50_000])
    with pytest.raises(InputError, match=r"B02_10m\.jp2"):
        read_all(safe)


def test_a_product_of_another_sensor_is_refused(tmp_path):
    safe = build_safe(tmp_path, {(band, 10): scene_dn(20, 20)[index] for index, band in enumerate(RGBN)})
    with pytest.raises(InputError, match="landsat-oli"):
        read_all(safe, ("B4", "B3", "B2", "B5"), sensor=LANDSAT_OLI)


def test_a_raster_without_georeference_causes_no_warning(write_tif):
    plain = write_tif(scene_dn(20, 20), crs=None, transform=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_all(plain)
