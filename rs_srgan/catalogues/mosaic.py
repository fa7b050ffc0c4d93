"""`Mosaic`: one band of an acquisition over the tiles that show a place."""

from collections.abc import Iterator, Sequence

import numpy as np

from rs_srgan.catalogues.remote import RemoteImage
from rs_srgan.pixels.radiometry import Image
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid


class Mosaic:
    """The same band of neighbouring tiles, read on one grid.

    Each pixel is that of the first tile that has data there. Tiles of one UTM zone share their grid, so pixels are
    copied. A tile of another zone gives the nearest pixels, up to half a pixel away.

    Args:
        tiles: the open images.
        grid: the grid, aligned with the pixels of the tiles in its CRS.
    """

    def __init__(self, tiles: Sequence[RemoteImage], grid: Grid) -> None:
        self._tiles, self.grid = tiles, grid

    def read(self, window: Window) -> Image:
        """Return the pixels of a window of the grid, (bands, h, w); 0 where no tile has data."""
        pixels: Image | None = None
        for tile in self._tiles:
            if pixels is not None and pixels.all():
                break
            found = self._read_tile(tile, window)
            if found is None:
                continue
            pixels = found if pixels is None else np.where(pixels == 0, found, pixels)
        return np.zeros((1, window.height, window.width), np.uint16) if pixels is None else pixels

    def _read_tile(self, tile: RemoteImage, window: Window) -> Image | None:
        if tile.grid.crs != self.grid.crs:
            return tile.read_at(self.grid.cropped(window))
        inside = window.moved(self._origin(tile)).clipped(tile.grid.height, tile.grid.width)
        if inside.height <= 0 or inside.width <= 0:
            return None
        read = tile.read(inside)
        whole = np.zeros((len(read), window.height, window.width), read.dtype)
        whole[:, *inside.relative_to(window.moved(self._origin(tile))).slices] = read
        return whole

    def _origin(self, tile: RemoteImage) -> Window:
        """Return where the grid begins in a tile, pixels; its size does not matter."""
        col, row = tile.grid.pixel(self.grid.transform.c, self.grid.transform.f)
        return Window(round(row), round(col), 0, 0)

    def strips(self) -> Iterator[Window]:
        """Yield windows that cover the grid from top to bottom, each in one row of blocks of the first tile."""
        first = self._tiles[0]
        step = first.block_height
        offset = self._origin(first).row % step if first.grid.crs == self.grid.crs else 0
        top = 0
        while top < self.grid.height:
            bottom = min(self.grid.height, (top + offset) // step * step + step - offset)
            yield Window(top, 0, bottom - top, self.grid.width)
            top = bottom
