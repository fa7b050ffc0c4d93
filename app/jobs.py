"""One visitor's image through one model, with the limits of a public server."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rs_srgan import SISR, InputError
from rs_srgan.hub import catalogue, sisr_model
from rs_srgan.inference.scene import Progress, run
from rs_srgan.io.opening import SUFFIXES, open_raster
from rs_srgan.io.raster import Grid
from rs_srgan.tiling import plan_tiles

# A visitor waits about a quarter of a minute for this many on two cores.
MAX_LR_PX = 1024 * 1024
# Progress moves, and a stop is heard, after each tile: about a second.
TILE_LR_PX = 256


@dataclass(frozen=True)
class Job:
    """A finished image.

    Attributes:
        folder: holds the result, and goes with the job.
        source: the LR image.
        target: its super-resolved GeoTIFF.
        model: the bundled model's name.
        offset: DN to add, or None for what the file says.
        grid: of the LR image.
        scaling: how its numbers were read, for people.
        seconds: it took.
    """

    folder: Path
    source: Path
    target: Path
    model: str
    offset: float | None
    grid: Grid
    scaling: str
    seconds: float

    def delete(self) -> None:
        """Remove the result."""
        shutil.rmtree(self.folder, ignore_errors=True)


@lru_cache(maxsize=4)
def bundled_model(name: str) -> SISR:
    """A model by its name in the catalogue, and nothing else: visitors name no folders.

    Raises:
        InputError: no such model.
    """
    if name not in catalogue():
        raise InputError(f"Unknown model {name!r}; expected one of {', '.join(catalogue())}.")
    return sisr_model(name)


def work(source: Path, model_name: str, offset: float | None) -> Generator[Progress | Job]:
    """Super-resolve `source`: progress after each tile, the job at the end.

    Raises:
        InputError: the image or the model cannot be used.
    """
    model = bundled_model(model_name)
    if source.suffix.lower() not in SUFFIXES:  # a browser's file dialog can be talked out of its filter
        raise InputError(f"{source.name} is none of {', '.join(SUFFIXES)}.")
    with open_raster(source, model.config.bands, offset) as raster:
        grid, scaling = raster.grid, str(raster.encoding)
    height, width = grid.height, grid.width
    if height * width > MAX_LR_PX:
        raise InputError(
            f"The image has {height} x {width} = {height * width / 1e6:.1f} million pixels; this page takes "
            f"{MAX_LR_PX / 1e6:.1f} million. Cut it, or use the command line: rs-srgan predict."
        )
    halo = model.receptive_field
    work_px = sum(part.window.height * part.window.width for part in plan_tiles(height, width, TILE_LR_PX, halo))
    if work_px > 2 * MAX_LR_PX:
        raise InputError(f"The image, {height} x {width} pixels, is too long and thin for this page. Cut it.")
    folder = Path(tempfile.mkdtemp(prefix="rs_srgan_"))
    target = folder / f"{source.stem}_x{model.scale}.tif"
    state = None
    try:
        with closing(run(source, target, model, tile=TILE_LR_PX, offset=offset)) as steps:
            for state in steps:
                yield state
        yield Job(folder, source, target, model_name, offset, grid, scaling, state.seconds if state else 0.0)
    except BaseException:  # stopped by the visitor as well
        shutil.rmtree(folder, ignore_errors=True)
        raise
