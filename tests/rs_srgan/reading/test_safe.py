import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.raster import Layer, Raster
from rs_srgan.reading.safe import open_product
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.safe_builder import build_safe, zip_safe

RGBN_10M = {(band, 10): scene_dn(40, 50)[index] for index, band in enumerate(RGBN)}


def edit(safe, old, new):
    (metadata,) = safe.glob("MTD_*.xml")
    text = metadata.read_text()
    assert old in text
    metadata.write_text(text.replace(old, new))


def test_what_the_metadata_say(tmp_path):
    product = open_product(build_safe(tmp_path, RGBN_10M))
    assert (product.level, product.baseline, product.tile) == ("L2A", "05.09", "T33TWL")
    assert product.sensed == datetime(2023, 8, 10, 10, 0, 31, 24_000, UTC)
    assert product.cloud_percent == 12.5
    assert product.encoding(RGBN).bias == pytest.approx((-0.1,) * 4)
    assert set(product.images) == set(RGBN_10M)


@pytest.mark.parametrize("form", ["folder", "zip", "xml"])
@pytest.mark.parametrize("level", ["L1C", "L2A"])
def test_a_product_is_found_in_every_form(tmp_path, form, level):
    safe = build_safe(tmp_path, RGBN_10M, level=level)
    path = {"folder": safe, "zip": zip_safe(safe), "xml": safe / f"MTD_MSI{level}.xml"}[form]
    product = open_product(path)
    assert product.level == level
    assert len(product.image_paths(RGBN)) == 4


def test_offsets_are_the_products_own_band_by_band(tmp_path):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, '<BOA_ADD_OFFSET band_id="3">-1000<', '<BOA_ADD_OFFSET band_id="3">-500<')  # 3 is B4
    assert open_product(safe).encoding(RGBN).bias == pytest.approx((-0.05, -0.1, -0.1, -0.1))
    edit(
        safe,
        '<Spectral_Information bandId="3" physicalBand="B4"/>',
        '<Spectral_Information bandId="3" physicalBand="B2"/>',
    )
    assert open_product(safe).offsets["B02"] == -500


def test_a_baseline_of_the_future_is_read_by_what_it_says(tmp_path):
    product = open_product(build_safe(tmp_path, RGBN_10M, baseline="06.12", offset=-1500))
    assert product.encoding(RGBN).bias == pytest.approx((-0.15,) * 4)


def test_a_model_of_another_sensor_is_said_to_find_no_image(tmp_path):
    with (
        pytest.raises(InputError, match="lists no image of PAN"),
        open_raster(build_safe(tmp_path, RGBN_10M), ("PAN",)),
    ):
        pass


def test_before_baseline_4_there_is_no_offset(tmp_path):
    product = open_product(build_safe(tmp_path, RGBN_10M, baseline="02.14", offset=None))
    assert set(product.offsets.values()) == {0}
    assert not product.encoding(RGBN).tagged


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</n1:General_Info>", "", "no valid XML"),
        ("05.09", "latest", "baseline 'latest'; expected one like 04.00"),
        ("BOA_ADD_OFFSET", "NO_OFFSET", "baseline 05.09 but MTD_MSIL2A.xml gives no BOA_ADD_OFFSET"),
        (">-1000<", ">much<", "BOA_ADD_OFFSET = 'much'; expected a number"),
        (">-1000<", ">nan<", "BOA_ADD_OFFSET = 'nan'; expected a number"),
        (">10000<", ">0<", "BOA_QUANTIFICATION_VALUE = 0; expected DN per reflectance"),
        (">10000<", ">-10000<", "BOA_QUANTIFICATION_VALUE = -10000; expected DN per reflectance"),
        (">10000<", ">inf<", "BOA_QUANTIFICATION_VALUE = 'inf'; expected a number"),
        ("2023-08-10T10:00:31.024Z", "yesterday", "PRODUCT_START_TIME = 'yesterday'; expected one like"),
        ('encoding="UTF-8"', 'encoding="GBK"', "no valid XML"),
        ('encoding="UTF-8"', 'encoding="klingon"', "no valid XML"),
        ("PROCESSING_BASELINE", "SOMETHING", "has no PROCESSING_BASELINE"),
        ("<Granule ", "<Granule/><Granule ", "has 2 granules"),
        ("<IMAGE_FILE>GRANULE", "<IMAGE_FILE>../../etc", "outside of itself"),
        ("<IMAGE_FILE>GRANULE", "<IMAGE_FILE>/etc", "outside of itself"),
        ("_B08_10m<", "_B07_10m<", "lists no image of B08 at 10 m"),
    ],
)
def test_metadata_that_do_not_hold_are_an_error(tmp_path, old, new, words):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, old, new)
    with pytest.raises(InputError, match=words):
        open_product(safe).image_paths(RGBN)


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "windows-1252"])
def test_metadata_in_another_encoding_are_read(tmp_path, encoding):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, 'encoding="UTF-8"', f'encoding="{encoding}"')
    edit(safe, "<Product_Info>", "<Product_Info><!-- Médée -->")
    (metadata,) = safe.glob("MTD_*.xml")
    metadata.write_text(metadata.read_text(), encoding=encoding)
    assert open_product(safe).encoding(RGBN).bias == pytest.approx((-0.1,) * 4)


