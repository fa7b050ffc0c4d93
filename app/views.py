"""What a visitor sees of a job: LR and SR in the same stretch, pixel over pixel."""

from typing import Any

import numpy as np
import torch

from app.jobs import Job, bundled_model
from rs_srgan.io.opening import open_raster
from rs_srgan.physics import bicubic
from rs_srgan.radiometry import FloatImage, Stretch
from rs_srgan.tiling import Window

Picture = np.ndarray[Any, np.dtype[np.uint8]]

# Above this a browser gets slow, and nobody sees pixels any more.
MAX_SIDE_SR_PX = 2048

NEAREST, BICUBIC = "Input pixels", "Bicubic"
LEFT_SIDES = (NEAREST, BICUBIC)

# No colour of land or water.
_NO_DATA = (176, 64, 144)

_COMPOSITES = {"True colour": ("B04", "B03", "B02"), "False colour": ("B08", "B04", "B03")}


def composites(bands: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """What can be shown of these bands: name -> the bands for red, green and blue, or the one for grey."""
    return {name: shown for name, shown in _COMPOSITES.items() if set(shown) <= set(bands)} | {b: (b,) for b in bands}


def picture_pair(job: Job, composite: str, left: str) -> tuple[Picture, Picture]:
    """The two sides of the slider, uint8 (H, W, 3), both on the SR grid; the centre of a large image.

    Args:
        job: a finished one.
        composite: a key of `composites`.
        left: NEAREST or BICUBIC.
    """
    model = bundled_model(job.model)
    bands, scale = model.config.bands, model.scale
    lr, sr, stretch = _shown_pixels(job, bands, scale, [bands.index(band) for band in composites(bands)[composite]])
    if left == BICUBIC:
        enlarged = bicubic(torch.from_numpy(np.nan_to_num(lr))[None], scale)[0].numpy()
        enlarged[~np.isfinite(lr).repeat(scale, axis=1).repeat(scale, axis=2)] = np.nan
    else:
        enlarged = lr.repeat(scale, axis=1).repeat(scale, axis=2)
    return _picture(enlarged, stretch), _picture(sr, stretch)


def _shown_pixels(
    job: Job, bands: tuple[str, ...], scale: int, shown: list[int]
) -> tuple[FloatImage, FloatImage, Stretch]:
    with open_raster(job.source, bands, job.offset) as raster:
        side = MAX_SIDE_SR_PX // scale
        height, width = min(raster.grid.height, side), min(raster.grid.width, side)
        window = Window((raster.grid.height - height) // 2, (raster.grid.width - width) // 2, height, width)
        lr, lr_valid = raster.read(window)
    with open_raster(job.target, bands) as raster:
        sr, sr_valid = raster.read(window.scaled(scale))
    lr[~lr_valid] = np.nan
    sr[~sr_valid] = np.nan
    return lr[shown], sr[shown], Stretch.of(lr[shown], percent=0.5, gamma=1.4)


def _picture(image: FloatImage, stretch: Stretch) -> Picture:
    shown = stretch.apply(image)
    picture = shown if shown.shape[2] == 3 else shown.repeat(3, axis=2)
    picture[~np.isfinite(image).all(0)] = _NO_DATA
    return picture
