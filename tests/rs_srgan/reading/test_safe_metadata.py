import re
from datetime import UTC, datetime

import numpy as np
import pytest

from rs_srgan import InputError
from rs_srgan.reading.safe import open_product
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all
from tests.safe_builder import build_safe, zip_safe

RGBN_10M = {(band, 10): scene_dn(40, 50)[index] for index, band in enumerate(RGBN)}


def edit(safe, old, new):
    (metadata,) = safe.glob("MTD_*.xml")
    text = metadata.read_text()
    assert old in text
    metadata.write_text(text.replace(old, new))


def test_metadata_are_read(tmp_path):
    product = open_product(build_safe(tmp_path, RGBN_10M))
    assert (product.level, product.baseline, product.tile) == ("L2A", "05.09", "T33TWL")
    assert product.sensed == datetime(2023, 8, 10, 10, 0, 31, 24_000, UTC)
    assert product.cloud_percent == 12.5
    assert product.encoding(RGBN).bias == pytest.approx((-0.1,) * 4)
    assert set(product.images) == set(RGBN_10M)


def test_each_band_has_its_own_offset(tmp_path):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, '<BOA_ADD_OFFSET band_id="3">-1000<', '<BOA_ADD_OFFSET band_id="3">-500<')  # 3 is B4
    assert open_product(safe).encoding(RGBN).bias == pytest.approx((-0.05, -0.1, -0.1, -0.1))
    edit(
        safe,
        '<Spectral_Information bandId="3" physicalBand="B4"/>',
        '<Spectral_Information bandId="3" physicalBand="B2"/>',
    )
    assert open_product(safe).offsets["B02"] == -500


def test_a_future_baseline_is_read_with_its_own_offset(tmp_path):
    product = open_product(build_safe(tmp_path, RGBN_10M, baseline="06.12", offset=-1500))
    assert product.encoding(RGBN).bias == pytest.approx((-0.15,) * 4)


def test_products_before_baseline_4_have_no_offset(tmp_path):
    product = open_product(build_safe(tmp_path, RGBN_10M, baseline="02.14", offset=None))
    assert set(product.offsets.values()) == {0}
    assert not product.encoding(RGBN).tagged


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</n1:General_Info>", "", "XML"),
        ("05.09", "latest", "latest"),
        ("BOA_ADD_OFFSET", "NO_OFFSET", "BOA_ADD_OFFSET"),
        (">-1000<", ">much<", "much"),
        (">-1000<", ">nan<", "nan"),
        (">10000<", ">0<", "QUANTIFICATION_VALUE"),
        (">10000<", ">-10000<", "-10000"),
        (">10000<", ">inf<", "inf"),
        ("2023-08-10T10:00:31.024Z", "yesterday", "yesterday"),
        ('encoding="UTF-8"', 'encoding="GBK"', "XML"),
        ('encoding="UTF-8"', 'encoding="klingon"', "XML"),
        ("PROCESSING_BASELINE", "SOMETHING", "PROCESSING_BASELINE"),
        ("<Granule ", "<Granule/><Granule ", "granules"),
        ("<IMAGE_FILE>GRANULE", "<IMAGE_FILE>../../etc", "outside"),
        ("<IMAGE_FILE>GRANULE", "<IMAGE_FILE>/etc", "outside"),
        ("_B08_10m<", "_B07_10m<", "B08"),
    ],
)
def test_wrong_metadata_are_refused(tmp_path, old, new, words):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, old, new)
    with pytest.raises(InputError, match=words):
        read_all(safe)


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "windows-1252"])
def test_metadata_in_another_character_set_are_read(tmp_path, encoding):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, 'encoding="UTF-8"', f'encoding="{encoding}"')
    edit(safe, "<Product_Info>", "<Product_Info><!-- Médée -->")
    (metadata,) = safe.glob("MTD_*.xml")
    metadata.write_text(metadata.read_text(), encoding=encoding)
    assert open_product(safe).encoding(RGBN).bias == pytest.approx((-0.1,) * 4)


def test_date_and_cloud_cover_are_optional(tmp_path):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, "PRODUCT_START_TIME", "SOMETHING")
    edit(safe, "Cloud_Coverage_Assessment", "SOMETHING")
    product = open_product(safe)
    assert product.sensed is None
    assert product.cloud_percent is None
    assert len(product.image_paths(RGBN)) == 4


