"""What a visitor asks for: images, models and options."""

from dataclasses import dataclass, field
from pathlib import Path

from app.jobs.models import Models
from app.jobs.survey import Box
from rs_srgan import InputError
from rs_srgan.reading.revisit import NO_MASK
from rs_srgan.reading.stated import Stated

# The worker reports progress and can be stopped after each tile: every half second on two cores.
TILE_LR_PX = 256
# Largest number of revisits in one job.
MAX_VIEWS = 12


@dataclass(frozen=True)
class Request:
    """One image or several of one place, or a part of it, for one model or two.

    Attributes:
        source: path of the image or product. It exists until the job has ended.
        models: names of one model, or of two to compare.
        commits: of each model the commit on the Hub, or None; empty if all models are bundled.
        detail: of the first model, 0 to 1, see `load_model`; None if the model has no such option.
        stated: what the visitor states about the images, instead of what the files say.
        soften: whether to blur a single image first, because it was thinned out.
        bbox: the wanted part in degrees, or None.
        aoi: a GeoJSON file of the wanted part, or None.
        uncertainty: True if the uncertainty is wanted. Models without uncertainty ignore it.
        engine: one of `rs_srgan.inference.engines.ENGINES`.
        others: more images of the place in `source`, for a first model that takes several.
        masks: a mask file or None for each of `sources`, see `open_revisit`; empty if no image has a mask.
        reference: index in `sources` of the image that the result shows; None for the one that the others show most.
        scenes: addresses of the scenes in their catalogue, if the images were read from one.
        visitor: address of the visitor; empty if it is unknown.
    """

    source: Path
    models: tuple[str, ...]
    commits: tuple[str | None, ...] = ()
    detail: float | None = None
    stated: Stated = field(default_factory=Stated)
    soften: bool = False
    bbox: Box | None = None
    aoi: Path | None = None
    uncertainty: bool = False
    engine: str = "auto"
    others: tuple[Path, ...] = ()
    masks: tuple[Path | None, ...] = ()
    reference: int | None = None
    scenes: tuple[str, ...] = ()
    visitor: str = ""

    @property
    def sources(self) -> tuple[Path, ...]:
        """The images, `source` first."""
        return (self.source, *self.others)

    @property
    def pinned(self) -> list[tuple[str, str | None]]:
        """The names of the models, each with its commit."""
        return list(zip(self.models, self.commits or (None,) * len(self.models), strict=True))

    @property
    def mask_files(self) -> list[str | Path] | None:
        """The masks as `super_resolve` takes them."""
        return [mask or NO_MASK for mask in self.masks] or None


def make_request(models: Models, names: tuple[str, ...], detail: float, uncertainty: bool) -> Request:
    """Return a request without its image. Options that the first model does not have are left out.

    Raises:
        InputError: a model is unknown, or the detail is not between 0 and 1.
    """
    if not 0 <= detail <= 1:
        raise InputError(f"The detail is {detail:g}; expected 0 to 1.")
    return Request(
        source=Path(),
        models=names,
        commits=tuple(models.commit(name) for name in names),
        detail=detail if models.knows_detail(names[0]) else None,
        uncertainty=uncertainty and models.config(names[0]).uncertainty,
    )


def make_revisits_request(models: Models, name: str) -> Request:
    """Return a request for several images without them: a model, and the model of one image to compare with.

    Raises:
        InputError: the model is unknown, or takes one image.
    """
    if name not in models.names_of_several():
        raise InputError(f"{name!r:.80} takes one image; expected one of {', '.join(models.names_of_several())}.")
    return Request(Path(), (name, models.alone(name)))
