"""A figure for a report: two layers side by side, with a scale bar, north, legends, and a caption.

The pixels are those of the result's own grid, so that nothing is resampled but by whole pixels.
"""

import io
import math
import textwrap
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from PIL.ImageDraw import ImageDraw as Pen

from app.degrees import degrees_in_words
from app.errors import for_people
from app.jobs.queue import Job
from app.jobs.views import count_used, in_shown_order, read_views
from app.viewer.colours import NDVI, Style, colour, legend, shown_bands
from app.viewer.describe import credit, layer_names
from app.viewer.layers import IMAGES, View
from app.viewer.tiles import part, sample, to_lon_lat, to_pixel
from rs_srgan import InputError, __version__
from rs_srgan.maps.web_tiles import has_place
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.dates import date_in
from rs_srgan.reading.inspection import summarise

KINDS = {"png": "image/png", "pdf": "application/pdf"}
_PANEL_PX, _MARGIN, _GAP, _LINE_PX = 900, 36, 24, 26
_TEXT_PX, _SMALL_PX, _TITLE_PX = 18, 16, 26
_INK, _PAPER, _QUIET = (20, 26, 33), (255, 255, 255), (84, 96, 110)
_LINE_CHARACTERS = 190
_EARTH_RADIUS_M = 6_371_008.8
_DPI = 200


