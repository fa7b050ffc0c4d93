import io
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import rasterio
from rasterio.rio.main import main_group as rio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.safe_builder import build_safe, zip_safe


def read_all(path, bands=RGBN, offset=None):
    with open_raster(path, bands, offset) as raster:
        return raster.read(Window(0, 0, raster.grid.height, raster.grid.width))


def test_a_jp2_is_read_like_a_tiff(write_tif):
    dn = scene_dn(70, 60)
    jp2 = write_tif(dn, "s.jp2", driver="JP2OpenJPEG", quality=100, reversible=True)
    np.testing.assert_allclose(read_all(jp2)[0], dn / 10_000, atol=1e-7)


@pytest.mark.parametrize("share", [0.98, 0.7, 0.3])
def test_a_truncated_jp2_is_no_image_of_zeros(write_tif, share):
    dn = np.random.default_rng(0).integers(1, 4_000, (4, 300, 300), np.uint16)
    jp2 = write_tif(dn, "s.jp2", driver="JP2OpenJPEG", blockxsize=128, blockysize=128, quality=100, reversible=True)
    jp2.write_bytes(jp2.read_bytes()[: int(jp2.stat().st_size * share)])
    with pytest.raises(InputError, match=r"s\.jp2 is truncated or corrupt"):
        read_all(jp2)


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
        assert raster.output_encoding().nodata == 0  # somewhere the result must be able to say it
    np.testing.assert_array_equal(valid, np.broadcast_to(mask > 0, (4, 8, 8)))


def test_a_nodata_value_that_no_pixel_can_have_is_dropped(write_tif):
    with open_raster(write_tif(scene_dn(8, 8).astype(np.int16), nodata=-32768), RGBN) as raster:
        assert raster.output_encoding().nodata == -32768
    floats = write_tif((scene_dn(8, 8) / 10_000).astype(np.float32), "f.tif", nodata=-9999.5)
    with open_raster(floats, RGBN) as raster:
        assert raster.output_encoding().nodata == 0


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
    "text.tif": (b"this is no image", "is no GeoTIFF, JP2, PNG or NPY file"),
    "vrt.tif": (b'<VRTDataset rasterXSize="1" rasterYSize="1"/>', "is no GeoTIFF"),
    "head.tif": (b"II*\0\x08\0\0\0", "truncated or corrupt"),
    "head.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", "truncated or corrupt"),
    "head.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 8, "truncated or corrupt"),
    "text.npy": (b"not an array", "cannot be read as an NPY array"),
    "pickle.npy": (saved_npy(np.array([{"a": 1}], object)), "cannot be read as an NPY array"),
    "flat.npy": (saved_npy(np.zeros((4, 4))), r"shape \(4, 4\); expected"),
    "zip.npy": (b"PK\3\4garbage", "cannot be read as an NPY array"),
    "odd.npy": (saved_npy(np.zeros((4, 5, 5))).replace(b"(4, 5, 5)", b"{{{{{{{{("), "cannot be read as an NPY array"),
    "short.npy": (saved_npy(np.zeros((4, 50, 50)))[:500], "cannot be read as an NPY array"),
    "none.npy": (saved_npy(np.zeros((4, 0, 5))), "at least one pixel"),
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


def test_a_folder_that_is_no_product_is_no_image(tmp_path):
    with pytest.raises(InputError, match=r"expected a Sentinel-2 \.SAFE folder"):
        read_all(tmp_path)


def test_the_wrong_bands_are_named(write_tif):
    dn = scene_dn(8, 8, bands=3)
    named = write_tif(dn, "named.tif", bands=("B04", "B03", "B02"))
    with pytest.raises(InputError, match=r"Expected 4 bands .* but named.tif has B04, B03, B02: B08 missing"):
        read_all(named)
    with pytest.raises(InputError, match="has 3 without descriptions"):
        read_all(write_tif(dn, "unnamed.tif", bands=None))
    with pytest.raises(InputError, match="has 13 without descriptions"):
        read_all(write_tif(scene_dn(8, 8, bands=13), "many.tif", bands=None))


def test_alpha_is_not_near_infrared(write_tif):
    rgba = write_tif(scene_dn(8, 8).astype(np.uint8), "rgba.png", driver="PNG", bands=None, crs=None)
    with pytest.raises(InputError, match="3 and an alpha channel, which is not a band"):
        read_all(rgba)


