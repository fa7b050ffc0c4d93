"""How much work a request is, and whether this server takes it: checked before a job enters the queue."""

import shutil
from contextlib import suppress
from dataclasses import dataclass

from app.jobs.models import Models
from app.jobs.request import TILE_LR_PX, Request
from app.jobs.survey import Surveyed, survey_images
from app.sandbox.reader import Readers
from app.settings import Settings
from rs_srgan import InputError, SISRConfig
from rs_srgan.pixels.windows import plan_tiles
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.inspection import Inspection

# Halo of a tile, about: receptive fields of the bundled models.
_HALO_LR_PX = 32
# Bytes of a compressed result per byte of DN: smooth images are smaller, noisy ones larger.
_COMPRESSED = 0.7
# While overviews are added, the disk holds each result twice.
_COPIES = 2


@dataclass(frozen=True)
class Outlook:
    """The size of a request.

    Attributes:
        grid: grid of the wanted LR pixels.
        scale: scale of the first model.
        images: what is read of each image, in the order of the request.
        work_px: number of LR pixels, counted once for each model and each further image.
        result_bytes: estimated size of all result files together.
        scene_px: LR pixels of the whole image, also if only a part is wanted; they decide on the engine.
    """

    grid: Grid
    scale: int
    images: tuple[Inspection, ...]
    work_px: int
    result_bytes: int
    scene_px: int


def look(request: Request, models: Models, settings: Settings, readers: Readers) -> Outlook:
    """Return the size of a request. Only samples of pixels are read.

    Raises:
        InputError: the request cannot be met, or exceeds the limits of this server.
    """
    config = models.config(request.models[0])
    for other in request.models[1:]:
        if models.config(other).bands != config.bands:
            raise InputError(
                f"{other} takes {', '.join(models.config(other).bands)}, {request.models[0]} takes "
                f"{', '.join(config.bands)}: choose two models for the same bands to compare."
            )
    found = _survey(request, config, models, settings, readers)
    # The result has the grid of the clearest revisit, which is not known yet: count the largest.
    largest = max(found, key=lambda each: each.grid.height * each.grid.width)
    grid = largest.grid
    _check_size(grid, settings.max_lr_px)
    lr_px = grid.height * grid.width
    work_px = lr_px * (len(request.models) + len(request.others))
    files = sum(models.config(name).scale ** 2 * (1 + request.uncertainty) for name in request.models) + 2
    result_bytes = int(lr_px * len(config.bands) * 2 * files * _COMPRESSED)
    free = shutil.disk_usage(settings.folder).free
    if _COPIES * result_bytes > free:
        raise InputError(
            f"The result needs about {result_bytes / 1e9:.1f} GB, and twice that while it is written; this server has "
            f"{free / 1e9:.1f} GB free. Choose a smaller area, or leave out the uncertainty map."
        )
    return Outlook(grid, config.scale, tuple(each.read for each in found), work_px, result_bytes, largest.scene_px)


def _survey(
    request: Request, config: SISRConfig, models: Models, settings: Settings, readers: Readers
) -> list[Surveyed]:
    """Return what was found about the images, see `survey_images`.

    Raises:
        InputError: an image cannot be used. If it lacks bands and suits another model, the error names that model.
    """

    def ask(config: SISRConfig) -> list[Surveyed]:
        wanted = (config.bands, config.sensor, request.stated, request.bbox, request.aoi, settings.max_lr_px)
        return readers.ask(request.source.name, survey_images, request.sources, request.masks, *wanted)

    try:
        return ask(config)
    except InputError as error:
        has_alpha = "an alpha channel" in str(error)  # writers mark the fourth of four bands so
        fewer = [] if request.others else [name for name in models.names() if _takes_fewer(models.config(name), config)]
        for name in fewer:
            with suppress(InputError):
                ask(models.config(name))
                break
        else:
            raise
    taken = models.config(name).bands
    missing = ", ".join(band for band in config.bands if band not in taken)
    names = ",".join((*taken, missing))
    alpha = (
        f" If its alpha channel is {missing}, state the names of the bands: --band-names {names}." if has_alpha else ""
    )
    raise InputError(
        f"{request.source.name} has no {missing}, which {request.models[0]} needs. Choose the model {name}, which "
        f"takes {', '.join(taken)}.{alpha}"
    )


def _takes_fewer(one: SISRConfig, other: SISRConfig) -> bool:
    """Return whether a model takes some of the bands of another one, and no others."""
    return set(one.bands) < set(other.bands)


def _check_size(grid: Grid, max_lr_px: int) -> None:
    lr_px = grid.height * grid.width
    if lr_px > max_lr_px:
        raise InputError(
            f"The area has {grid.width} x {grid.height} = {lr_px / 1e6:.1f} million pixels; this server takes "
            f"{max_lr_px / 1e6:.1f} million. Choose a smaller area, or use the command line: rs-srgan predict."
        )
    plan = plan_tiles(grid.height, grid.width, TILE_LR_PX, _HALO_LR_PX)
    if sum(part.window.height * part.window.width for part in plan) > 4 * max(lr_px, TILE_LR_PX**2):
        raise InputError(
            f"The image has {grid.height} x {grid.width} pixels, which is too long and thin for this server. Crop it."
        )