def test_what_the_pixels_do_not_need_may_be_missing(tmp_path):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, "PRODUCT_START_TIME", "SOMETHING")
    edit(safe, "Cloud_Coverage_Assessment", "SOMETHING")
    product = open_product(safe)
    assert product.sensed is None
    assert product.cloud_percent is None
    assert len(product.image_paths(RGBN)) == 4


@pytest.mark.parametrize("unnamed", ["", ' physicalBand=""', ' physicalBand="red"'])
def test_a_band_without_its_name_keeps_its_offset(tmp_path, unnamed):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, ' physicalBand="B4"', unnamed)
    assert open_product(safe).encoding(RGBN).bias == pytest.approx((-0.1,) * 4)


def test_a_band_without_an_offset_is_none_with_an_offset_of_0(tmp_path):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, '<BOA_ADD_OFFSET band_id="3">-1000</BOA_ADD_OFFSET>', "")
    with pytest.raises(InputError, match="gives no offset for B04"):
        open_product(safe).encoding(RGBN)


def test_another_quantification_is_said_in_the_result(tmp_path):
    product = open_product(build_safe(tmp_path, RGBN_10M, baseline="02.14", offset=None, quantification=20_000))
    encoding = product.encoding(RGBN)
    assert encoding.gain == pytest.approx((5e-5,) * 4)
    assert encoding.tagged


@pytest.mark.parametrize("zipped", [False, True])
def test_a_missing_band_file_is_named(tmp_path, zipped):
    safe = build_safe(tmp_path, RGBN_10M)
    next(safe.rglob("*B03_10m.jp2")).unlink()
    product = open_product(zip_safe(safe) if zipped else safe)
    with pytest.raises(InputError, match=r"incomplete: T33TWL_20230810T100031_B03_10m\.jp2 \(B03 at 10 m\) is missing"):
        product.image_paths(RGBN)


def test_archives_that_hold_no_product_are_refused(tmp_path):
    empty = tmp_path / "empty.zip"
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(InputError, match="holds 0 Sentinel-2 products"):
        open_product(empty)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(InputError, match="no whole zip archive"):
        open_product(broken)
    cut = zip_safe(build_safe(tmp_path, RGBN_10M))
    cut.write_bytes(cut.read_bytes()[:-200])
    with pytest.raises(InputError, match="no whole zip archive"):
        open_product(cut)


def in_every_central_header(archive, old, new):
    """Change the flags and method of compression, bytes 8 to 11, of every member."""
    content = archive.read_bytes()
    changed = re.sub(rb"(PK\x01\x02.{4})" + old, rb"\1" + new, content, flags=re.DOTALL)
    assert changed != content
    archive.write_bytes(changed)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"\0\0\x08\0", b"\0\0\x09\0", r"compression method is not supported\)\. Unpack it yourself"),  # deflate64
        (b"\0\0\x08\0", b"\x01\0\x08\0", "is encrypted"),
    ],
)
def test_an_archive_that_python_cannot_unpack_is_said(tmp_path, old, new, words):
    archive = zip_safe(build_safe(tmp_path, RGBN_10M))
    in_every_central_header(archive, old, new)
    with pytest.raises(InputError, match=words):
        open_product(archive)


