"""Blocks of a GeoTIFF: pixels compressed as the file stores them, by any process."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from rasterio.io import MemoryFile

from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.gdal import without_location_warning
from rs_srgan.writing.block_table import BlockTable, Integers

COMPRESSIONS = ("zstd", "deflate", "none")
# Level of either compression: seven times faster than GDAL's default for zstd, with files 9 % larger.
LEVEL = 1
# Rows of blocks that are compressed at once: few enough to stay in a processor's cache.
_BLOCK_ROWS = 2


@dataclass(frozen=True)
class Blocks:
    """Compressed blocks of a window.

    Attributes:
        window: window of the output, pixels; it begins at a corner of a block.
        sizes: compressed size of each block, bytes, row by row.
        content: the blocks, one after the other, uint8.
    """

    window: Window
    sizes: Integers
    content: np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Layout:
    """How a GeoTIFF stores pixels.

    Attributes:
        bands: number of bands.
        encoding: encoding of the pixels.
        compress: one of COMPRESSIONS.
        block: side of the blocks, pixels.
    """

    bands: int
    encoding: Encoding
    compress: str
    block: int

    @property
    def options(self) -> dict[str, Any]:
        """The options of rasterio for a file of this layout."""
        return {
            "driver": "GTiff",
            "count": self.bands,
            "dtype": self.encoding.dtype,
            "nodata": self.encoding.nodata,
            "tiled": True,
            "blockxsize": self.block,
            "blockysize": self.block,
            "interleave": "pixel",
            "endianness": "little",
            "photometric": "minisblack",  # else GDAL writes a fourth 8-bit band as transparency
        } | _compression(self.compress, self.encoding.floats)

    def compressed(self, window: Window, pixels: np.ndarray[Any, Any]) -> Iterator[Blocks]:
        """Yield the blocks of a window, a few rows of blocks at a time.

        Args:
            window: window of the output that consists of whole blocks, pixels.
            pixels: DN (C, h, w).
        """
        step = _BLOCK_ROWS * self.block
        for row in range(0, window.height, step):
            rows = pixels[:, row : row + step]
            yield self._compress(Window(window.row + row, window.col, rows.shape[1], window.width), rows)

    def _compress(self, window: Window, pixels: np.ndarray[Any, Any]) -> Blocks:
        with MemoryFile() as memory, without_location_warning():
            with memory.open(height=window.height, width=window.width, **self.options) as dataset:
                dataset.write(pixels)
            table = BlockTable.read(memory)
            content = np.frombuffer(memory.getbuffer(), np.uint8)
            places = zip(table.offsets.tolist(), table.sizes.tolist(), strict=True)
            parts = [content[offset : offset + size] for offset, size in places]
            return Blocks(window, table.sizes.astype(np.int64), np.concatenate(parts))


def _compression(compress: str, floats: bool) -> dict[str, Any]:
    """Return rasterio's options for a compression; each predictor is the one that GDAL has for such numbers."""
    predictor = 3 if floats else 2
    level = {"zstd": {"zstd_level": LEVEL}, "deflate": {"zlevel": LEVEL}}
    return {} if compress == "none" else {"compress": compress, "predictor": predictor, **level[compress]}