def draw_figure(job: Job, view: View, style: Style, sides: tuple[str, str], window: Window, kind: str) -> bytes:
    """Return a figure as a file.

    Args:
        job: the job.
        view: its layers.
        style: colours of the layers.
        sides: the layers on the left and on the right.
        window: the part of the result to show, SR pixels.
        kind: one of KINDS.

    Raises:
        InputError: there is no such layer, or the window is outside of the image.
    """
    inside = window.clipped(*view.shape)
    if inside.height <= 0 or inside.width <= 0:
        raise InputError("The wanted part is outside of the image.")
    panels = [_panel(view, side, style, inside) for side in sides]
    width, height = panels[0].size
    caption = _caption(job, view, style, sides, inside)
    total_width = 2 * _MARGIN + 2 * width + _GAP
    fitting = max(30, int(_LINE_CHARACTERS * total_width / (2 * _PANEL_PX)))
    lines = [line for text in caption for line in textwrap.wrap(text, fitting)]
    top = _MARGIN + _TITLE_PX + 14 + _LINE_PX
    total_height = top + height + 84 + _LINE_PX * len(lines) + _MARGIN
    figure = Pillow.new("RGB", (total_width, total_height), _PAPER)
    pen = ImageDraw.Draw(figure)
    names = layer_names(view, job, count_used(read_views(job.folder)))
    pen.text((_MARGIN, _MARGIN - 6), _cut(job.label, fitting // 2), _INK, ImageFont.load_default(_TITLE_PX))
    for index, (side, panel) in enumerate(zip(sides, panels, strict=True)):
        left = _MARGIN + index * (width + _GAP)
        pen.text((left, top - _LINE_PX), names[side], _INK, ImageFont.load_default(_TEXT_PX))
        figure.paste(panel, (left, top))
        _draw_legend(pen, view, side, style, (left, top + height + 48))
    _draw_scale_bar(pen, view, inside, width, (_MARGIN, top + height + 16))
    _draw_north(pen, view, inside, (total_width - _MARGIN - 14, top + height + 28))
    for number, line in enumerate(lines):
        at = (_MARGIN, top + height + 84 + number * _LINE_PX)
        pen.text(at, line, _QUIET, ImageFont.load_default(_SMALL_PX))
    file = io.BytesIO()
    figure.save(file, kind.upper(), **({"resolution": _DPI} if kind == "pdf" else {"dpi": (_DPI, _DPI)}))
    return file.getvalue()


def window_of(view: View, bounds: tuple[float, float, float, float]) -> Window:
    """Return the part of a result between west, south, east and north in degrees, SR pixels.

    Raises:
        InputError: the result has no place on Earth.
    """
    if not has_place(view.grid):
        raise InputError("This image has no place on a map. Give rows and columns.")
    west, south, east, north = bounds
    corners = [to_pixel(view, lon, lat) for lon in (west, east) for lat in (south, north)]
    rows, cols = ([corner[axis] for corner in corners] for axis in (0, 1))
    return between(min(rows), min(cols), max(rows), max(cols))


def between(top: float, left: float, bottom: float, right: float) -> Window:
    """Return the window of the pixels between some rows and columns.

    Raises:
        InputError: a number is not finite.
    """
    if not np.isfinite((top, left, bottom, right)).all():
        raise InputError(f"The part is {(top, left, bottom, right)}; expected four finite numbers.")
    row, col = math.floor(top), math.floor(left)
    return Window(row, col, math.ceil(bottom) - row, math.ceil(right) - col)


def _panel(view: View, layer: str, style: Style, window: Window) -> Pillow.Image:
    """Return a layer in a window as a picture on white paper."""
    pixels = sample(view, layer, part(window, _PANEL_PX))
    if pixels is None:
        raise InputError("The wanted part is outside of the image.")
    picture = Pillow.fromarray(colour(view, layer, pixels, style))
    paper = Pillow.new("RGB", picture.size, _PAPER)
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _caption(job: Job, view: View, style: Style, sides: tuple[str, str], window: Window) -> list[str]:
    """Return the sentences below the pictures."""
    views, request = read_views(job.folder), job.request
    days = [each["taken"] for each in views if each["taken"]]
    day = days[0] if days else str(date_in(job.label) or "")
    where = [f"Taken on {day}."] if day else []
    if has_place(view.grid):
        lon, lat = to_lon_lat(view, window.row + window.height / 2, window.col + window.width / 2)
        where.append(f"Middle: {degrees_in_words(lon, lat, 4)}.")
    if views:
        where.append(f"{count_used(views)} of {len(views)} images used.")
    part_of = f"{window.width} x {window.height} of {view.shape[1]} x {view.shape[0]} px"
    metres = _metres_per_px(view, window)
    if metres and view.grid.crs and view.grid.crs.is_projected:  # as the file states it
        metres = abs(view.grid.transform.a) / view.scale
    size = f", pixels of {metres * view.scale:.3g} m became {metres:.3g} m" if metres else ""
    bands = ", ".join(shown_bands(view, style))
    stretch = (
        f" Stretch from the input, the same on both sides: {style.cut:g} % cut at each end, gamma {style.gamma:g}."
    )
    stretched = style.composite != NDVI and any(side in IMAGES for side in sides)
    rights = credit(view)
    return [
        " ".join([*where, f"{part_of}{size}."]),
        f"Model: {' and '.join(request.models)} (rs_srgan {__version__}), x{view.scale}. "
        f"Read as {for_people(summarise(in_shown_order(job.folder, job.outlook.images)[0]))}.",
        f"{style.composite}: {bands}.{stretch if stretched else ''}",
        *([f"{rights}."] if rights else []),
    ]


def _metres_per_px(view: View, window: Window) -> float | None:
    """Return the width of an SR pixel in the middle of a window, metres; None without a place on Earth."""
    if not has_place(view.grid):
        return None
    row, col = window.row + window.height / 2, window.col + window.width / 2
    one, other = to_lon_lat(view, row, col - 0.5), to_lon_lat(view, row, col + 0.5)
    middle = math.radians((one[1] + other[1]) / 2)
    east, north = math.radians(other[0] - one[0]) * math.cos(middle), math.radians(other[1] - one[1])
    return _EARTH_RADIUS_M * math.hypot(east, north)


def _draw_scale_bar(pen: Pen, view: View, window: Window, width: int, at: tuple[int, int]) -> None:
    """Draw a bar of a round length, at most 30 % of the width of a panel; in pixels if there is no place on Earth."""
    unit = _metres_per_px(view, window)
    per_px = window.width / width * (unit or 1.0)
    length = _round_length(0.3 * width * per_px)
    x, y = at
    end = x + round(length / per_px)
    pen.rectangle((x, y, end, y + 6), _INK)
    pen.rectangle((x + (end - x) // 2, y + 1, end - 1, y + 5), _PAPER)
    text = f"{length:g} px of the result"
    if unit:
        text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    pen.text((end + 10, y - 8), text, _INK, ImageFont.load_default(_TEXT_PX))


def _round_length(most: float) -> float:
    """Return the largest number of the form 1, 2 or 5 times a power of ten that is at most `most`."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(digit * power for digit in (1, 2, 5) if digit * power <= most)


def _draw_north(pen: Pen, view: View, window: Window, at: tuple[int, int]) -> None:
    """Draw an arrow that points north; nothing without a place on Earth."""
    if not has_place(view.grid):
        return
    row, col = window.row + window.height / 2, window.col + window.width / 2
    lon, lat = to_lon_lat(view, row, col)
    up = to_pixel(view, lon, lat + 1e-4)
    angle = math.atan2(up[1] - col, row - up[0])  # clockwise from the top of the picture

    def turned(x: float, y: float) -> tuple[float, float]:
        return (
            at[0] + x * math.cos(angle) - y * math.sin(angle),
            at[1] + x * math.sin(angle) + y * math.cos(angle),
        )

    pen.polygon([turned(0, -18), turned(8, 10), turned(0, 4), turned(-8, 10)], _INK)
    pen.text((at[0] - 34, at[1] - 12), "N", _INK, ImageFont.load_default(_TEXT_PX))


def _draw_legend(pen: Pen, view: View, layer: str, style: Style, at: tuple[int, int]) -> None:
    """Draw the colour scale of a layer that has one."""
    scale = legend(layer, view, style)
    if scale is None:
        return
    x, y = at
    font, ramp = ImageFont.load_default(_SMALL_PX), np.array(scale["colours"], float)
    start = x + 12 + round(pen.textlength(f"{scale['from']:g}", font))
    pen.text((x, y - 4), f"{scale['from']:g}", _INK, font)
    for step in range(200):
        at_step: Any = [np.interp(step / 199 * (len(ramp) - 1), np.arange(len(ramp)), band) for band in ramp.T]
        pen.line((start + step, y, start + step, y + 14), tuple(round(value) for value in at_step))
    pen.text((start + 212, y - 4), f"{scale['to']:.2g} {scale['unit']}", _INK, font)


def _cut(text: str, most: int) -> str:
    """Return a text of at most `most` characters, with its end: the end of a file's name says the most."""
    return text if len(text) <= most else f"{text[: most // 2 - 1]}…{text[-(most // 2) :]}"
