import copy

import pystac
import pytest

from rs_srgan.catalogues.earth_search import EARTH_SEARCH
from rs_srgan.catalogues.items import orbit_of, part_of, platform_of, taken_at
from rs_srgan.catalogues.planetary_computer import PLANETARY_COMPUTER

_HOST = "https://sentinel-cogs.s3.us-west-2.amazonaws.com"


def item(properties=None, href=f"{_HOST}/B04.tif", **asset):
    return pystac.Item.from_dict(
        {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": "S2B_T33TWL_20240714T100031_L2A",
            "geometry": {"type": "Point", "coordinates": [15, 45]},
            "bbox": [15, 45, 15, 45],
            "properties": {"datetime": "2024-07-14T12:00:31+02:00", **(properties or {})},
            "assets": {"red": {"href": href, **asset}},
            "links": [],
        }
    )


def part(made):
    return part_of(made, EARTH_SEARCH, EARTH_SEARCH.collections[0])


@pytest.mark.parametrize(
    ("asset", "scale", "offset"),
    [
        ({"raster:bands": [{"scale": 0.0001, "offset": -0.1}]}, 0.0001, -0.1),
        ({"bands": [{"raster:scale": 0.0001, "raster:offset": 0}]}, 0.0001, 0.0),
        ({"raster:scale": 0.0001, "raster:offset": -0.1}, 0.0001, -0.1),
        ({}, None, None),
        ({"raster:bands": []}, None, None),
        ({"raster:bands": "none"}, None, None),
        ({"raster:bands": [{"scale": "0.0001", "offset": True}]}, None, None),
        ({"raster:bands": [{"scale": 0, "offset": float("nan")}]}, None, None),
    ],
)
def test_scale_and_offset_are_read_in_every_version_of_the_extension(asset, scale, offset):
    image = part(item(**asset)).images["B04", 10]
    assert (image.scale, image.offset) == (scale, offset)


@pytest.mark.parametrize(
    "href", ["file:///etc/passwd", "https://example.org/B04.tif", "s3://other/B04.tif", "/etc/passwd", "http://[::1"]
)
def test_an_item_with_an_image_elsewhere_is_not_used(href):
    assert part(item(href=href)) is None


def test_facts_come_from_properties_or_names():
    stated = item(
        {
            "platform": "Sentinel-2B",
            "s2:mgrs_tile": "33TWL",
            "s2:processing_baseline": "05.10",
            "sat:relative_orbit": 122,
            "earthsearch:boa_offset_applied": True,
        }
    )
    found = part(stated)
    assert (found.tile, found.baseline, found.applied) == ("33TWL", "05.10", True)
    assert (platform_of(stated), orbit_of(stated)) == ("sentinel-2b", 122)
    assert taken_at(stated).isoformat() == "2024-07-14T10:00:31+00:00"
    named = item({"s2:product_uri": "S2B_MSIL2A_20240714T100031_N0510_R022_T33TWL_20240714T132345.SAFE"})
    assert (part(named).baseline, part(named).tile, orbit_of(named)) == ("05.10", "33TWL", 22)


def test_a_name_that_is_a_number_is_read_as_text():
    made = item()
    made.id = 7
    assert part(made).item == "7"


@pytest.mark.parametrize("value", [5.1, None, "", "five", [], {"a": 1}])
def test_odd_properties_are_unknown_facts(value):
    keys = ("platform", "grid:code", "s2:processing_baseline", "sat:relative_orbit", "earthsearch:boa_offset_applied")
    made = item(dict.fromkeys(keys, copy.deepcopy(value)))
    assert (part(made).baseline, part(made).applied, orbit_of(made)) == ("", None, None)


def test_names_of_bands_are_those_of_the_catalogue():
    made = item(href="https://sentinel2l2a01.blob.core.windows.net/B04.tif")
    assert part_of(made, PLANETARY_COMPUTER, PLANETARY_COMPUTER.collections[0]).images == {}
