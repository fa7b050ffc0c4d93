"""Writing a GeoTIFF window by window, and making sure that it was written."""

import errno
import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError  # what rasterio.shutil lets through
from rasterio.control import GroundControlPoint
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.windows import Window as RasterioWindow

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.gdal import first_line
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.block_table import BlockTable, write_all
from rs_srgan.writing.terminal import without_lines

COMPRESSIONS = ("zstd", "deflate", "none")
BLOCK_PX = 256
COG_BLOCK_PX = 512
_BLOCK_UNIT_PX = 16  # TIFF 6.0, section 15
# Rows of blocks that are compressed at once: few enough to stay in a processor's cache.
_BLOCK_ROWS = 2
# Of either compression: seven times faster than zstd's default in GDAL, for 9 % more bytes.
_LEVEL = 1

_MAX_SIDE_PX = 2**31 - 1


def check_target(target: str | Path, sources: Sequence[str | Path], overwrite: bool) -> Path:
    """The path to write to, checked before any work is done.

    Raises:
        InputError: it is one of the inputs, a folder, there already, or in a folder that is missing or cannot be
            written to.
    """
    try:
        str(target).encode()
    except UnicodeEncodeError:
        raise InputError(f"The name {os.fsencode(target)!r} is no UTF-8, which GDAL needs. Choose another.") from None
    if "\0" in str(target):
        raise InputError(f"The name {str(target)!r} holds a NUL, which no name can. Choose another.")
    target = Path(target).absolute()
    if target.is_symlink():
        target = Path(os.path.realpath(target))  # the file it stands for is replaced, not the link
    if target.is_symlink():
        raise InputError(f"The output {target} is a link that leads back to itself. Remove it, or choose another name.")
    if target.suffix.lower() not in (".tif", ".tiff"):
        raise InputError(f"The output {target} is no GeoTIFF; expected a name ending in .tif.")
    if target.exists() and any(Path(source).exists() and target.samefile(source) for source in sources):
        raise InputError(f"The output {target} is the input. Choose another name.")
    if target.is_dir():
        raise InputError(f"The output {target} is a folder; expected a file name.")
    if target.exists() and not target.is_file():
        raise InputError(f"The output {target} is no regular file.")
    if target.exists() and not overwrite:
        raise InputError(
            f"{target} exists. Choose another name, or say that it may be overwritten (overwrite=True, --overwrite)."
        )
    if not target.parent.is_dir():
        raise InputError(f"The folder {target.parent} does not exist. Make it first.")
    if not os.access(target.parent, os.W_OK):
        raise InputError(f"The folder {target.parent} cannot be written to.")
    return target


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
    """A tiled, compressed GeoTIFF, written window by window, which can be left off and gone on with.

    GDAL makes the file, without blocks, and compresses each window; the blocks are appended here. So a full disk is
    known at once, and whatever comes, the file holds what it held when it was last settled.

    Args:
        path: of the file.
        grid: of the pixels.
        encoding: of the pixels; scale and offset tags are written where the input had them or needs them.
        descriptions: of the bands.
        tags: of the file.
        compress: one of COMPRESSIONS.
        block: side of its blocks, pixels.
        exists: the file is there already, made by the same arguments, and was settled with something in it.

    Raises:
        InputError: an unknown compression, a size that no GeoTIFF can have, or a file that is there but damaged.
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
                f"The output would have {grid.width} x {grid.height} pixels; a GeoTIFF holds {_MAX_SIDE_PX}."
            )
        if compress not in COMPRESSIONS:
            raise InputError(f"Unknown compression {compress!r}; expected one of {', '.join(COMPRESSIONS)}.")
        self.path, self._block = path, block
        self._blocks_across = -(-grid.width // block)
        self._layout: dict[str, Any] = {
            "driver": "GTiff",
            "count": len(descriptions),
            "dtype": encoding.dtype,
            "nodata": encoding.nodata,
            "tiled": True,
            "blockxsize": block,
            "blockysize": block,
            "interleave": "pixel",
            "endianness": "little",
            "photometric": "minisblack",  # else a fourth band of 8 bits is written as transparency
        } | _compression(compress)
        if not exists:
            self._create(grid, encoding, descriptions, tags)
        self._file = path.open("r+b", buffering=0)
        try:
            self._table = self._settled_table() if exists else BlockTable.reserve(self._file)
            if exists:
                self._file.truncate(self._table.end)  # what came after was not settled
            self._file.seek(0, os.SEEK_END)
        except BaseException:
            self._file.close()
            raise

    def _create(self, grid: Grid, encoding: Encoding, descriptions: Sequence[str], tags: Mapping[str, str]) -> None:
        size = {"height": grid.height, "width": grid.width, "sparse_ok": True, "bigtiff": "if_safer"}
        with MemoryFile() as memory:  # since a full disk is no error to GDAL
            with memory.open(**self._layout, **size, **_location(grid)) as dataset:
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
                f"What a stopped run left, {self.path.name}, is damaged and was removed. Run again, from the start."
            ) from None

    def write(self, window: Window, pixels: np.ndarray[Any, Any]) -> None:
        """Pixels (C, h, w) of a window, which covers its blocks whole.

        Raises:
            OSError: the disk is full.
        """
        step = _BLOCK_ROWS * self._block
        for row in range(0, window.height, step):
            self._write_rows(window.row + row, window.col, pixels[:, row : row + step])

    def _write_rows(self, row: int, col: int, pixels: np.ndarray[Any, Any]) -> None:
        _, height, width = pixels.shape
        with MemoryFile() as memory:
            with memory.open(height=height, width=width, **self._layout) as dataset:
                dataset.write(pixels)
            blocks = BlockTable.read(memory)
            content = memory.getbuffer()
            for index, (offset, size) in enumerate(zip(blocks.offsets.tolist(), blocks.sizes.tolist(), strict=True)):
                down, right = divmod(index, -(-width // self._block))
                place = (row // self._block + down) * self._blocks_across + col // self._block + right
                self._table.offsets[place], self._table.sizes[place] = self._file.tell(), size
                write_all(self._file, content[offset : offset + size])

    def settle(self) -> None:
        """Enter what was written into the file's directory."""
        self._table.write(self._file)
        self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Close the file as it was when it was last settled."""
        self._file.close()


def write_cog(source: Path, target: Path, compress: str, block: int = COG_BLOCK_PX) -> None:
    """Copy a GeoTIFF into a Cloud Optimized GeoTIFF: overviews (averages) in it, and in the order that readers like.

    Raises:
        OSError: the disk is full.
    """
    options = {"compress": compress, "overview_compress": compress, "overview_resampling": "average"}
    if compress != "none":
        options |= {"level": str(_LEVEL), "predictor": "yes", "overview_predictor": "yes"}
    try:
        # of a full disk libtiff tells the terminal itself, function by function
        with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS"), without_lines(b"_tiff"):
            rasterio.shutil.copy(source, target, driver="COG", blocksize=block, bigtiff="if_safer", **options)
            _require_whole(target)
    except (RasterioError, CPLE_BaseError) as error:
        reason = f"The overviews could not be written, most likely because the disk is full ({first_line(error)})"
        raise OSError(errno.ENOSPC, reason, str(target.parent)) from error


def _compression(compress: str) -> dict[str, Any]:
    level = {"zstd": {"zstd_level": _LEVEL}, "deflate": {"zlevel": _LEVEL}}
    return {} if compress == "none" else {"compress": compress, "predictor": 2, **level[compress]}


def _location(grid: Grid) -> dict[str, Any]:
    """What rasterio is to write of where the pixels lie; nothing for an image that lies nowhere."""
    if grid.control_points:
        points = [GroundControlPoint(*point) for point in grid.control_points]
        return {"gcps": points, "crs": grid.crs}
    return {"crs": grid.crs} | ({} if grid.transform.is_identity else {"transform": grid.transform})


def _require_whole(path: Path) -> None:
    """Raise RasterioError unless every block can be read: closing a GDAL dataset reports no error."""
    dataset = rasterio.open(path)
    try:
        for row in range(0, dataset.height, BLOCK_PX):
            dataset.read(window=RasterioWindow(0, row, dataset.width, min(BLOCK_PX, dataset.height - row)))
    finally:
        dataset.close()
