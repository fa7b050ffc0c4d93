"""Errands: images with their right results."""

from random import Random

import numpy as np
import pytest

from rs_srgan import super_resolve
from torture.errands import CANARY, Errands, read_pixels


@pytest.fixture(scope="module")
def errands(tmp_path_factory):
    return Errands(tmp_path_factory.mktemp("errands"), Random(0))


def test_every_image_is_another_one_and_its_result_is_that_of_predict(errands, tmp_path):
    one, other = errands.image(24), errands.image(24)
    assert one.file.name.startswith(CANARY)
    assert not np.array_equal(read_pixels(one.file), read_pixels(other.file))
    assert [path for path in one.file.parent.iterdir() if "right" in path.name] == []
    own = super_resolve(one.file, tmp_path / "own.tif", one.model, progress=False)
    np.testing.assert_array_equal(read_pixels(own), one.result)


def test_a_product_has_an_area_that_its_result_shows(errands):
    product = errands.product()
    assert product is errands.product()
    assert len(product.area.split()) == 4
    assert product.result.any() and product.result.shape[1] < 600  # a part of 300 x 300 pixels, twice as fine