def test_a_type_that_numpy_does_not_have_is_refused_by_its_name(tmp_path):
    path = tmp_path / "radar.tif"
    with rasterio.open(path, "w", driver="GTiff", count=4, width=8, height=8, dtype="complex_int16"):
        pass
    with pytest.raises(InputError, match=r"radar\.tif holds complex_int16; expected uint16 DN"):
        read_all(path)


def test_dn_in_floats_are_refused(write_tif):
    with pytest.raises(InputError, match="values up to 12500 as floats; expected reflectance"):
        read_all(write_tif(scene_dn(8, 8).astype(np.float32)))


@pytest.mark.parametrize(("scale", "offset"), [(0.0, 0.1), (np.inf, 0.1), (1e-4, np.nan), (1e-300, 0.1)])
def test_tags_that_make_no_reflectance_are_refused(write_tif, scale, offset):
    with pytest.raises(InputError, match="no reflectance of any DN"):
        read_all(write_tif(scene_dn(8, 8), scales=(scale,) * 4, offsets=(offset,) * 4))


def test_tags_in_dn_instead_of_reflectance_are_refused(write_tif):
    with pytest.raises(InputError, match="by its scale and offset tags; expected reflectance"):
        read_all(write_tif(scene_dn(8, 8), offsets=(-1000.0,) * 4))


@pytest.mark.parametrize("offset", [np.nan, np.inf])
def test_an_offset_that_is_no_number_is_refused(write_tif, offset):
    with pytest.raises(InputError, match="expected a number of DN"):
        read_all(write_tif(scene_dn(8, 8)), offset=offset)


def test_an_offset_is_not_for_reflectance(write_tif):
    with pytest.raises(InputError, match="an offset is for DN"):
        read_all(write_tif(np.full((4, 8, 8), 0.2, np.float32)), offset=-1000)


def test_one_wild_value_is_found_wherever_it_is(write_tif):
    floats = np.full((4, 300, 300), 0.2, np.float32)
    floats[2, 151, 150] = -9999
    path = write_tif(floats)
    with pytest.raises(InputError, match=r"values up to 9999 as floats.*rio edit-info --nodata -9999.0 scene\.tif"):
        read_all(path)
    assert rio(["edit-info", "--nodata", "-9999.0", str(path)], standalone_mode=False) is None
    assert not read_all(path)[1][2, 151, 150]


def test_a_proj_without_its_database_is_said(write_tif, tmp_path):
    """In a process of its own, since PROJ looks for it once."""
    code = "import sys; from rs_srgan.reading.opening import open_raster\nwith open_raster(sys.argv[1], ('B04',)): pass"
    command = [sys.executable, "-c", code, str(write_tif(scene_dn(4, 4)))]
    environment = os.environ | {"PROJ_DATA": str(tmp_path)}
    error = subprocess.run(command, env=environment, capture_output=True, text=True).stderr
    assert "ERROR" not in error  # which is how GDAL's own words begin
    last = error.splitlines()[-1]
    assert "InputError: PROJ cannot use its database of coordinate systems." in last
    assert f"PROJ_DATA is {tmp_path}, perhaps of another installation: unset it." in last


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


def test_a_band_mislabelled_as_alpha_is_a_band(write_tif):
    dn = scene_dn(6, 6)
    dn[3, 0, 0] = 0
    path = write_tif(dn)
    with rasterio.open(path, "r+") as dataset:
        dataset.colorinterp = [*[rasterio.enums.ColorInterp.undefined] * 3, rasterio.enums.ColorInterp.alpha]
    assert read_all(path)[1].all()


def test_truncated_floats_are_one_clear_line_too(write_tif):
    path = write_tif(np.full((4, 200, 200), 0.2, np.float32), "f.tif")
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(InputError, match=r"f\.tif is truncated or corrupt"):
        read_all(path)


def test_a_jp2_that_ends_in_zeros_is_an_interrupted_download(write_tif):
    path = write_tif(scene_dn(300, 300), "s.jp2", driver="JP2OpenJPEG", quality=100, reversible=True)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    with pytest.raises(InputError, match="ends in zeros"):
        read_all(path)


def test_a_small_file_cannot_fill_the_memory(write_tif):
    path = write_tif(
        np.zeros((4, 64, 64), np.uint16), "b.tif", tiled=True, blockxsize=16_384, blockysize=16_384, compress="deflate"
    )
    assert path.stat().st_size < 5_000_000
    with pytest.raises(InputError, match="blocks of 16384 x 16384 pixels, which would fill the memory"):
        read_all(path)


