import pytest

from rs_srgan import InputError
from rs_srgan.catalogues import CATALOGUES, find_catalogue, stac_api


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_catalogue_is_found_by_its_name(name):
    assert find_catalogue(name).name == name
    assert find_catalogue(find_catalogue(name)) == find_catalogue(name)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match="earth-search"):
        find_catalogue("earthsearch")


def test_another_api_has_the_pixels_of_each_band_and_its_own_host():
    catalogue = stac_api("https://stac.example.org/v1", "s2", {"B04": "red", "B11": "swir"}, ["s3://bucket"])
    assert catalogue.collections[0].assets == {("B04", 10): "red", ("B11", 20): "swir"}
    assert catalogue.allows("https://stac.example.org/a.tif") and catalogue.allows("s3://bucket/a.tif")


@pytest.mark.parametrize(
    ("url", "assets", "level", "match"),
    [
        ("ftp://stac.example.org", {"B04": "red"}, "L2A", "address"),
        ("stac.example.org", {"B04": "red"}, "L2A", "address"),
        ("https://stac.example.org", {"B99": "red"}, "L2A", "B99"),
        ("https://stac.example.org", {"B04": "red"}, "L3", "level"),
    ],
)
def test_what_is_no_catalogue_is_refused(url, assets, level, match):
    with pytest.raises(InputError, match=match):
        stac_api(url, "s2", assets, level=level)
