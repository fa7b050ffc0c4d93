"""Figures for reports."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from app.jobs.outlook import Outlook
from app.jobs.queue import Job
from app.viewer.colours import Style
from app.viewer.figure import between, draw_figure, window_of
from app.viewer.tiles import to_lon_lat
from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from tests.app.conftest import REQUEST

STYLE = Style("True colour")
PART = Window(0, 0, 200, 240)


@pytest.fixture(scope="module")
def job(view, source) -> Job:
    request = dataclasses.replace(REQUEST, models=("sisr-x4-rgbn", "sisr-x2-rgbn"))
    return Job("x", "scene_20230810.tif", request, Outlook(view.grid, 4, "DN", 1, 1, 1), source.parent)


def picture(job, view, sides=("input", "sr"), window=PART, style=STYLE) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(draw_figure(job, view, style, sides, window, "png"))), int)


def test_the_panels_show_the_same_part_side_by_side(job, view):
    same = picture(job, view, ("sr", "sr"))
    width = (same.shape[1] - 2 * 36 - 24) // 2
    left, right = same[120:600, 36 : 36 + width], same[120:600, 60 + width : 60 + 2 * width]
    np.testing.assert_array_equal(left, right)
    assert left.std() > 10
    different = picture(job, view)
    assert (different[120:600, 36 : 36 + width] != left).any()
    np.testing.assert_array_equal(different[120:600, 60 + width : 60 + 2 * width], right)


def test_a_layer_with_a_colour_scale_gets_a_legend(job, view):
    plain, scaled = picture(job, view), picture(job, view, ("input", "uncertainty"))
    colourful = [np.ptp(image[-140:], axis=2).max() for image in (plain, scaled)]  # below the panels
    assert colourful[0] < 40 < colourful[1]


def test_the_wanted_part_is_found_by_degrees(view):
    (west, north), (east, south) = to_lon_lat(view, 40, 60), to_lon_lat(view, 120, 200)
    window = window_of(view, (west, south, east, north))
    # the grid is turned a little against the meridian
    assert (window.row, window.col) == pytest.approx((40, 60), abs=4)
    assert (window.height, window.width) == pytest.approx((80, 140), abs=8)


def test_a_pdf_is_a_pdf(job, view):
    assert draw_figure(job, view, STYLE, ("input", "sr"), PART, "pdf").startswith(b"%PDF")


def test_parts_outside_of_the_image_and_wrong_numbers_are_refused(job, view):
    with pytest.raises(InputError, match="outside"):
        picture(job, view, window=Window(10_000, 0, 5, 5))
    with pytest.raises(InputError, match="layer"):
        picture(job, view, ("moon", "sr"))
    with pytest.raises(InputError, match="finite"):
        between(0, 0, float("nan"), 1)
