"""Write a GeoTIFF window by window, so that a stopped run can be resumed."""

import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.io import MemoryFile

from rs_srgan.durable import force_content
from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.gdal import without_location_warning
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.block_table import BlockTable, write_all
from rs_srgan.writing.blocks import COMPRESSIONS, Blocks, Layout

BLOCK_PX = 256
_BLOCK_UNIT_PX = 16  # TIFF 6.0, section 15
_MAX_SIDE_PX = 2**31 - 1


def block_px(tile_px: int, block: int = BLOCK_PX) -> int:
    """Return the side of the blocks of a file that is written in tiles of `tile_px`, so that each is written once.

    Args:
        tile_px: side of the tiles, pixels, as `whole_blocks` returns it.
        block: side of the blocks where tiles are large enough, pixels.

    Raises:
        ValueError: a tile size that `whole_blocks` would change.
    """
    if tile_px != whole_blocks(tile_px, block):
        raise ValueError(f"tile_px is {tile_px}; expected {whole_blocks(tile_px, block)}.")
    return min(tile_px, block)


def whole_blocks(tile_px: int, block: int = BLOCK_PX) -> int:
    """Return a tile size, pixels, rounded up to whole blocks of a GeoTIFF."""
    unit = block if tile_px > block else _BLOCK_UNIT_PX
    return -(-tile_px // unit) * unit


class GeoTiffWriter:
    """A tiled, compressed GeoTIFF that is written window by window, and that a later run can go on with.

    GDAL creates the file without blocks and compresses each window; this class appends the blocks. So it notices a full
    disk at once, and the file always holds the blocks up to the last call of `settle`, also after `kill -9` or a power
    cut.

    Args:
        path: path of the file.
        grid: grid of the pixels.
        encoding: encoding of the pixels; its scale and offset become tags if `encoding.tagged`.
        descriptions: description of each band.
        tags: metadata tags of the file.
        compress: one of COMPRESSIONS.
        block: side of the blocks, pixels.
        exists: go on with an existing file, created with the same arguments and settled at least once.

    Raises:
        InputError: the compression is unknown, the image is too large for a GeoTIFF, or an existing file is damaged.
    """

    def __init__(
        self,
        path: Path,
        grid: Grid,
        encoding: Encoding,
        descriptions: Sequence[str],
        tags: Mapping[str, str],
        compress: str = "zstd",
        block: int = BLOCK_PX,
        exists: bool = False,
    ) -> None:
        if max(grid.height, grid.width) > _MAX_SIDE_PX:
            raise InputError(
                f"The output would have {grid.width} x {grid.height} pixels; a GeoTIFF holds at most "
                f"{_MAX_SIDE_PX} along each side. Predict a part: --bbox."
            )
        if compress not in COMPRESSIONS:
            raise InputError(f"Unknown compression {compress!r}; expected one of {', '.join(COMPRESSIONS)}.")
        self.path, self._block = path, block
        self._blocks_across = -(-grid.width // block)
        self._layout = Layout(len(descriptions), encoding, compress, block)
        if not exists:
            self._create(grid, encoding, descriptions, tags)
        self._file = path.open("r+b", buffering=0)
        try:
            self._table = self._settled_table() if exists else BlockTable.reserve(self._file)
            if exists:
                self._file.truncate(self._table.end)  # blocks after the last call of settle
            self._file.seek(0, os.SEEK_END)
        except BaseException:
            self._file.close()
            raise

    def _create(self, grid: Grid, encoding: Encoding, descriptions: Sequence[str], tags: Mapping[str, str]) -> None:
        size = {"height": grid.height, "width": grid.width, "sparse_ok": True, "bigtiff": "if_safer"}
        with MemoryFile() as memory, without_location_warning():  # in memory, because GDAL ignores a full disk
            with memory.open(**self._layout.options, **size, **_location(grid)) as dataset:
                dataset.descriptions = tuple(descriptions)
                if encoding.tagged:
                    dataset.scales = encoding.gain
                    dataset.offsets = encoding.bias
                dataset.update_tags(**tags)
            with self.path.open("wb", buffering=0) as file:
                write_all(file, memory.getbuffer())

    def _settled_table(self) -> BlockTable:
        try:
            return BlockTable.read(self._file)
        except (ValueError, KeyError, struct.error):
            raise InputError(
                f"{self.path.name}, which a stopped run left, is damaged and was removed; expected a TIFF. Run again."
            ) from None

    def write(self, window: Window, pixels: np.ndarray[Any, Any]) -> None:
        """Write the pixels of a window that consists of whole blocks.

        Args:
            window: window of the output, pixels.
            pixels: DN (C, h, w).

        Raises:
            OSError: the disk is full.
        """
        for blocks in self._layout.compressed(window, pixels):
            self.append(blocks)

    def append(self, blocks: Blocks) -> None:
        """Append blocks that `Layout.compressed` made of this file's pixels, in any order.

        Raises:
            OSError: the disk is full.
        """
        row, col = blocks.window.row // self._block, blocks.window.col // self._block
        across = -(-blocks.window.width // self._block)
        down, right = np.divmod(np.arange(len(blocks.sizes)), across)
        places = (row + down) * self._blocks_across + col + right
        ends = self._file.tell() + np.cumsum(blocks.sizes)
        self._table.offsets[places], self._table.sizes[places] = ends - blocks.sizes, blocks.sizes
        write_all(self._file, blocks.content.data)

    def settle(self) -> None:
        """Enter all blocks that were written into the file's directory, and bring the file onto the disk.

        Raises:
            OSError: the disk is full or fails.
        """
        self._table.write(self._file)
        force_content(self._file)
        self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Close the file without a further call of `settle`."""
        self._file.close()


def _location(grid: Grid) -> dict[str, Any]:
    """Return rasterio's options for the georeference; no transform for an image without one."""
    if grid.control_points:
        points = [GroundControlPoint(*point) for point in grid.control_points]
        return {"gcps": points, "crs": grid.crs or CRS()}  # rasterio takes no None here
    return {"crs": grid.crs} | ({} if grid.transform.is_identity else {"transform": grid.transform})
