import argparse

import pytest

from rs_srgan import InputError
from rs_srgan.cli.place_options import add_place_options, chosen_scenes, found_scenes, names_place


def parsed(*words, **more):
    parser = argparse.ArgumentParser()
    add_place_options(parser)
    options = parser.parse_args(words)
    vars(options).update(
        {"bbox": None, "aoi": None, "date": None, "views": None, "sources": ["stac:earth-search"]} | more
    )
    return options


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("stac:earth-search", True),
        ("https://stac.example.org/v1/collections/sentinel-2-l2a/items/S2B_33TWL", True),
        ("https://example.org/scene.tif", False),
        ("scene.tif", False),
        ("/data/collections/a/items/b.tif", False),
    ],
)
def test_catalogues_and_items_are_told_from_files(source, place):
    assert names_place([source]) is place


@pytest.mark.parametrize(
    ("words", "more", "match"),
    [
        ([], {}, "bbox"),
        ([], {"bbox": (15, 45, 15.1, 45.1)}, "dates"),
        (["--dates", "2024-07"], {"bbox": (15, 45, 15.1, 45.1), "sources": ["stac:earth"]}, "catalogue"),
        (["--dates", "2024-07"], {"bbox": (15, 45, 15.1, 45.1), "sources": ["stac:https://a.org"]}, "collection"),
        (["--dates", "2024-07"], {"bbox": (15, 45, 15.1, 45.1), "date": "2024-07-14"}, "both"),
        (["--dates", "2024-07"], {"sources": ["stac:earth-search", "scene.tif"]}, "only"),
        (
            ["--dates", "2024-07", "--collection", "c", "--assets", "B04,B03"],
            {"bbox": (15, 45, 15.1, 45.1), "sources": ["stac:https://a.org"]},
            "assets",
        ),
    ],
)
def test_a_request_that_lacks_something_is_refused_before_the_network_is_used(words, more, match):
    with pytest.raises(InputError, match=match):
        chosen_scenes(parsed(*words, **more))


def test_scenes_need_an_area():
    with pytest.raises(InputError, match="area"):
        found_scenes(parsed("--dates", "2024-07"), "stac:earth-search")
