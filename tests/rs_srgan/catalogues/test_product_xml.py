from datetime import UTC, datetime

import pytest

from rs_srgan.catalogues.product_xml import image_name, product_xml
from rs_srgan.reading.safe import open_product

TAKEN = datetime(2024, 7, 14, 10, 0, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("level", "baseline", "offset"), [("L1C", "05.10", -1000), ("L2A", "", -1000), ("L2A", "02.14", 0)]
)
def test_the_reader_of_products_reads_what_was_written(tmp_path, level, baseline, offset):
    images = [("B04", 10), ("B11", 20), ("SCL", 20)]
    text = product_xml(level, images, TAKEN, "33TWL", baseline, offset, 10_000)
    tmp_path.joinpath(f"MTD_MSI{level}.xml").write_text(text)
    for image in images:
        tmp_path.joinpath(f"{image_name(image)}.tif").write_bytes(b"")
    product = open_product(tmp_path)
    assert (product.level, product.tile, product.sensed) == (level, "T33TWL", TAKEN)
    assert product.baseline == (baseline or "99.99")
    assert {product.offsets[band] for band in ("B02", "B8A", "B12")} == {offset}
    assert product.images.keys() == set(images) and product.scene_classification