def test_metadata_that_do_not_unpack_are_said(tmp_path):
    archive = zip_safe(build_safe(tmp_path, RGBN_10M))
    with zipfile.ZipFile(archive) as opened:
        info = next(info for info in opened.infolist() if info.filename.endswith(".xml"))
    content = bytearray(archive.read_bytes())
    start = info.header_offset + 30 + len(info.filename.encode())
    content[start : start + 20] = b"\xff" * 20
    archive.write_bytes(content)
    with pytest.raises(InputError, match="no whole zip archive"):
        open_product(archive)


def test_a_folder_without_metadata_is_no_product(tmp_path):
    with pytest.raises(InputError, match="expected a Sentinel-2"):
        open_product(tmp_path)


def test_every_real_product_is_understood(data):
    products = {
        path.name: open_product(path) for path in [*data.glob("safe/*.SAFE"), *data.glob("safe/metadata_only/*")]
    }
    assert len(products) == 12
    for name, product in products.items():
        assert product.tile in name
        assert product.sensed.strftime("%Y%m%dT%H%M%S") in name
        assert set(product.offsets.values()) == ({-1000} if product.baseline >= "04.00" else {0})
        gsd_m = 10
        for band in RGBN:
            assert (band, gsd_m) in product.images
        for band in ("B05", "B06", "B07", "B8A", "B11", "B12"):
            assert (band, 20) in product.images


def test_the_20_m_bands_are_found_at_20_m_and_the_10_m_bands_beside_them(tmp_path):
    bands = ("B05", "B06", "B07", "B8A", "B11", "B12")
    coarse = {(band, 20): scene_dn(20, 25)[0] for band in bands}
    product = open_product(build_safe(tmp_path, {**RGBN_10M, **coarse}))
    assert [path[-12:] for path in product.image_paths(bands)] == [f"_{band}_20m.jp2" for band in bands]
    assert [path[-12:] for path in product.image_paths(RGBN)] == [f"_{band}_10m.jp2" for band in RGBN]


@pytest.mark.parametrize("zipped", [False, True])
def test_the_scene_classification_is_the_finest_there_is(tmp_path, zipped):
    classes = {("SCL", 20): np.full((20, 25), 4, np.uint8), ("SCL", 60): np.full((7, 8), 5, np.uint8)}
    safe = build_safe(tmp_path, {**RGBN_10M, **classes})

    def classification():
        return open_product(zip_safe(safe) if zipped else safe).scene_classification

    with rasterio.open(classification()) as dataset:
        assert (dataset.read() == 4).all()
    next(safe.rglob("*SCL_20m.jp2")).unlink()
    with rasterio.open(classification()) as dataset:
        assert (dataset.read() == 5).all()


def test_level_1c_has_no_scene_classification(tmp_path):
    assert open_product(build_safe(tmp_path, RGBN_10M, level="L1C")).scene_classification is None


def test_a_real_product_is_read(data):
    """Of the one that has images, those at 60 m, at its own offset, and its scene classification."""
    (safe,) = data.glob("safe/*.SAFE")
    product = open_product(safe)
    with rasterio.open(product.scene_classification) as dataset:
        assert dataset.res == (20, 20)
        assert set(np.unique(dataset.read())) <= set(range(12))
    paths = [product.images[band, 60] for band in ("B04", "B03", "B02")]
    encoding = product.encoding(("B04", "B03", "B02"))
    layers = [Layer(path, rasterio.open(path, driver="JP2OpenJPEG"), [1]) for path in paths]
    raster = Raster(safe.name, [Path(path) for path in paths], layers, ("B04", "B03", "B02"), encoding)
    window = Window(100, 190, 400, 200)  # across the borders of blocks, which have 192 pixels
    reflectance, valid = raster.read(window)
    for band, path in enumerate(paths):
        with rasterio.open(path) as dataset:
            dn = dataset.read(1, window=((100, 500), (190, 390)))
        np.testing.assert_array_equal(valid[band], dn != 0)
        np.testing.assert_allclose(reflectance[band], np.where(dn, (dn - 1000.0) / 10_000, 0), atol=1e-6)
    raster.close()
    assert valid.any()
    with pytest.raises(InputError, match=r"B04_10m\.jp2 \(B04 at 10 m\) is missing"):
        product.image_paths(RGBN)
