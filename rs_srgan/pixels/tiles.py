"""Images in memory on the way through the tile loop: crops of arrays in, parts of larger arrays out."""

from collections.abc import Callable, Sequence
from contextlib import closing

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage, Image, Mask
from rs_srgan.pixels.tile_loop import run_tiles
from rs_srgan.pixels.windows import Tile, Window, crop_replicated, plan_tiles
from rs_srgan.progress.watch import Watch

# Returns the results without the halo, (C, h * scale, w * scale) each, for windows of all layers.
Compute = Callable[..., Sequence[FloatImage]]


def compute_tiles(
    layers: Sequence[tuple[Image, int]],
    valid: Mask,
    scale: int,
    tile: int,
    halo: int,
    compute: Compute,
    results: int = 1,
    watch: Watch | None = None,
) -> list[FloatImage]:
    """Compute an image tile by tile; see `run_tiles`.

    Args:
        layers: the inputs without gaps, (..., H * finer, W * finer) each, and how many times finer they are than LR.
        valid: which values of the result hold data, on the LR grid, (C, H, W).
        scale: pixels of the result per LR pixel, along each axis.
        tile: side of the tiles, LR pixels.
        halo: LR pixels around each tile that its windows hold, too; beyond the image its outermost pixels are repeated.
        compute: takes one window of each layer, with the halo; another thread calls it.
        results: number of results that `compute` returns.
        watch: counts the LR pixels of every tile that is done, and may stop the work; None if nobody watches.

    Returns:
        the results, float32, (C, H * scale, W * scale) each; NaN where `valid` is False.

    Raises:
        InputError: `tile` below 1.
        Cancelled: `watch` stopped the work.
    """
    bands, height, width = valid.shape
    images = [np.full((bands, height * scale, width * scale), np.nan, np.float32) for _ in range(results)]

    def read(part: Tile) -> list[Image] | None:
        if not valid[:, *part.core.slices].any():
            return None
        return [_crop(layer, part.window.scaled(finer)) for layer, finer in layers]

    def write(part: Tile, made: Sequence[FloatImage] | None) -> None:
        if made is None:
            return
        inside = valid[:, *part.core.slices].repeat(scale, axis=1).repeat(scale, axis=2)
        for image, core in zip(images, made, strict=True):
            np.copyto(image[:, *part.core.scaled(scale).slices], core, where=inside)

    steps = run_tiles(plan_tiles(height, width, tile, halo), read, lambda windows: compute(*windows), write)
    with closing(steps):
        for part in steps:
            if watch is not None:
                watch.add(part.core.height * part.core.width)
    return images


def _crop(layer: Image, window: Window) -> Image:
    """Return a window of (..., H, W)."""
    cropped = crop_replicated(layer.reshape(-1, *layer.shape[-2:]), window)
    return cropped.reshape(*layer.shape[:-2], window.height, window.width)