def test_a_name_with_a_nul_is_said():
    with pytest.raises(InputError, match=r"'a\\x00b\.tif' holds a NUL"):
        read_all("a\0b.tif")


def test_a_name_like_an_address_is_a_name(write_tif, tmp_path, monkeypatch):
    dn = scene_dn(5, 6)
    write_tif(dn, "zip:a.tif")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_allclose(read_all("zip:a.tif")[0], dn / 10_000, atol=1e-7)


def test_a_band_described_twice_is_refused(write_tif):
    with pytest.raises(InputError, match="has 2 bands described as B04; expected one"):
        read_all(write_tif(scene_dn(8, 8, bands=5), bands=("B04", "Red", "B03", "B02", "B08")))


def test_a_product_reads_like_its_bands(tmp_path):
    dn = scene_dn(200, 150)
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(RGBN)})
    for path in (safe, zip_safe(safe), safe / "MTD_MSIL2A.xml"):
        image, valid = read_all(path)
        np.testing.assert_allclose(image, (dn.astype(np.float32) - 1000) / 10_000, atol=1e-6)
        assert valid.all()


@pytest.mark.parametrize("name", ["a.zip", "{a}.zip", "a{.zip", "}a.zip", "a b.ZIP"])
@pytest.mark.parametrize("prefix", ["", "./", "x{.SAFE/", "./x.SAFE/"])
def test_an_archive_is_read_however_it_was_packed_and_named(tmp_path, name, prefix):
    dn = scene_dn(20, 30)
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(RGBN)})
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for path in safe.rglob("*.*"):
            archive.writestr(f"{prefix}{path.relative_to(safe).as_posix()}", path.read_bytes())
    np.testing.assert_allclose(read_all(tmp_path / name)[0], (dn.astype(np.float32) - 1000) / 10_000, atol=1e-6)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_band_whose_checksum_does_not_hold_is_named(tmp_path, compression):
    """Flipped in the middle, where the decoder would make other pixels of it."""
    safe = build_safe(tmp_path, {(band, 10): scene_dn(200, 200)[index] for index, band in enumerate(RGBN)})
    with zipfile.ZipFile(tmp_path / "a.zip", "w", compression) as archive:
        for path in safe.rglob("*.*"):
            archive.write(path, path.relative_to(tmp_path))
        (info,) = (info for info in archive.infolist() if info.filename.endswith("_B03_10m.jp2"))
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[info.header_offset + info.compress_size // 2] ^= 0x55
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"_B03_10m\.jp2 in a\.zip is damaged \(.*\)\. Download it again\.$") as caught:
        read_all(tmp_path / "a.zip")
    assert "GRANULE" not in str(caught.value)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_band_of_a_product_that_ends_in_zeros_is_named(tmp_path, zipped):
    safe = build_safe(tmp_path, {(band, 10): scene_dn(200, 200)[index] for index, band in enumerate(RGBN)})
    path = next(safe.rglob("*_B02_10m.jp2"))
    content = path.read_bytes()
    path.write_bytes(content[:-100] + bytes(100))
    with pytest.raises(InputError, match=r"_B02_10m\.jp2 is truncated or corrupt: it ends in zeros"):
        read_all(zip_safe(safe) if zipped else safe)


def test_a_truncated_band_of_a_product_is_named(tmp_path):
    dn = np.random.default_rng(0).integers(1, 4_000, (4, 300, 300), np.uint16)
    safe = build_safe(tmp_path, {(band, 10): dn[index] for index, band in enumerate(RGBN)})
    path = next(safe.rglob("*_B02_10m.jp2"))
    path.write_bytes(path.read_bytes()[:-50_000])
    with pytest.raises(InputError, match=r"_B02_10m\.jp2 is truncated or corrupt"):
        read_all(safe)


def test_bands_of_a_product_on_different_grids_are_refused(tmp_path):
    images = {(band, 10): scene_dn(40, 40)[index] for index, band in enumerate(RGBN)}
    images["B08", 10] = images["B08", 10][:20]
    with pytest.raises(InputError, match="bands on 2 different grids"):
        read_all(build_safe(tmp_path, images))


def test_an_error_shows_no_path(write_tif):
    path = write_tif(scene_dn(100, 100), "cut.tif")
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(InputError) as caught:
        read_all(path)
    assert str(path.parent) not in str(caught.value)
