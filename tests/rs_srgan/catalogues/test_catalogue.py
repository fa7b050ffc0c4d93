import pytest

from rs_srgan.catalogues.catalogue import Catalogue
from rs_srgan.catalogues.earth_search import EARTH_SEARCH


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://sentinel-cogs.s3.us-west-2.amazonaws.com/a/B04.tif", True),
        ("HTTPS://SENTINEL-COGS.s3.us-west-2.amazonaws.com/a/B04.tif", True),
        ("s3://sentinel-s2-l1c/tiles/B04.jp2", True),
        ("http://sentinel-cogs.s3.us-west-2.amazonaws.com/a/B04.tif", False),
        ("https://sentinel-cogs.s3.us-west-2.amazonaws.com.example.org/B04.tif", False),
        ("https://sentinel-cogs.s3.us-west-2.amazonaws.com@example.org/B04.tif", False),
        ("file:///etc/passwd", False),
        ("/vsicurl/https://example.org/B04.tif", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_catalogue_are_allowed(address, allowed):
    assert EARTH_SEARCH.allows(address) is allowed


def test_a_star_stands_for_a_part_of_the_host():
    catalogue = Catalogue("a", "A", "https://a", (), ("https://*.example.org",))
    assert catalogue.allows("https://eu.example.org/x") and not catalogue.allows("https://example.com/?.example.org")
