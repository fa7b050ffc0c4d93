"""Writing a GeoTIFF block by block; the target appears when it is whole, or not at all."""

import errno
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterioWindow

from rs_srgan.errors import InputError
from rs_srgan.io.raster import Grid
from rs_srgan.radiometry import Encoding
from rs_srgan.tiling import Window

COMPRESSIONS = ("zstd", "deflate", "none")
BLOCK_PX = 256

_MAX_SIDE_PX = 2**31 - 1


def check_target(target: str | Path, source: str | Path, overwrite: bool) -> Path:
    """The path to write to, checked before any work is done.

    Raises:
        InputError: it is the input, a folder, there already, or in a folder that is missing or cannot be written to.
    """
    try:
        str(target).encode()
    except UnicodeEncodeError:
        raise InputError(f"The name {os.fsencode(target)!r} is no UTF-8, which GDAL needs. Choose another.") from None
    target = Path(target).absolute()
    if target.is_symlink():
        target = target.resolve()  # the file it stands for is replaced, not the link
    if target.suffix.lower() not in (".tif", ".tiff"):
        raise InputError(f"The output {target} is no GeoTIFF; expected a name ending in .tif.")
    if target.exists() and Path(source).exists() and target.samefile(source):
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


class GeoTiffWriter:
    """A tiled, compressed GeoTIFF under a temporary name beside its target, renamed when the `with` block ends well.

    Args:
        target: final path.
        grid: of the output.
        encoding: of its pixels; scale and offset tags are written where the input had them or needs them.
        descriptions: of the bands.
        tags: of the file.
        compress: one of COMPRESSIONS.
        overwrite: replace a target that has come into being meanwhile.

    Raises:
        InputError: an unknown compression, a size that no GeoTIFF can have, or such a target.
    """

    def __init__(
        self,
        target: Path,
        grid: Grid,
        encoding: Encoding,
        descriptions: Sequence[str],
        tags: Mapping[str, str],
        compress: str = "zstd",
        overwrite: bool = False,
    ) -> None:
        if max(grid.height, grid.width) > _MAX_SIDE_PX:
            raise InputError(
                f"The output would have {grid.width} x {grid.height} pixels; a GeoTIFF holds {_MAX_SIDE_PX}."
            )
        if compress not in COMPRESSIONS:
            raise InputError(f"Unknown compression {compress!r}; expected one of {', '.join(COMPRESSIONS)}.")
        self.target, self._overwrite = target, overwrite
        self._partial = target.with_name(f".rs_srgan-{secrets.token_hex(4)}.partial")
        # else a fourth band of 8 bits is written as transparency
        options: dict[str, Any] = {
            "photometric": "minisblack",
            "tiled": True,
            "blockxsize": BLOCK_PX,
            "blockysize": BLOCK_PX,
        }
        if compress != "none":
            options |= {"compress": compress, "predictor": 2, "num_threads": "all_cpus"}
        try:
            self._dataset = rasterio.open(
                self._partial,
                "w",
                driver="GTiff",
                height=grid.height,
                width=grid.width,
                count=len(descriptions),
                dtype=encoding.dtype,
                **_location(grid),
                nodata=encoding.nodata,
                bigtiff="if_safer",
                **options,
            )
            self._dataset.descriptions = tuple(descriptions)
            if encoding.tagged:
                self._dataset.scales = encoding.gain
                self._dataset.offsets = encoding.bias
            self._dataset.update_tags(**tags)
        except BaseException:
            self._partial.unlink(missing_ok=True)
            raise

    def write(self, window: Window, pixels: np.ndarray[Any, Any]) -> None:
        """Pixels (C, h, w) of one window."""
        self._dataset.write(pixels, window=RasterioWindow(window.col, window.row, window.width, window.height))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._dataset.close()
            if kind is None:
                _require_whole(self._partial)
                self._publish()
        finally:
            self._partial.unlink(missing_ok=True)

    def _publish(self) -> None:
        if self._overwrite:
            self._partial.replace(self.target)
            return
        try:
            os.link(self._partial, self.target)  # unlike a rename, it fails where there is something
        except FileExistsError:
            raise InputError(f"{self.target} has come into being meanwhile. It was left as it is.") from None
        except OSError:  # a file system without links
            self._partial.replace(self.target)


def _location(grid: Grid) -> dict[str, Any]:
    """What rasterio is to write of where the pixels lie; nothing for an image that lies nowhere."""
    if grid.control_points:
        points = [GroundControlPoint(*point) for point in grid.control_points]
        return {"gcps": points, "crs": grid.crs}
    return {"crs": grid.crs} | ({} if grid.transform.is_identity else {"transform": grid.transform})


def _require_whole(path: Path) -> None:
    """Raise OSError unless every block can be read back.

    Closing a GDAL dataset reports no error, and its compressing threads write late: on a full disk nothing else tells,
    not even the file's own directory, which may count a block that was cut off as whole.
    """
    try:
        with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS"):
            dataset = rasterio.open(path)
            try:
                if any(
                    not dataset.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", bidx=1)
                    for row, col in _blocks(dataset)
                ):
                    raise RasterioIOError("a block was never written")
                for row in range(0, dataset.height, BLOCK_PX):
                    height = min(BLOCK_PX, dataset.height - row)
                    dataset.read(window=RasterioWindow(0, row, dataset.width, height))
            finally:
                dataset.close()
    except RasterioError as error:
        reason = "The output could not be written whole: the disk is full, or a quota is used up"
        raise OSError(errno.ENOSPC, reason, str(path.parent)) from error


def _blocks(dataset: DatasetReader) -> Iterator[tuple[int, int]]:
    """Row and column, counted in blocks, of all of them."""
    rows, cols = -(-dataset.height // BLOCK_PX), -(-dataset.width // BLOCK_PX)
    return ((row, col) for row in range(rows) for col in range(cols))
