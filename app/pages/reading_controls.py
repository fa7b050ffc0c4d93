"""How to read the file: fields that overrule what an image says about itself, and what visitors typed into them."""

import dataclasses

import gradio as gr

from app.errors import FIELDS
from app.jobs.request import Request
from rs_srgan import InputError
from rs_srgan.inference.options import PredictOptions, flag_of, option_of

# Names for 13 bands have fewer.
_MOST_CHARACTERS = 500
_PARSERS = {field.name: option_of(field).parse for field in dataclasses.fields(PredictOptions)}


class ReadingControls:
    """Closed controls for the order of the bands, scale, offset, nodata value, and blur.

    Args:
        single: True to offer the blur, which is for one image.

    Attributes:
        inputs: the controls in the order of the arguments of `read_as`, after the request.
    """

    def __init__(self, single: bool) -> None:
        with gr.Accordion("How to read the file", open=False, elem_classes="sr-reading"):
            self.inputs: list[gr.components.Component] = [
                gr.Textbox(
                    label=FIELDS["--band-names"],
                    info="A name for each band of the file, - for one that is not wanted. Empty: as the file says.",
                    placeholder="B02,B03,B04,B08",
                    max_lines=1,
                ),
                gr.Textbox(
                    label=FIELDS["--scale"],
                    info="Reflectance of one DN, instead of the tags for scale and offset. Empty: as the file says.",
                    placeholder="0.0001",
                    max_lines=1,
                ),
                gr.Textbox(
                    label=FIELDS["--offset"],
                    info="DN to add before scaling; -1000 for Sentinel-2 pixels since baseline 04.00 that lost their "
                    "tags. Empty: as the file says.",
                    placeholder="-1000",
                    max_lines=1,
                ),
                gr.Textbox(
                    label=FIELDS["--nodata"],
                    info="Value of pixels without data; none if all pixels hold data. Empty: as the file says.",
                    placeholder="0",
                    max_lines=1,
                ),
            ]
            if single:
                info = "For images that were thinned out by nearest neighbour."
                self.inputs.append(gr.Checkbox(value=False, label=FIELDS["--soften"], info=info))


def read_as(
    request: Request,
    band_names: str = "",
    scale: str = "",
    offset: str = "",
    nodata: str = "",
    soften: bool = False,
) -> Request:
    """Return a request with what a visitor or a program states about its images. Empty texts state nothing.

    Args:
        request: the request.
        band_names: names of the file's bands in the file's order, with commas.
        scale: reflectance of one DN, a number or a fraction.
        offset: DN to add before scaling, a number.
        nodata: value of pixels without data, or none.
        soften: whether to blur a single image first.

    Raises:
        InputError: a text that its option does not allow.
    """
    typed = {"band_names": band_names, "scale": scale, "offset": offset, "nodata": nodata}
    values = {name: _parse(name, text.strip()) for name, text in typed.items() if text and text.strip()}
    return dataclasses.replace(request, stated=PredictOptions().replace(values).stated(), soften=soften)


def _parse(name: str, text: str) -> object:
    option = flag_of(name)
    if len(text) > _MOST_CHARACTERS:
        raise InputError(f"{option} has {len(text)} characters; expected at most {_MOST_CHARACTERS}.")
    try:
        return _PARSERS[name](text)
    except InputError as error:
        raise InputError(f"{option}: {error}.") from None
