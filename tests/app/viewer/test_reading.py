"""What the browser learns about how an image was read."""

import json

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


def test_a_band_without_data_has_no_figures(write_tif):
    dn = scene_dn(30, 40)
    dn[3] = 0
    told = json.loads(json.dumps(describe_reading(inspect_image(write_tif(dn, nodata=0), RGBN)), allow_nan=False))
    assert told["bands"][3]["median"] is None and told["bands"][3]["valid"] == 0


def test_warnings_name_fields_of_the_page(write_tif):
    dn = scene_dn(30, 40)
    dn[:, :10] = 0
    told = describe_reading(inspect_image(write_tif(dn, bands=None), RGBN, Stated(band_names=RGBN)))
    assert told["named"] == "as stated by “Order of the bands”"
    assert told["warnings"][0].endswith("If they are data: “NoData value” none.")
    assert not any("--" in warning for warning in told["warnings"])
