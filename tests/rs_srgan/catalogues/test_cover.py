import pytest

from rs_srgan.catalogues.catalogue import Catalogue
from rs_srgan.catalogues.cover import read_cover
from rs_srgan.catalogues.place import find_place
from rs_srgan.catalogues.scene import Asset, Part
from tests.rs_srgan.catalogues.products import CLOUD, add_item, box_of, land


def cover_of(stac, catalogue: Catalogue, item, place):
    part = Part(item["id"], "33TWL", "05.10", None, {("SCL", 20): Asset(item["assets"]["scl"]["href"])})
    return read_cover(catalogue, (part,), place, 5)


def test_clouds_are_counted_over_the_place_and_not_over_the_tile(stac, catalogue):
    pixels = land(600, 600)
    pixels["SCL"][:150] = CLOUD  # the upper half of the tile
    item = add_item(stac.images, stac.url, pixels)
    above, below, across = ((100, 200), (400, 200), (250, 100))
    shares = []
    for row, height in (above, below, across):
        cover = cover_of(stac, catalogue, item, find_place(box_of(item, row, 200, height, 200)))
        shares.append(cover.cloud)
        assert cover.covered == pytest.approx(1)
    assert shares == [pytest.approx(1), 0, pytest.approx(0.5, abs=0.03)]


def test_a_place_that_goes_on_beyond_the_tile_is_covered_in_part(stac, catalogue, item):
    cover = cover_of(stac, catalogue, item, find_place(box_of(item, 200, 500, 200, 200)))
    assert cover.covered == pytest.approx(0.5, abs=0.02)


def test_missing_pixels_are_not_covered(stac, catalogue):
    pixels = land(600, 600)
    pixels["SCL"][:, 150:] = 0
    item = add_item(stac.images, stac.url, pixels)
    assert cover_of(stac, catalogue, item, find_place(box_of(item, 200, 200, 200, 200))).covered == pytest.approx(
        0.5, abs=0.03
    )


def test_without_a_classification_nothing_is_known(catalogue):
    part = Part("item", "33TWL", "05.10", None, {})
    assert read_cover(catalogue, (part,), find_place((15, 45, 15.1, 45.1)), 5) is None
