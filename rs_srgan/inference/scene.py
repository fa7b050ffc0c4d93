"""The pipeline: a raster in, its super-resolved GeoTIFF out, in bounded memory."""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.hub import DEFAULT_MODEL, load_model
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.pipeline import overlapped
from rs_srgan.io.geotiff import GeoTiffWriter, check_target
from rs_srgan.io.opening import open_raster
from rs_srgan.io.raster import Raster
from rs_srgan.models import SISR
from rs_srgan.nodata import fill_from_nearest, fill_reach
from rs_srgan.radiometry import FloatImage, Mask
from rs_srgan.tiling import Tile, Window, plan_tiles, replicate
from rs_srgan.version import __version__

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far a run is, in LR pixels and seconds."""

    done_px: int
    total_px: int
    seconds: float

    @property
    def seconds_left(self) -> float:
        """At the pace so far."""
        return self.seconds * (self.total_px - self.done_px) / self.done_px if self.done_px else float("inf")


def super_resolve(
    source: str | Path,
    target: str | Path,
    model: str | Path | SISR = DEFAULT_MODEL,
    *,
    tile: int = 512,
    engine: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    compress: str = "zstd",
    offset: float | None = None,
    overwrite: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Super-resolve a GeoTIFF, JP2, PNG or NPY file into a GeoTIFF.

    The result has the input's scaling, nodata value, CRS, footprint and band descriptions, and does not depend on
    `tile`. The target appears when it is whole.

    Args:
        source: the file to read, with the model's bands.
        target: the GeoTIFF to write.
        model: what `load_model` takes, or a model.
        tile: LR pixels computed at once, along each axis; 512 takes 0.9 GB with PyTorch, 1.9 GB with OpenVINO.
        engine: "auto", "torch" or "openvino"; "auto" is the fastest that is installed.
        precision: "auto", "fp32" or "bf16".
        threads: of the CPU; by default all cores.
        compress: "zstd", "deflate" or "none".
        offset: DN to add before dividing by 10000, instead of what the file's tags say.
        overwrite: replace an existing target.
        progress: called after every tile.

    Returns:
        the target.

    Raises:
        InputError: something about the input, the model or the options cannot be used; nothing is left behind.
    """
    work = run(
        source,
        target,
        model,
        tile=tile,
        engine=engine,
        precision=precision,
        threads=threads,
        compress=compress,
        offset=offset,
        overwrite=overwrite,
    )
    with closing(work):  # here and now, whatever happens: threads of it still read and write
        for state in work:
            if progress:
                progress(state)
    return Path(target)


def run(
    source: str | Path,
    target: str | Path,
    model: str | Path | SISR = DEFAULT_MODEL,
    *,
    tile: int = 512,
    engine: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    compress: str = "zstd",
    offset: float | None = None,
    overwrite: bool = False,
) -> Generator[Progress]:
    """`super_resolve` by the tile: yields after each, and closing it stops the work and removes what it wrote."""
    target = check_target(target, source, overwrite)
    model = load_model(model) if isinstance(model, str | Path) else model
    with open_raster(source, model.config.bands, offset) as raster:
        grid = raster.grid
        if tile < 1:
            raise InputError(f"The tile size is {tile}; expected at least 1 pixel.")
        largest = min(tile, max(grid.height, grid.width))
        runner = make_engine(model, grid.height * grid.width, largest, engine, precision, threads)
        tags = {
            "AREA_OR_POINT": raster.area_or_point,
            "TIFFTAG_SOFTWARE": f"rs_srgan {__version__}",
            "TIFFTAG_DATETIME": datetime.now(UTC).strftime("%Y:%m:%d %H:%M:%S"),
            "SR_MODEL": model.name,
            "SR_SCALE": str(model.scale),
        }
        size = f"{grid.width} x {grid.height} pixels"
        logger.info("%s: %s, %s; x%d with %s", raster.name, size, raster.encoding, model.scale, runner)
        encoding = raster.output_encoding
        started = time.monotonic()
        done = 0
        with GeoTiffWriter(
            target, grid.scaled(model.scale), encoding, raster.descriptions, tags, compress, overwrite
        ) as out:
            empty = True

            def read(part: Tile) -> tuple[FloatImage, Mask]:
                reflectance, valid = read_filled(raster, part.window, fill_reach(model.receptive_field))
                return reflectance, valid[:, *part.core.relative_to(part.window).slices]

            def compute(pixels: tuple[FloatImage, Mask]) -> tuple[FloatImage, Mask]:
                reflectance, valid = pixels
                return runner(reflectance), valid.repeat(model.scale, axis=1).repeat(model.scale, axis=2)

            def write(part: Tile, pixels: tuple[FloatImage, Mask]) -> None:
                nonlocal empty
                empty = empty and not pixels[1].any()
                out.write(part.core.scaled(model.scale), encoding.encode(*pixels))

            tiles = plan_tiles(grid.height, grid.width, tile, model.receptive_field)
            for part in overlapped(tiles, read, compute, write):
                done += part.core.height * part.core.width
                yield Progress(done, grid.height * grid.width, time.monotonic() - started)
            if empty:
                logger.warning("%s holds no valid pixel, and so does the result.", raster.name)


def read_filled(raster: Raster, window: Window, reach: int) -> tuple[FloatImage, Mask]:
    """Reflectance (C, h, w) of a window without gaps, and which of it was measured.

    Where data is missing it is filled from the nearest valid pixel, for which `reach` pixels around the window are
    looked at; beyond the raster its outermost pixels go on.
    """
    inside = window.clipped(raster.grid.height, raster.grid.width)
    image, valid = raster.read(inside)
    if not valid.all():
        around = inside.grown(reach).clipped(raster.grid.height, raster.grid.width)
        filled = fill_from_nearest(*raster.read(around), reach)
        image = filled[:, *inside.relative_to(around).slices]
    return replicate(image, inside, window), replicate(valid, inside, window)
