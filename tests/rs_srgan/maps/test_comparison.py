import json
import re

import numpy as np
import pytest

from rs_srgan import InputError, maps
from rs_srgan.maps import comparison
from tests.rs_srgan.maps.conftest import land


def facts_of(page: str) -> dict:
    return json.loads(re.search(r'id="sr-facts">(.*?)</script>', page, re.S)[1])


@pytest.fixture
def compare():
    made = []

    def make(*sources, **options):
        made.append(maps.compare(*sources, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_page_holds_all_tiles_of_both_images(compare, pair):
    made = compare(*pair)
    facts = facts_of(made.to_html())
    assert {key.split("/")[0] for key in facts["tiles"]} == {"lr", "sr"}
    for key, layer in zip(("lr", "sr"), made.sides, strict=True):
        zooms = {int(name.split("/")[1]) for name in facts["tiles"] if name.startswith(key)}
        assert zooms == set(range(min(zooms), layer.zoom + 1)) and min(zooms) < 11
        sources = [call[1][1] for call in facts["map"]["calls"] if call[0] == "addSource"]
        source = next(each for each in sources if f":{key}/" in each["tiles"][0])
        assert source["maxzoom"] == layer.zoom and tuple(source["bounds"]) == pytest.approx(made.sides[1].bounds)


def test_a_page_that_is_too_large_is_refused_and_a_part_is_not(compare, pair, monkeypatch, tmp_path):
    monkeypatch.setattr(comparison, "PAGE_BYTES", 1_310_000)
    made = compare(*pair)
    with pytest.raises(InputError, match="bbox"):
        made.to_html(tmp_path / "map.html")
    assert list(tmp_path.glob("*.html")) == []
    west, south, east, north = made.sides[1].bounds
    with pytest.raises(InputError, match="outside"):
        compare(*pair, bbox=(west - 1, south, west - 0.5, north))
    part = (west, south, west + (east - west) / 20, south + (north - south) / 20)
    assert compare(*pair, bbox=part).sides[0].bounds == pytest.approx(part)


def test_a_large_map_in_a_notebook_gets_its_tiles_from_a_server(compare, pair, monkeypatch):
    monkeypatch.setattr(comparison, "NOTEBOOK_BYTES", 1_310_000)
    facts = facts_of(compare(*pair).notebook_page())
    assert facts["tiles"] == {} and "http://127.0.0.1:" in json.dumps(facts["map"])


def test_arrays_without_a_place_lie_on_each_other(compare):
    lr = land(12, 10)[:3].astype(np.float32) / 10_000
    made = compare(lr, lr.repeat(4, 1).repeat(4, 2), names=("LR", "SR"))
    assert [layer.name for layer in made.sides] == ["LR", "SR"]
    assert made.sides[0].bounds == pytest.approx(made.sides[1].bounds)
    assert np.abs(made.sides[0].bounds).max() < 0.01
    elsewhere = compare(lr, lr, bounds=(10, 45, 10.1, 45.1))
    assert elsewhere.sides[0].bounds == pytest.approx((10, 45, 10.1, 45.1))


def test_images_of_different_places_are_refused(compare, pair, write_tif):
    import rasterio

    other = write_tif(land(20, 20), "other.tif", transform=rasterio.Affine(10, 0, 300_000, 0, -10, 5_500_000))
    with pytest.raises(InputError, match="places"):
        compare(pair[0], other)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"cut": 50}, "cut"),
        ({"gamma": 0}, "gamma"),
        ({"bands": "B04"}, "bands"),
        ({"bounds": (1, 2, 3)}, "bounds"),
        ({"bbox": (10, 46, 9, 47)}, "bbox"),
    ],
)
def test_wrong_values_are_refused(compare, pair, options, word):
    with pytest.raises(InputError, match=word):
        compare(*pair, **options)
