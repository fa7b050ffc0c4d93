"""Tile loop for images in memory: compute an image tile by tile, and put the tiles together.

`inference.tile_loop` is the loop for files, which reads, computes and writes at the same time.
"""

from collections.abc import Callable, Sequence

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage, Image, Mask
from rs_srgan.pixels.windows import Window, crop_replicated, plan_tiles

# Returns the result of each output without the halo, (C, h * scale, w * scale), for windows of all layers.
Compute = Callable[..., Sequence[FloatImage]]


def compute_tiles(
    layers: Sequence[tuple[Image, int]], valid: Mask, scale: int, tile: int, halo: int, compute: Compute
) -> list[FloatImage]:
    """Compute an image tile by tile.

    Args:
        layers: the inputs without gaps, (..., H * finer, W * finer) each, and how many times finer they are than LR.
        valid: which values of the result hold data, on the LR grid, (C, H, W).
        scale: pixels of the result per LR pixel, along each axis.
        tile: side of the tiles, LR pixels.
        halo: LR pixels around each tile that its windows hold, too; beyond the image its outermost pixels are repeated.
        compute: takes one window of each layer, with the halo.

    Returns:
        float32, (C, H * scale, W * scale), for each output of `compute`; NaN where `valid` is False.

    Raises:
        InputError: `tile` below 1.
    """
    _, height, width = valid.shape
    results: list[FloatImage] = []
    for part in plan_tiles(height, width, tile, halo):
        made = compute(*(_crop(layer, part.window.scaled(finer)) for layer, finer in layers))
        if not results:
            results = [np.empty((len(each), height * scale, width * scale), np.float32) for each in made]
        for result, core in zip(results, made, strict=True):
            result[:, *part.core.scaled(scale).slices] = core
    nothing = ~valid.repeat(scale, axis=1).repeat(scale, axis=2)
    for result in results:
        result[nothing] = np.nan
    return results


def _crop(layer: Image, window: Window) -> Image:
    """Return a window of (..., H, W)."""
    cropped = crop_replicated(layer.reshape(-1, *layer.shape[-2:]), window)
    return cropped.reshape(*layer.shape[:-2], window.height, window.width)
