"""`Job`: what a prediction is asked to do, checked as far as possible before a file is opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL, local_files
from rs_srgan.inference.options import PredictOptions
from rs_srgan.models import MISR, SISR
from rs_srgan.models.loading import named_model
from rs_srgan.sensors import Sensor, find_sensor
from rs_srgan.writing.geotiff import BLOCK_PX, block_px, whole_blocks
from rs_srgan.writing.guard import require_distinct
from rs_srgan.writing.target import check_targets

Source = str | Path

# LR pixels along each axis, for one image and for several: with several the network needs a wider halo and more memory.
_TILE_LR_PX, _REVISITS_TILE_LR_PX = 512, 256


@dataclass(frozen=True)
class Job:
    """What a prediction reads, writes and computes.

    Attributes:
        sources: the images, at least one.
        targets: the result's path, and that of its uncertainty if it is wanted.
        model: the model.
        options: the options.
        sensor: the sensor that the images are of.
        reference: index of the image that the result shows; None for the one that the others show most.
        tile_lr_px: side of a tile, LR pixels: whole blocks of the result.
        block_px: side of the result's blocks, pixels.
    """

    sources: list[Source]
    targets: list[Path]
    model: SISR | MISR
    options: PredictOptions
    sensor: Sensor
    reference: int | None
    tile_lr_px: int
    block_px: int

    @property
    def several(self) -> bool:
        """True if the images are read as revisits of one place."""
        together = len(self.sources) > 1 and not self.options.stack
        return together or self.options.masks is not None or self.reference is not None


def resolve(
    sources: Source | Sequence[Source], target: str | Path, model: Source | SISR | MISR | None, options: PredictOptions
) -> Job:
    """Check the request, and load the model.

    Raises:
        InputError: an output that cannot be written, a model that cannot be loaded, or images that it does not take.
    """
    images: list[Source] = [sources] if isinstance(sources, str | Path) else list(sources)
    if not images:
        raise InputError("There is no image to read; expected one image, or several images of one place.")
    targets = _checked_targets(target, images, model, options)
    reference = _reference_index(options.reference, images)
    if model is None:
        model = DEFAULT_MODEL if len(images) == 1 or options.stack else REVISITS_MODEL
    model = named_model(model, options.detail)
    tile_px = _tile_px(model.scale, 1 if options.stack else len(images), options)
    block = block_px(tile_px, options.blocksize or BLOCK_PX)
    job = Job(
        images, targets, model, options, sensor_of(model, options.sensor), reference, tile_px // model.scale, block
    )
    if options.stack and job.several:
        raise InputError("stack makes one image of the files, so there are no masks and no reference. Leave them out.")
    if job.several and not model.config.several:
        raise InputError(f"{model.name} takes one image. Several images, masks or a reference need {REVISITS_MODEL}.")
    if job.several and options.soften:
        raise InputError("soften is for one image; here are several, or masks or a reference. Leave soften out.")
    return job


def sensor_of(model: SISR | MISR, given: str | None) -> Sensor:
    """Return the model's sensor, which must be the images' one.

    Args:
        model: the model.
        given: name of the images' sensor; None for the model's own.

    Raises:
        InputError: the images are of another sensor.
    """
    own = model.config.sensor
    if given not in (None, own):
        raise InputError(
            f"{model.name} is for {own}, the image is of {given}. Give a model for {given} (model, --model), or train "
            "one: docs/training.md."
        )
    return find_sensor(own)


def _checked_targets(
    target: str | Path, images: Sequence[Source], model: Source | SISR | MISR | None, options: PredictOptions
) -> list[Path]:
    read = [*images, *(options.masks or [])]
    if options.aoi is not None:
        read.append(options.aoi)
    if isinstance(model, str | Path):
        read += local_files(model)
    wanted = [target, *([options.uncertainty] if options.uncertainty is not None else [])]
    targets = check_targets(wanted, read, options.overwrite, options.resume)
    require_distinct(targets)
    return targets


def _reference_index(reference: int | Source | None, images: Sequence[Source]) -> int | None:
    """Return the index of an image that is given by its index, its path, or its name."""
    if reference is None or isinstance(reference, int):
        return reference
    wanted, names = Path(reference), [Path(image).name for image in images]
    for index, name in enumerate((*map(str, map(Path, images)), *names)):
        if name in (str(wanted), wanted.name):
            return index % len(images)
    raise InputError(f"The reference is {reference}; expected one of {', '.join(names)}.")


def _tile_px(scale: int, images: int, options: PredictOptions) -> int:
    """Return the side of a tile in pixels of the result: whole blocks, at least one of the size that is asked for."""
    tile = options.tile or (_TILE_LR_PX if images == 1 else _REVISITS_TILE_LR_PX)
    return whole_blocks(max(tile * scale, options.blocksize or 0), options.blocksize or BLOCK_PX)
