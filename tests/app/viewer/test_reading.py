"""What the browser learns about how an image was read."""

import json
import re

import numpy as np
import pytest
import rasterio

from app.errors import FIELDS
from app.pages.assets import LANGUAGES
from app.viewer.reading import describe_reading
from rs_srgan.reading.inspection import inspect_image
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn


def test_the_figures_are_those_of_inspect(write_tif):
    found = inspect_image(write_tif(scene_dn(30, 40)), RGBN)
    told = describe_reading(found)
    assert [band["name"] for band in told["bands"]] == list(RGBN)
    for band, figures in zip(told["bands"], found.bands, strict=True):
        assert (band["minimum"], band["low"], band["median"]) == (figures.minimum, figures.low, figures.median)
        assert (band["high"], band["maximum"], band["valid"]) == (figures.high, figures.maximum, figures.valid)
    assert told["footprint"] == found.footprint and told["named"] == "by their descriptions"


@pytest.mark.parametrize(
    ("crs", "unit"), [("EPSG:32632", "m"), ("EPSG:4326", "°"), ("EPSG:2263", "US survey foot"), (None, "")]
)
def test_the_size_of_a_pixel_has_the_unit_of_its_crs(write_tif, crs, unit):
    told = describe_reading(inspect_image(write_tif(scene_dn(30, 40), crs=crs), RGBN))
    assert told["unit"] == unit and told["pixel_size"] == (10, 10)


def test_a_band_without_data_has_no_figures(write_tif):
    dn = scene_dn(30, 40)
    dn[3] = 0
    told = json.loads(json.dumps(describe_reading(inspect_image(write_tif(dn, nodata=0), RGBN)), allow_nan=False))
    assert told["bands"][3]["median"] is None and told["bands"][3]["valid"] == 0


def texts_of(code):
    return json.loads(LANGUAGES[code].read_text(encoding="utf-8"))["texts"]


def forms_of(code):
    """Return the patterns of the English texts in which something varies."""
    return [re.compile(re.sub(r"\\\{\d\\\}", "(.+?)", re.escape(text))) for text in texts_of(code) if "{0}" in text]


def bright(dn):
    return dn * np.uint16(6)


def thin(dn):
    return (dn // 100).astype(np.uint16)


def with_zeros(dn):
    dn[:, :10] = 0
    return dn


def full(dn):
    dn[:, :10] = 65535
    return dn


def without_red(dn):
    dn[0] = 0
    return dn


def of_one_value(dn):
    dn[3] = 700
    return dn


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    ("change", "stated"),
    [
        (bright, Stated()),
        (thin, Stated()),
        (with_zeros, Stated()),
        (with_zeros, Stated(nodata="none")),
        (full, Stated()),
        (without_red, Stated(nodata="0")),
        (of_one_value, Stated()),
        (lambda dn: dn + np.uint16(1000), Stated()),
        (lambda dn: (dn // 40).astype(np.uint8), Stated()),
    ],
)
def test_warnings_are_translated_in_the_words_of_the_fields(write_tif, code, change, stated):
    texts, forms = texts_of(code), forms_of(code)
    dn = change(scene_dn(30, 40))
    eight_bit = dn.dtype == np.uint8  # a fourth band without a name would be alpha
    told = describe_reading(inspect_image(write_tif(dn, bands=RGBN if eight_bit else None), RGBN, stated))
    assert len(told["warnings"]) == (1 if eight_bit else 2)  # one is about the order of the bands
    for warning in told["warnings"]:
        assert any(form.fullmatch(warning) for form in forms), warning
    for english, other in texts.items():
        for label in FIELDS.values():
            assert (f"“{label}”" in english) <= (texts[label] in other), english


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("tags", [{"PROCESSING_BASELINE": "05.09"}, {"BOA_ADD_OFFSET": "-1000"}])
def test_warnings_about_offsets_are_translated(write_tif, code, tags):
    path = write_tif(scene_dn(30, 40))
    with rasterio.open(path, "r+") as image:
        image.update_tags(**tags)
    (warning,) = describe_reading(inspect_image(path, RGBN))["warnings"]
    assert any(form.fullmatch(warning) for form in forms_of(code)), warning


def test_warnings_name_fields_of_the_page(write_tif):
    dn = scene_dn(30, 40)
    dn[:, :10] = 0
    told = describe_reading(inspect_image(write_tif(dn, bands=None), RGBN, Stated(band_names=RGBN)))
    assert told["named"] == "as stated by “Order of the bands”"
    assert told["warnings"][0].endswith("If they are data: “NoData value” none.")
    assert not any("--" in warning for warning in told["warnings"])