@pytest.mark.parametrize("unnamed", ["", ' physicalBand=""', ' physicalBand="red"'])
def test_a_band_without_a_name_keeps_its_offset(tmp_path, unnamed):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, ' physicalBand="B4"', unnamed)
    assert open_product(safe).encoding(RGBN).bias == pytest.approx((-0.1,) * 4)


def test_every_real_product_is_read(data):
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


def by_resolution(safe):
    """Change metadata to those of level 2A of 2017 and 2018: a granule for each pixel size, and other names."""
    (metadata,) = safe.glob("MTD_*.xml")
    text = metadata.read_text()
    start, end = re.search("<Granule [^>]*>", text)[0], "</Granule>"
    images = re.findall("<IMAGE_FILE>.*?</IMAGE_FILE>", text)
    sizes = sorted({re.search(r"_(\d\d)m<", image)[1] for image in images})
    lists = [start + "".join(each for each in images if f"_{size}m<" in each) + end for size in sizes]
    body = text[: text.index(start)] + "</Granule_List><Granule_List>".join(lists) + text[text.index(end) + len(end) :]
    for old, new in (
        ("IMAGE_FILE", "IMAGE_FILE_2A"),
        ("Product_Info", "L2A_Product_Info"),
        ("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE"),
    ):
        body = body.replace(old, new)
    metadata.write_text(body)


def test_a_product_with_a_granule_for_each_pixel_size_is_read(tmp_path):
    images = RGBN_10M | {(band, 20): scene_dn(20, 25)[0] for band in ("B04", "B03", "B02", "B05")}
    safe = build_safe(tmp_path, images, baseline="02.05", offset=None)
    by_resolution(safe)
    product = open_product(safe)
    assert set(product.images) == set(images) and product.quantification == 10_000
    image, _ = read_all(safe)
    np.testing.assert_allclose(image, scene_dn(40, 50) / 10_000, atol=1e-7)


def test_granules_of_two_tiles_are_refused(tmp_path):
    safe = build_safe(tmp_path, RGBN_10M)
    edit(safe, "<Granule ", '<Granule granuleIdentifier="S2B_T33TWM_N05.09"/><Granule ')
    with pytest.raises(InputError, match="tiles"):
        open_product(safe)


# Baseline, listed offset, stated offset, and the offset that counts.
OFFSETS = [
    ("02.05", None, None, 0),
    ("04.00", -1000, None, -1000),
    ("05.11", -1000, 0, 0),
    ("99.99", None, None, 0),  # own Sen2Cor before version 2.10
    ("99.99", -1000, None, -1000),  # own Sen2Cor since version 2.10
    ("99.99", None, -1000, -1000),
    ("05.11", None, -1000, -1000),
    ("5.12", -1000, None, -1000),
]


@pytest.mark.parametrize("level", ["L1C", "L2A"])
@pytest.mark.parametrize(("baseline", "listed", "stated", "counts"), OFFSETS)
def test_the_offset_of_every_generation_of_products(tmp_path, level, baseline, listed, stated, counts):
    safe = build_safe(tmp_path, RGBN_10M, level=level, baseline=baseline, offset=listed)
    image, _ = read_all(safe, offset=stated)
    np.testing.assert_allclose(image, (scene_dn(40, 50).astype(np.float32) + counts) / 10_000, atol=1e-6)


@pytest.mark.parametrize("level", ["L1C", "L2A"])
def test_a_product_that_lacks_its_offsets_is_refused_with_the_option(tmp_path, level):
    safe = build_safe(tmp_path, RGBN_10M, level=level, baseline="05.11", offset=None)
    with pytest.raises(InputError, match="--offset"):
        read_all(safe)


def test_metadata_of_both_levels_are_told_apart(tmp_path):
    safe = build_safe(tmp_path, RGBN_10M)
    other = build_safe(tmp_path / "other", RGBN_10M, level="L1C", baseline="02.14", offset=None)
    (safe / "MTD_MSIL1C.xml").write_bytes((other / "MTD_MSIL1C.xml").read_bytes())
    assert open_product(safe / "MTD_MSIL2A.xml").level == "L2A"
    assert open_product(safe / "MTD_MSIL1C.xml").level == "L1C"
    assert open_product(safe).level == "L2A"
    assert open_product(zip_safe(safe)).level == "L2A"
