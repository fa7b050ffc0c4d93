"""Figures for reports."""

import dataclasses
import io

import numpy as np
import pytest
from affine import Affine
from PIL import Image, ImageDraw

from app.jobs.queue import Job
from app.viewer.colours import Style
from app.viewer.figure import between, draw_figure, window_of
from app.viewer.tiles import to_lon_lat
from rs_srgan import InputError, __version__
from rs_srgan.pixels.windows import Window
from tests.app.conftest import REQUEST
from tests.app.viewer.conftest import MODELS, make_view
from tests.conftest import scene_dn

STYLE = Style("True colour")
PART = Window(0, 0, 200, 240)


@pytest.fixture(scope="module")
def job(outlook, source) -> Job:
    request = dataclasses.replace(REQUEST, models=("sisr-x4-rgbn", "sisr-x2-rgbn"))
    return Job("x", "scene_20230810.tif", request, outlook, source.parent)


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
    colourful = [np.ptp(below_the_panels(image)[0], axis=2).max() for image in (plain, scaled)]
    assert colourful[0] < 40 < colourful[1]


@pytest.fixture
def written(monkeypatch) -> list[str]:
    """The texts of the figures that a test draws."""
    texts: list[str] = []
    draw = ImageDraw.ImageDraw.text

    def note(pen, at, text, *rest) -> None:
        texts.append(text)
        draw(pen, at, text, *rest)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", note)
    return texts


def without_spaces(texts: list[str]) -> str:
    """Return texts as one, however their lines are broken."""
    return "".join(texts).replace(" ", "")


def below_the_panels(image: np.ndarray, window: Window = PART) -> tuple[np.ndarray, int]:
    """Return what is between panels and caption, and the width of a panel."""
    width = (image.shape[1] - 2 * 36 - 24) // 2
    bottom = 102 + width * window.height // window.width
    return image[bottom : bottom + 80], width


def test_the_caption_states_place_date_model_and_stretch(job, view, written):
    style = dataclasses.replace(STYLE, cut=1.5, gamma=2.0)
    picture(job, view, ("input", "other"), style=style)
    assert written[:3] == ["scene_20230810.tif", "Input pixels", "sisr-x2-rgbn"]
    caption = without_spaces(written)
    lon, lat = to_lon_lat(view, 100, 120)
    for words in (
        "Taken on 2023-08-10.",
        f"Middle: {lat:.4f}° N {lon:.4f}° E.",
        "240 x 200 of 680 x 600 px, pixels of 10 m became 2.5 m.",
        f"Model: sisr-x4-rgbn and sisr-x2-rgbn (rs_srgan {__version__}), x4. Read as B04, B03, B02, B08 not named in",
        "True colour: B04, B03, B02. Stretch from the input, the same on both sides: 1.5 % cut at each end, gamma 2.",
    ):
        assert without_spaces([words]) in caption
    written.clear()
    picture(job, view, style=Style("NDVI"))
    assert "Stretch" not in without_spaces(written)  # NDVI has a colour scale of its own


@pytest.mark.parametrize(("cols", "metres"), [(240, 100), (600, 200)])
def test_the_scale_bar_is_as_long_on_the_ground_as_it_says(job, view, written, cols, metres):
    window = Window(0, 0, 200, cols)
    below, width = below_the_panels(picture(job, view, window=window), window)
    ink = below.max(axis=2) < 100
    row = np.flatnonzero(ink[16, : width // 2])  # the upper edge of the bar, then its text
    first, last = row[0], row[np.argmax(np.diff(row) > 1)]
    assert first == 36 and (last - first) / width * cols * 2.5 == pytest.approx(metres, rel=0.02)
    assert f"{metres} m" in written


def test_an_arrow_points_north_if_the_image_has_a_place(job, view, written, tmp_path, write_tif):
    ink = below_the_panels(picture(job, view))[0].max(axis=2) < 100
    rows, cols = np.nonzero(ink[8:48, -70:-36])
    assert "N" in written and len(rows) > 50
    tip = cols[rows == rows.min()].mean()
    assert rows.min() == pytest.approx(2, abs=1) and tip == pytest.approx(20, abs=2)  # the tip is above, in the middle

    written.clear()
    nowhere = make_view(tmp_path, write_tif(scene_dn(60, 60), crs=None, transform=Affine.identity()), MODELS[:1])
    lost = dataclasses.replace(job, folder=tmp_path, request=dataclasses.replace(REQUEST, models=MODELS[:1]))
    small = Window(0, 0, 200, 200)
    ink = below_the_panels(picture(lost, nowhere, window=small), small)[0].max(axis=2) < 100
    assert not ink[8:48, -70:-36].any() and "N" not in written
    assert "50 px of the result" in written and not any("Middle" in text for text in written)


def test_the_wanted_part_is_found_by_degrees(view):
    (west, north), (east, south) = to_lon_lat(view, 40, 60), to_lon_lat(view, 120, 200)
    window = window_of(view, (west, south, east, north))
    # the grid is turned a little against the meridian
    assert (window.row, window.col) == pytest.approx((40, 60), abs=4)
    assert (window.height, window.width) == pytest.approx((80, 140), abs=8)


def test_the_heading_is_the_name_of_the_product_whatever_its_archive_is_called(job, view):
    zipped = picture(dataclasses.replace(job, title="download (3).zip", name="T33TWL_20230810"), view)
    np.testing.assert_array_equal(zipped, picture(dataclasses.replace(job, title="T33TWL_20230810"), view))


def test_a_pdf_is_a_pdf(job, view):
    assert draw_figure(job, view, STYLE, ("input", "sr"), PART, "pdf").startswith(b"%PDF")


def test_parts_outside_of_the_image_and_wrong_numbers_are_refused(job, view):
    with pytest.raises(InputError, match="outside"):
        picture(job, view, window=Window(10_000, 0, 5, 5))
    with pytest.raises(InputError, match="layer"):
        picture(job, view, ("moon", "sr"))
    with pytest.raises(InputError, match="finite"):
        between(0, 0, float("nan"), 1)
