from datetime import UTC, datetime

import pytest

from rs_srgan import InputError
from rs_srgan.reading.safe import open_product
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn
from tests.safe_builder import build_safe

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
        product = open_product(safe)
        product.encoding(RGBN)
        product.image_paths(RGBN)


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
