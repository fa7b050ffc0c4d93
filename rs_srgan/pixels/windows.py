"""Which windows to read and which to write: pure planning, no pixels computed.

Every output pixel is computed from a window that reaches the receptive field beyond it, so it is what the whole image
would have given, and neighbouring tiles fit without blending.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rs_srgan.errors import InputError

# Of the JPEG 2000 files of Sentinel-2 products.
_PRODUCT_BLOCK_PX = 1024
# What is read around a window, when another image is a little off.
_AROUND_PX = 8


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels; `row` and `col` of the upper-left one may be negative, outside the raster."""

    row: int
    col: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """To index (..., rows, cols); for windows inside the raster."""
        return slice(self.row, self.row + self.height), slice(self.col, self.col + self.width)

    def scaled(self, scale: int) -> "Window":
        """The same rectangle on the grid with `scale` times the pixels."""
        return Window(self.row * scale, self.col * scale, self.height * scale, self.width * scale)

    def grown(self, margin: int) -> "Window":
        """This window and `margin` pixels on every side."""
        return Window(self.row - margin, self.col - margin, self.height + 2 * margin, self.width + 2 * margin)

    def clipped(self, height: int, width: int) -> "Window":
        """The part inside a raster of that size; for windows that touch it."""
        top, left = max(self.row, 0), max(self.col, 0)
        bottom, right = min(self.row + self.height, height), min(self.col + self.width, width)
        return Window(top, left, bottom - top, right - left)

    def moved(self, corner: "Window") -> "Window":
        """The same rectangle, if its pixels were counted from the corner of `corner` so far."""
        return Window(self.row + corner.row, self.col + corner.col, self.height, self.width)

    def relative_to(self, other: "Window") -> "Window":
        """The same rectangle, counted from the corner of `other`."""
        return Window(self.row - other.row, self.col - other.col, self.height, self.width)


@dataclass(frozen=True)
class Tile:
    """One step of the work: compute `window`, keep `core`."""

    core: Window
    window: Window


def plan_tiles(height: int, width: int, tile: int, halo: int) -> Iterator[Tile]:
    """Cover a raster with cores of at most `tile` x `tile` LR pixels, row by row.

    Args:
        height: LR pixels.
        width: LR pixels.
        tile: size of the cores, at least 1.
        halo: LR pixels around each core that its window adds; it may reach beyond the raster.

    Raises:
        InputError: `tile` below 1.
    """
    if tile < 1:
        raise InputError(f"The tile size is {tile}; expected at least 1 pixel.")
    for row in range(0, height, tile):
        for col in range(0, width, tile):
            core = Window(row, col, min(tile, height - row), min(tile, width - col))
            yield Tile(core, core.grown(halo))


def spread(side: int, size: int, step: int) -> list[int]:
    """Where windows of `size` begin, from one end of `side` to the other and about `step` apart.

    Evenly, but for small moves so that none lies in two blocks of a Sentinel-2 product, both of which would be decoded.
    """
    room = side - size
    return [_in_one_block(round(start), size, room) for start in np.linspace(0, room, -(-room // step) + 1)]


def _in_one_block(start: int, size: int, last: int) -> int:
    """The nearest start, at most `last`, of a window that does not lie across the edge of a block, if there is one."""
    wanted = size + 2 * _AROUND_PX
    into = (start - _AROUND_PX) % _PRODUCT_BLOCK_PX
    if start in (0, last) or into + wanted <= _PRODUCT_BLOCK_PX or wanted > _PRODUCT_BLOCK_PX:
        return start
    before, after = start - (into + wanted - _PRODUCT_BLOCK_PX), start + _PRODUCT_BLOCK_PX - into
    return after if after - start < start - before and after <= last else before


def replicate(image: np.ndarray[Any, Any], inside: Window, window: Window) -> np.ndarray[Any, Any]:
    """Grow pixels of `inside`, (C, h, w), to all of `window`, which contains it, by repeating the outermost ones."""
    start = inside.relative_to(window)
    below, right = window.height - start.row - inside.height, window.width - start.col - inside.width
    return np.pad(image, ((0, 0), (start.row, below), (start.col, right)), mode="edge")


def crop_replicated(image: np.ndarray[Any, Any], window: Window) -> np.ndarray[Any, Any]:
    """`window` of an image (C, H, W) whose border pixels go on for ever."""
    inside = window.clipped(*image.shape[1:])
    return replicate(image[:, *inside.slices], inside, window)
