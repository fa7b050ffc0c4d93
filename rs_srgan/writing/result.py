"""A GeoTIFF in the making that a later run may go on with, until it is whole."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.geotiff import COG_BLOCK_PX, GeoTiffWriter, write_cog
from rs_srgan.writing.unfinished import Unfinished

logger = logging.getLogger(__name__)


class Result:
    """The pixels, and what is remembered of them, together.

    Args:
        unfinished: where they lie until they are whole.
        grid: see `GeoTiffWriter`, as for all that follow.
        encoding: of the pixels.
        descriptions: of the bands.
        tags: of the file.
        compress: one of COMPRESSIONS.
        block: side of its blocks, pixels.

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
        """Parts of the work that are safely in it."""
        return self._unfinished.done

    def write(self, window: Window, pixels: np.ndarray[Any, Any]) -> None:
        """See `GeoTiffWriter.write`."""
        self._writer.write(window, pixels)

    def settle(self, done: int) -> None:
        """What was written is the first `done` parts: keep it, whatever comes."""
        self._writer.settle()
        self._unfinished.note(done)

    def close(self) -> None:
        """Close the file as it was when it was last settled."""
        self._writer.close()

    def publish(self, cog: bool, cog_block: int = COG_BLOCK_PX) -> None:
        """Close the file, which is whole, convert it to a Cloud Optimized GeoTIFF if asked, and give it its name.

        Args:
            cog: convert it.
            cog_block: side of the converted file's blocks, pixels.

        Raises:
            OSError: the disk is full, or there is a file of that name by now.
        """
        self.close()
        if cog:
            logger.info("%s: adding overviews.", self._unfinished.target.name)
            write_cog(self._unfinished.pixels, self._unfinished.copy, self._compress, cog_block)
        self._unfinished.publish(self._unfinished.copy if cog else self._unfinished.pixels)
