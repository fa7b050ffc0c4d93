"""Writing a GeoTIFF block by block; the target appears when it is whole, or not at all."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
from rasterio.windows import Window as RasterioWindow

from rs_srgan.errors import InputError
from rs_srgan.io.raster import Grid
from rs_srgan.radiometry import Encoding
from rs_srgan.tiling import Window

COMPRESSIONS = ("zstd", "deflate", "none")
BLOCK_PX = 256


def check_target(target: str | Path, source: str | Path, overwrite: bool) -> Path:
    """The path to write to, checked before any work is done.

    Raises:
        InputError: it is the input, a folder, there already, or in a folder that is missing or cannot be written to.
    """
    target = Path(target)
    if target.suffix.lower() not in (".tif", ".tiff"):
        raise InputError(f"The output {target} is no GeoTIFF; expected a name ending in .tif.")
    if target.exists() and Path(source).exists() and target.samefile(source):
        raise InputError(f"The output {target} is the input. Choose another name.")
    if target.is_dir():
        raise InputError(f"The output {target} is a folder; expected a file name.")
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists. Choose another name, or overwrite it: --overwrite.")
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

    Raises:
        InputError: an unknown compression.
    """

    def __init__(
        self,
        target: Path,
        grid: Grid,
        encoding: Encoding,
        descriptions: Sequence[str],
        tags: Mapping[str, str],
        compress: str = "zstd",
    ) -> None:
        if compress not in COMPRESSIONS:
            raise InputError(f"Unknown compression {compress!r}; expected one of {', '.join(COMPRESSIONS)}.")
        self.target = target
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
        os.close(handle)
        self._partial = Path(name)
        options: dict[str, Any] = {"tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX}
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
                crs=grid.crs,
                transform=grid.transform,
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
            self._partial.unlink()
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
                # mkstemp made it private; a result is as readable as the user's other files
                umask = os.umask(0)
                os.umask(umask)
                self._partial.chmod(0o666 & ~umask)
                self._partial.replace(self.target)
        finally:
            self._partial.unlink(missing_ok=True)
