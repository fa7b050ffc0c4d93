import io

import numpy as np
import pytest
from PIL import Image

from app.products.quicklook import glance_at, list_contents
from rs_srgan import InputError
from tests.app.conftest import write_product
from tests.safe_builder import zip_safe


def test_metadata_and_a_picture_are_read(tmp_path):
    glance = glance_at(write_product(tmp_path, 120))
    assert (glance.safe.level, glance.safe.tile, glance.safe.baseline) == ("L2A", "T33TWL", "05.09")
    assert glance.safe.cloud_percent == 12.5
    picture = np.array(Image.open(io.BytesIO(glance.quicklook)))
    assert picture.shape == (20, 20, 3)  # WebP stores no alpha channel if nothing is transparent
    assert picture[..., :3].std() > 20


def test_an_l1c_product_has_a_quicklook(tmp_path):
    glance = glance_at(write_product(tmp_path, 120, level="L1C"))
    assert Image.open(io.BytesIO(glance.quicklook)).size == (120, 120)


def test_the_contents_are_metadata_and_listed_images(small):
    contents = list_contents(small)
    assert contents.metadata.endswith("MTD_MSIL2A.xml")
    assert len(contents.quick) == 3
    assert contents.quick < contents.images


def test_an_image_larger_than_any_of_the_sensor_is_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr("app.products.quicklook.LARGEST_PX", 10)
    with pytest.raises(InputError, match="large"):
        glance_at(write_product(tmp_path, 120))


def test_a_vrt_instead_of_an_image_is_not_opened(tmp_path):
    safe = write_product(tmp_path, 120)
    next(safe.rglob("*B04_60m.jp2")).write_text("<VRTDataset><SRS>/etc/passwd</SRS></VRTDataset>")
    with pytest.raises(InputError, match="GeoTIFF"):
        glance_at(safe)


def test_the_quicklook_comes_from_the_images_that_are_there(tmp_path):
    safe = write_product(tmp_path, 120)
    next(safe.rglob("*B04_60m.jp2")).unlink()
    assert Image.open(io.BytesIO(glance_at(safe).quicklook)).size == (120, 120)  # from 10 m
    assert all("_10m" in name for name in list_contents(zip_safe(safe)).quick)


def test_a_product_without_an_image_of_red_is_incomplete(tmp_path):
    safe = write_product(tmp_path, 120)
    for image in safe.rglob("*B04_*.jp2"):
        image.unlink()
    for read, path in ((glance_at, safe), (list_contents, zip_safe(safe))):
        with pytest.raises(InputError, match="incomplete"):
            read(path)
