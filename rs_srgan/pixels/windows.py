"""Windows: which rectangles of a raster to read and to write.

A tile is read with a halo as large as the receptive field, so each output pixel equals that of the whole image, and
neighbouring tiles fit without blending.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rs_srgan.errors import InputError

# Side of the blocks of a Sentinel-2 product's JPEG 2000 files, pixels.
_PRODUCT_BLOCK_PX = 1024
# Margin read around a window because two images are not exactly aligned, pixels.
_AROUND_PX = 8


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels.

    Attributes:
        row: row of the upper-left pixel; negative above the raster.
        col: column of the upper-left pixel; negative left of the raster.
        height: number of rows.
        width: number of columns.
    """

    row: int
    col: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The slices that index an array (..., H, W); only for windows inside the raster."""
        return slice(self.row, self.row + self.height), slice(self.col, self.col + self.width)

    def scaled(self, scale: int) -> "Window":
        """Return this rectangle on the grid with `scale` times the pixels along each axis."""
        return Window(self.row * scale, self.col * scale, self.height * scale, self.width * scale)

    def grown(self, margin: int) -> "Window":
        """Return this window with `margin` pixels more on every side."""
        return Window(self.row - margin, self.col - margin, self.height + 2 * margin, self.width + 2 * margin)

    def clipped(self, height: int, width: int) -> "Window":
        """Return the part inside a raster of `height` x `width` pixels; only for windows that overlap it."""
        top, left = max(self.row, 0), max(self.col, 0)
        bottom, right = min(self.row + self.height, height), min(self.col + self.width, width)
        return Window(top, left, bottom - top, right - left)

    def moved(self, corner: "Window") -> "Window":
        """Return this rectangle, given relative to the corner of `corner`, relative to the raster."""
        return Window(self.row + corner.row, self.col + corner.col, self.height, self.width)

    def relative_to(self, other: "Window") -> "Window":
        """Return this rectangle relative to the corner of `other`."""
        return Window(self.row - other.row, self.col - other.col, self.height, self.width)


@dataclass(frozen=True)
class Tile:
    """A step of the work: the pixels of `window` are computed, and those of `core` kept."""

    core: Window
    window: Window


def plan_tiles(height: int, width: int, tile: int, halo: int) -> Iterator[Tile]:
    """Cover a raster with tiles, row by row.

    Args:
        height: height of the raster, LR pixels.
        width: width of the raster, LR pixels.
        tile: largest side of a core, LR pixels, at least 1.
        halo: margin of a window around its core, LR pixels; it may reach beyond the raster.

    Yields:
        tiles whose cores contain every pixel once.

    Raises:
        InputError: `tile` is below 1.
    """
    if tile < 1:
        raise InputError(f"The tile size is {tile}; expected at least 1 pixel. Choose another one.")
    for row in range(0, height, tile):
        for col in range(0, width, tile):
            core = Window(row, col, min(tile, height - row), min(tile, width - col))
            yield Tile(core, core.grown(halo))


def spread(side: int, size: int, step: int) -> list[int]:
    """Return the starts of windows that are spread evenly from one end of an axis to the other.

    A window may move a little so that it lies in one block of a Sentinel-2 product: reading decodes whole blocks.

    Args:
        side: length of the axis, pixels.
        size: length of a window, pixels.
        step: approximate distance of two starts, pixels.
    """
    room = side - size
    return [_in_one_block(round(start), size, room) for start in np.linspace(0, room, -(-room // step) + 1)]


def spread_windows(height: int, width: int, side: int, most: int) -> list[Window]:
    """Return windows that are spread evenly over an image, row by row; one as large as the image if that is smaller.

    Args:
        height: rows of the image.
        width: columns of the image.
        side: height and width of a window, pixels.
        most: largest number of windows along each axis, at least 2.
    """
    tall, wide = min(side, height), min(side, width)
    rows, cols = (
        spread(length, size, max(size, -(-(length - size) // (most - 1))))
        for length, size in ((height, tall), (width, wide))
    )
    return [Window(row, col, tall, wide) for row in rows for col in cols]


def _in_one_block(start: int, size: int, last: int) -> int:
    """Return the nearest start, at most `last`, of a window inside one block; `start` itself if there is none."""
    wanted = size + 2 * _AROUND_PX
    into = (start - _AROUND_PX) % _PRODUCT_BLOCK_PX
    if start in (0, last) or into + wanted <= _PRODUCT_BLOCK_PX or wanted > _PRODUCT_BLOCK_PX:
        return start
    before, after = start - (into + wanted - _PRODUCT_BLOCK_PX), start + _PRODUCT_BLOCK_PX - into
    return after if after - start < start - before and after <= last else before


def replicate(image: np.ndarray[Any, Any], inside: Window, window: Window) -> np.ndarray[Any, Any]:
    """Pad an image to a larger window by repeating its outermost pixels.

    Args:
        image: pixels of `inside`, (C, h, w).
        inside: window of the image.
        window: window that contains `inside`.
    """
    start = inside.relative_to(window)
    below, right = window.height - start.row - inside.height, window.width - start.col - inside.width
    return np.pad(image, ((0, 0), (start.row, below), (start.col, right)), mode="edge")


def crop_replicated(image: np.ndarray[Any, Any], window: Window) -> np.ndarray[Any, Any]:
    """Return a window of an image (C, H, W), with the border pixels repeated outside the image."""
    inside = window.clipped(*image.shape[1:])
    return replicate(image[:, *inside.slices], inside, window)
