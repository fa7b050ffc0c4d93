"""The picture of README.md: input, bicubic, result and uncertainty of a real chip: python -m benchmarks.picture.

Writes docs/picture.png. The chip is the one in the package spyndex (MIT licence; contains modified Copernicus Sentinel
data). A rule chooses the part by the input alone: where visible light has the most detail.
"""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from matplotlib import colormaps
from PIL import Image, ImageDraw, ImageFont

from benchmarks.report import ROOT
from rs_srgan import SISR
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.sensors.projection import bicubic

TARGET = ROOT / "docs" / "picture.png"
_SIDE_LR_PX, _STEP_LR_PX = 72, 12
_PANEL_PX = 4 * _SIDE_LR_PX
_TITLE_PX, _GAP_PX = 30, 6
# Colours: the 1st and the 99.5th percentile of the input, brightened by a gamma.
_PERCENTILES, _GAMMA = (1, 99.5), 0.8
# Half-width, reflectance, that is drawn in the brightest colour.
_WIDEST = 0.02


def chip() -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """Return the chip as reflectance, (4, 300, 300), in the order B04, B03, B02, B08."""
    text = (files("spyndex") / "data" / "S2_10m.json").read_text(encoding="utf-8")
    blue, green, red, infrared = np.array(json.loads(text), np.float32) / 10000
    return np.stack([red, green, blue, infrared])


def busiest(lr: np.ndarray) -> tuple[int, int]:
    """Return row and column of the part whose neighbouring pixels differ most in visible light."""
    steps = np.abs(np.diff(lr[:3], axis=1))[:, :, :-1] + np.abs(np.diff(lr[:3], axis=2))[:, :-1]
    places = range(0, lr.shape[1] - _SIDE_LR_PX, _STEP_LR_PX)
    corners = [(row, column) for row in places for column in places]
    return max(corners, key=lambda corner: float(_part(steps, corner, 1).sum()))


def main(target: Path = TARGET) -> None:
    """Draw the picture.

    Args:
        target: the PNG to write.
    """
    lr = chip()
    model = SISR.from_pretrained(DEFAULT_MODEL)
    sr, half_width = model.predict_with_uncertainty(lr)
    enlarged = bicubic(torch.from_numpy(lr)[None], model.scale)[0].numpy()
    start = busiest(lr)
    low, high = np.percentile(_part(lr, start, 1)[:3], _PERCENTILES, axis=(1, 2))[..., None, None]

    def colours(image: np.ndarray, scale: int) -> Image.Image:
        part = np.clip((_part(image, start, scale)[:3] - low) / (high - low), 0, 1) ** _GAMMA
        drawn = Image.fromarray((255 * part.transpose(1, 2, 0)).round().astype(np.uint8))
        return drawn.resize((_PANEL_PX, _PANEL_PX), Image.Resampling.NEAREST)

    widths = _part(half_width, start, model.scale)[:3].mean(0) / _WIDEST
    heat = Image.fromarray((255 * colormaps["magma"](np.clip(widths, 0, 1))[..., :3]).astype(np.uint8))
    panels = {
        "Sentinel-2, 10 m": colours(lr, 1),
        "bicubic": colours(enlarged, model.scale),
        f"{DEFAULT_MODEL}, 2.5 m": colours(sr, model.scale),
        f"uncertainty, 0 to {_WIDEST:g}": heat,
    }
    width = len(panels) * (_PANEL_PX + _GAP_PX) - _GAP_PX
    sheet = Image.new("RGB", (width, _TITLE_PX + _PANEL_PX), "white")
    write = ImageDraw.Draw(sheet)
    for index, (title, panel) in enumerate(panels.items()):
        left = index * (_PANEL_PX + _GAP_PX)
        write.text((left + 2, 6), title, fill="black", font=ImageFont.load_default(16))
        sheet.paste(panel, (left, _TITLE_PX))
    sheet.save(target, optimize=True)


def _part(image: np.ndarray, start: tuple[int, int], scale: int) -> np.ndarray:
    rows, columns = (slice(first * scale, (first + _SIDE_LR_PX) * scale) for first in start)
    return image[:, rows, columns]


if __name__ == "__main__":
    main()
