"""The offset of every combination of archive, baseline and metadata, right or wrong, is that of the pixels."""

from datetime import date
from itertools import product

import numpy as np
import pytest

from rs_srgan.catalogues.copernicus import COPERNICUS
from rs_srgan.catalogues.earth_search import EARTH_SEARCH
from rs_srgan.catalogues.known import stac_api
from rs_srgan.catalogues.offset import claims_of, decide, disputed, judge
from rs_srgan.catalogues.planetary_computer import PLANETARY_COMPUTER
from rs_srgan.catalogues.scene import Asset, Part
from tests.rs_srgan.catalogues.products import land

OTHER = stac_api("https://stac.example.org", "s2", {"B04": "red"})
COLLECTIONS = [
    each for catalogue in (EARTH_SEARCH, PLANETARY_COMPUTER, COPERNICUS, OTHER) for each in catalogue.collections
]
DAY = date(2023, 7, 14)


def part(baseline, applied, stated):
    return Part("item", "33TWL", baseline, applied, {("B04", 10): Asset("https://x/B04.tif", 0.0001, stated)})


def pixels(holds, height=200):
    images = land(height, height, offset=1000 if holds else 0)
    return np.stack([images["B04"], images["B08"]])[:, ::2, ::2], images["SCL"]


COMBINATIONS = list(
    product(COLLECTIONS, ["02.14", "03.01", "04.00", "05.10", "99.99", ""], [True, False, None], [-0.1, 0.0, None])
)


@pytest.mark.parametrize("holds", [True, False])
def test_dark_pixels_decide_whatever_the_metadata_say(holds):
    """Every combination, in one test: 378 small ones cost more than they tell."""
    seen, wrong = judge(*pixels(holds)), []
    for collection, baseline, applied, stated in COMBINATIONS:
        decision = decide(claims_of(part(baseline, applied, stated), collection, DAY), seen, DAY)
        if not (decision.dn == (-1000 if holds else 0) and decision.sure and decision.reason):
            wrong.append((collection.name, baseline, applied, stated, decision))
    assert wrong == [] and len(COMBINATIONS) == 378


@pytest.mark.parametrize(
    ("collection", "baseline", "applied", "stated", "dn"),
    [
        (EARTH_SEARCH.collections[0], "05.10", None, -0.1, -1000),
        (EARTH_SEARCH.collections[1], "05.10", True, None, 0),
        (EARTH_SEARCH.collections[1], "03.01", None, 0.0, 0),
        (EARTH_SEARCH.collections[2], "05.10", None, None, -1000),
        (PLANETARY_COMPUTER.collections[0], "04.00", None, None, -1000),
        (PLANETARY_COMPUTER.collections[0], "03.00", None, None, 0),
        (COPERNICUS.collections[0], "05.11", None, -0.1, -1000),
        (OTHER.collections[0], "05.11", None, None, -1000),
    ],
)
def test_metadata_that_agree_decide_where_no_pixel_is_dark(collection, baseline, applied, stated, dn):
    claims = claims_of(part(baseline, applied, stated), collection, DAY)
    decision = decide(claims, None, DAY)
    assert not disputed(claims) and decision.dn == dn and decision.sure


def test_the_rule_of_the_archive_counts_where_all_else_fails_and_the_decision_is_not_sure():
    claims = claims_of(part("05.10", True, -0.1), EARTH_SEARCH.collections[1], DAY)
    assert disputed(claims)
    assert decide(claims, None, DAY) == decide(claims, None, DAY)
    assert decide(claims, None, DAY).dn == 0 and not decide(claims, None, DAY).sure


@pytest.mark.parametrize(("day", "dn"), [(date(2022, 1, 24), 0), (date(2022, 1, 25), -1000)])
def test_without_any_metadata_the_date_counts(day, dn):
    decision = decide({}, None, day)
    assert decision.dn == dn and not decision.sure


def test_bright_ground_does_not_tell():
    desert = np.full((2, 100, 100), 2500, np.uint16)
    assert judge(desert, np.full((100, 100), 5)) is None  # 0.15 with the offset, 0.25 without it
    assert judge(np.zeros((2, 100, 100), np.uint16), np.zeros((100, 100))) is None  # no data


def test_noise_in_single_pixels_does_not_tell():
    dn, classes = pixels(holds=True)
    dn[:, ::20, ::20] = 3
    assert judge(dn, classes) is True
