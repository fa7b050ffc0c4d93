"""What visitors typed about how to read the file."""

import gradio as gr
import pytest

from app.errors import FIELDS
from app.pages.reading_controls import ReadingControls, read_as
from rs_srgan import InputError
from rs_srgan.reading.stated import Stated
from tests.app.conftest import REQUEST


@pytest.mark.parametrize(
    ("typed", "stated"),
    [
        ({}, Stated()),
        ({"band_names": " ", "scale": "", "offset": "", "nodata": ""}, Stated()),
        ({"offset": " -500 "}, Stated(offset=-500)),
        ({"scale": "1/65535", "nodata": "none"}, Stated(scale=1 / 65535, nodata="none")),
        ({"band_names": "B02, -,B04", "nodata": "-9999"}, Stated(nodata=-9999, band_names=("B02", "-", "B04"))),
    ],
)
def test_texts_become_what_the_visitor_states(typed, stated):
    assert read_as(REQUEST, **typed).stated == stated


def test_the_blur_is_part_of_the_request():
    assert read_as(REQUEST) == REQUEST
    assert read_as(REQUEST, soften=True).soften


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"scale": "2"}, "1/65535"),
        ({"scale": "nan"}, "nan"),
        ({"scale": "1/0"}, "--scale"),
        ({"offset": "1e999"}, "inf"),
        ({"offset": "as the file says"}, "file"),
        ({"band_names": "B02,,B03"}, "B02"),
        ({"band_names": "B02," * 200}, "characters"),
    ],
)
def test_texts_that_an_option_does_not_allow_are_refused_in_one_sentence(typed, words):
    with pytest.raises(InputError, match=words) as failure:
        read_as(REQUEST, **typed)
    assert str(failure.value).endswith(".") and "\n" not in str(failure.value)


def test_the_controls_are_closed_and_named_like_the_messages():
    with gr.Blocks() as page:
        single, several = ReadingControls(single=True), ReadingControls(single=False)
    assert [control.label for control in single.inputs] == list(FIELDS.values())
    assert [control.label for control in several.inputs] == list(FIELDS.values())[:-1]
    assert not any(block.open for block in page.blocks.values() if isinstance(block, gr.Accordion))
    assert read_as(REQUEST, *(control.value or "" for control in single.inputs[:-1])) == REQUEST
