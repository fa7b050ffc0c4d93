from datetime import datetime

import rasterio

from rs_srgan.reading.rights import read_rights, rights_of_product
from tests.conftest import scene_dn


def test_tags_that_state_rights_are_found_by_their_names(write_tif):
    path = write_tif(scene_dn(8, 8))
    stated = {"ATTRIBUTION": "me", "data_licence": "MIT", "TIFFTAG_COPYRIGHT": "x" * 9000, "TIFFTAG_ARTIST": "you"}
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(**stated, TIFFTAG_SOFTWARE="other", comment="private")
    with rasterio.open(path) as dataset:
        rights = read_rights(dataset)
    assert set(rights) == set(stated)
    assert rights["ATTRIBUTION"] == "me"
    assert 100 < len(rights["TIFFTAG_COPYRIGHT"]) < 9000


def test_a_product_has_the_attribution_of_its_licence():
    (text,) = rights_of_product(datetime(2023, 8, 10)).values()
    assert text == "Contains modified Copernicus Sentinel data 2023"
    assert list(rights_of_product(None).values()) == ["Contains modified Copernicus Sentinel data"]
