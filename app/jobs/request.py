"""What a visitor asks for, and whether it can be had: looked at before anything is queued."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from app.jobs.models import Models
from app.jobs.survey import Box, survey_images
from app.sandbox.reader import Readers
from app.settings import Settings
from rs_srgan import InputError
from rs_srgan.pixels.windows import plan_tiles
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.revisit import NO_MASK

# Progress moves, and a stop is heard, after each tile: about half a second on two cores.
TILE_LR_PX = 256
# What models look at around a tile, about.
_HALO_LR_PX = 32
# Revisits of one job.
MAX_VIEWS = 12
# Bytes of a result for each of DN's: smooth images shrink more, noise less.
_COMPRESSED = 0.7
# Everything lies on the disk twice while overviews are added.
_COPIES = 2


@dataclass(frozen=True)
class Request:
    """One image or several of one place, or a part of it, through one model or two.

    Attributes:
        source: the image or product; it is there until the job has ended.
        models: one, or two to compare.
        detail: of the first, see `load_model`.
        offset: DN to add, or None for what the file says.
        bbox: the part that is wanted, degrees.
        aoi: a GeoJSON file of it instead.
        uncertainty: whether that is wanted, of a model that knows it.
        engine: see `rs_srgan.inference.engines.ENGINES`.
        others: revisits of the place that `source` shows, for a first model that takes several.
        masks: of `sources`, where each shows the ground, see `open_revisit`; None for none. Empty if nobody has one.
    """

    source: Path
    models: tuple[str, ...]
    detail: float | None = None
    offset: float | None = None
    bbox: Box | None = None
    aoi: Path | None = None
    uncertainty: bool = False
    engine: str = "auto"
    others: tuple[Path, ...] = ()
    masks: tuple[Path | None, ...] = ()

    @property
    def sources(self) -> tuple[Path, ...]:
        """All images."""
        return (self.source, *self.others)

    @property
    def mask_files(self) -> list[str | Path] | None:
        """The masks as `super_resolve` takes them."""
        return [mask or NO_MASK for mask in self.masks] or None


def make_revisits_request(models: Models, name: str, offset: float | None = None) -> Request:
    """A request for revisits without its images: a model of several, and what it is of one, to compare.

    Raises:
        InputError: an unknown model, or one of one image.
    """
    if name not in models.names_of_several():
        raise InputError(f"{name!r:.80} takes one image; expected one of {', '.join(models.names_of_several())}.")
    return Request(Path(), (name, models.alone(name)), offset=offset)


@dataclass(frozen=True)
class Outlook:
    """What a request comes to.

    Attributes:
        grid: of the LR pixels that are wanted.
        scale: of the first model.
        scaling: how the file's numbers were read, for people.
        work_px: LR pixels through all models.
        result_bytes: of all files, about.
    """

    grid: Grid
    scale: int
    scaling: str
    work_px: int
    result_bytes: int


def look(request: Request, models: Models, settings: Settings, readers: Readers) -> Outlook:
    """Return what a request comes to; no pixel is read for that.

    Raises:
        InputError: it cannot be met, or is beyond the limits of this server.
    """
    config = models.config(request.models[0])
    for other in request.models[1:]:
        if models.config(other).bands != config.bands:
            raise InputError(
                f"{other} takes {', '.join(models.config(other).bands)}, {request.models[0]} takes "
                f"{', '.join(config.bands)}: choose two models for the same bands to compare."
            )
    found = readers.ask(
        request.source.name,
        survey_images,
        *(request.sources, request.masks, config.bands, request.offset, request.bbox, request.aoi, settings.max_lr_px),
    )
    # of several the result shows the clearest, which is not known yet: the largest takes most
    grid, scaling = max(found, key=lambda each: each[0].height * each[0].width)
    lr_px = grid.height * grid.width
    size = f"{grid.width} x {grid.height} = {lr_px / 1e6:.1f} million pixels"
    if lr_px > settings.max_lr_px:
        raise InputError(
            f"That is {size}; this server takes {settings.max_lr_px / 1e6:.1f} million. Choose a smaller area, or use "
            "the command line: rs-srgan predict."
        )
    plan = plan_tiles(grid.height, grid.width, TILE_LR_PX, _HALO_LR_PX)
    if sum(part.window.height * part.window.width for part in plan) > 4 * max(lr_px, TILE_LR_PX**2):
        raise InputError(f"The image, {grid.height} x {grid.width} pixels, is too long and thin for this page. Cut it.")
    work_px = lr_px * (len(request.models) + len(request.others))
    files = sum(models.config(name).scale ** 2 * (1 + request.uncertainty) for name in request.models) + 2
    result_bytes = int(lr_px * len(config.bands) * 2 * files * _COMPRESSED)
    free = shutil.disk_usage(settings.folder).free
    if _COPIES * result_bytes > free:
        raise InputError(
            f"The result takes about {result_bytes / 1e9:.1f} GB, and twice that while it is made; {free / 1e9:.1f} GB "
            "are free here. Choose a smaller area, or leave the uncertainty out."
        )
    return Outlook(grid, config.scale, scaling, work_px, result_bytes)
