"""Results: a GeoTIFF together with the note of a resumable run."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.blocks import Blocks
from rs_srgan.writing.cog import COG_BLOCK_PX, write_cog
from rs_srgan.writing.geotiff import GeoTiffWriter
from rs_srgan.writing.unfinished import Unfinished

logger = logging.getLogger(__name__)


class Result:
    """An unfinished GeoTIFF and its note: how many parts of the work it contains.

    Args:
        unfinished: the files beside the target until it is complete.
        grid: grid of the pixels.
        encoding: encoding of the pixels.
        descriptions: description of each band.
        tags: metadata tags of the file.
        compress: one of COMPRESSIONS.
        block: side of the blocks, pixels.

    Raises:
        InputError: see `GeoTiffWriter`.
    """

    def __init__(
        self,
        unfinished: Unfinished,
        grid: Grid,
        encoding: Encoding,
        descriptions: Sequence[str],
        tags: Mapping[str, str],
        compress: str,
        block: int,
    ) -> None:
        self._unfinished, self._compress = unfinished, compress
        self._writer = GeoTiffWriter(
            unfinished.pixels, grid, encoding, descriptions, tags, compress, block, exists=unfinished.done > 0
        )

    @property
    def done(self) -> int:
        """The number of parts of the work that the file safely contains."""
        return self._unfinished.done

    def write(self, window: Window, pixels: np.ndarray[Any, Any]) -> None:
        """Write the pixels (C, h, w) of a window; see `GeoTiffWriter.write`."""
        self._writer.write(window, pixels)

    def append(self, blocks: Blocks) -> None:
        """Append compressed blocks; see `GeoTiffWriter.append`."""
        self._writer.append(blocks)

    def settle(self, done: int) -> None:
        """Keep the pixels written so far, also after `kill -9`, and note that they are the first `done` parts."""
        self._writer.settle()
        self._unfinished.note(done)

    def close(self) -> None:
        """Close the file without a further call of `settle`."""
        self._writer.close()

    def publish(self, cog: bool, cog_block: int = COG_BLOCK_PX) -> None:
        """Close the complete file, convert it to a Cloud Optimized GeoTIFF if asked, and give it its name.

        Args:
            cog: convert it.
            cog_block: side of the converted file's blocks, pixels.

        Raises:
            OSError: the disk is full, or a file of that name was created meanwhile.
        """
        self.close()
        whole = self._unfinished.copy if cog else self._unfinished.pixels
        if self._unfinished.is_published(whole):
            return
        if cog:
            logger.info("%s: adding overviews.", self._unfinished.target.name)
            write_cog(self._unfinished.pixels, self._unfinished.clear_copy(), self._compress, cog_block)
        self._unfinished.publish(whole)
