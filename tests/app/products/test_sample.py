import numpy as np
import rasterio

from app.jobs.sample import is_sample, sample_dn
from app.products.sample import SAMPLE_NOTE, write_sample_product
from app.products.store import Products
from rs_srgan import super_resolve
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster


def test_the_product_has_the_pixels_of_the_sample(tmp_path):
    with open_raster(write_sample_product(tmp_path), ("B02", "B03", "B04", "B08")) as raster:
        reflectance, valid = raster.read(Window(0, 0, 300, 300))
    assert valid.all()
    np.testing.assert_allclose(reflectance, sample_dn() / 10_000, atol=1e-6)


def test_a_result_says_what_is_made_up(tmp_path):
    super_resolve(write_sample_product(tmp_path), tmp_path / "sr.tif", "sisr-x2-rgbn", bbox=(3.0, 0.0, 3.002, 0.002))
    with rasterio.open(tmp_path / "sr.tif") as dataset:
        assert dataset.tags()["ATTRIBUTION"] == SAMPLE_NOTE
    assert is_sample(SAMPLE_NOTE)


def test_the_product_is_shown_like_an_upload_and_says_what_it_is(settings, jobs):
    product = Products(settings, jobs).make_sample()
    assert (product.glance.safe.tile, product.note) == ("T31NEA", SAMPLE_NOTE)
    assert product.source().is_dir()
