"""`predict_tiled`: runs a network on an image in memory, tile by tile."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage, Image, Mask
from rs_srgan.pixels.tiles import compute_tiles
from rs_srgan.progress.watch import Watch


def predict_tiled(
    forward: Callable[..., Sequence[Tensor]],
    layers: Sequence[tuple[Image, int]],
    valid: Mask,
    scale: int,
    tile: int,
    halo: int,
    device: torch.device,
    results: int = 1,
    watch: Watch | None = None,
) -> list[FloatImage]:
    """Run a network tile by tile, in inference mode and with the caller's autocast.

    Args:
        forward: takes a window of each layer, with the halo, as a batch of one, and `margin`, the halo; returns the
            results without the halo, (1, C, h * scale, w * scale) each.
        layers: see `compute_tiles`.
        valid: see `compute_tiles`.
        scale: see `compute_tiles`.
        tile: see `compute_tiles`.
        halo: see `compute_tiles`.
        device: the network's device.
        results: number of results that `forward` returns.
        watch: see `compute_tiles`.

    Returns:
        the results, float32, (C, H * scale, W * scale) each; NaN where `valid` is False.

    Raises:
        InputError: `tile` is below 1 or no whole number.
        Cancelled: `watch` stopped the work.
    """
    if isinstance(tile, bool) or not isinstance(tile, int | np.integer):
        raise InputError(f"The tile size is {tile!r}; expected a whole number of LR pixels, for example 512.")
    kind = device.type
    enabled, dtype, cached = (
        torch.is_autocast_enabled(kind),
        torch.get_autocast_dtype(kind),
        torch.is_autocast_cache_enabled(),
    )

    def compute(*windows: Image) -> list[FloatImage]:
        # PyTorch keeps these settings for each thread, and this is another thread than the caller's
        with torch.inference_mode(), torch.autocast(kind, dtype, enabled, cached):
            made = forward(*(torch.from_numpy(window)[None].to(device) for window in windows), margin=halo)
            return [each[0].cpu().numpy() for each in made]

    return compute_tiles(layers, valid, scale, int(tile), halo, compute, results, watch)
