"""`Inputs`: what a model reads for a part of a scene; `SingleImage` for one image, `series` for several revisits."""

from collections.abc import Sequence
from typing import Protocol

from rs_srgan.errors import InputError
from rs_srgan.models import SISR
from rs_srgan.pixels.aliasing import SOFTENING_REACH_PX, soften
from rs_srgan.pixels.nodata import fill_from_nearest
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window, replicate
from rs_srgan.reading.raster import Raster


class Inputs(Protocol):
    """Source of the pixels of a scene.

    Attributes:
        lr: the raster whose grid, scaling and nodata value the result takes.
        rasters: all rasters that are read.
    """

    @property
    def lr(self) -> Raster: ...  # noqa: D102

    @property
    def rasters(self) -> Sequence[Raster]: ...  # noqa: D102

    def request(self) -> dict[str, object]:
        """Return what decides on the pixels beside the rasters, by names that people know."""
        ...

    def read(self, window: Window, reach: int) -> tuple[list[FloatImage], Mask]:
        """Read what the engine takes for a window.

        Args:
            window: LR pixels; it may reach beyond the raster, whose outermost pixels are then repeated.
            reach: gaps are filled from at most that many LR pixels away.

        Returns:
            the engine's inputs, and True where `lr` holds data, (C, h, w).
        """
        ...


class SingleImage:
    """One image, and the finer bands that guide the model, if it has guide bands. See `Inputs`.

    Args:
        lr: the image.
        guide: the finer bands, or None.
        model: the model.
        soften: True to blur both, because their pixels were thinned out; see `rs_srgan.pixels.aliasing`.
    """

    def __init__(self, lr: Raster, guide: Raster | None, model: SISR, soften: bool = False) -> None:
        self.lr, self.guide, self.scale, self.soften = lr, guide, model.scale, soften
        self.rasters = [lr] if guide is None else [lr, guide]
        if guide is not None and guide.grid != lr.grid.scaled(model.scale):
            raise InputError(
                f"{model.name} needs {', '.join(model.config.guide_bands)} with {model.scale} times the pixels of "
                f"{', '.join(model.config.bands)}; in {lr.name} these have {guide.grid.width} x "
                f"{guide.grid.height} and {lr.grid.width} x {lr.grid.height}. Give a Sentinel-2 product."
            )

    def request(self) -> dict[str, object]:
        """Return whether the pixels are softened, if they are. See `Inputs`."""
        return {"softened": True} if self.soften else {}

    def read(self, window: Window, reach: int) -> tuple[list[FloatImage], Mask]:
        """Read the image and the guide bands. See `Inputs`."""
        read = _read_softened if self.soften else read_filled
        lr, measured = read(self.lr, window, reach)
        if self.guide is None:
            return [lr], measured
        return [lr, read(self.guide, window.scaled(self.scale), reach * self.scale)[0]], measured


def _read_softened(raster: Raster, window: Window, reach: int) -> tuple[FloatImage, Mask]:
    """Read a window like `read_filled`, and blur it; the result does not depend on where the window ends."""
    around = window.grown(SOFTENING_REACH_PX)
    # The blur looks further along both axes.
    image, valid = read_filled(raster, around, reach + 2 * SOFTENING_REACH_PX)
    inner = window.relative_to(around).slices
    return soften(image)[:, *inner], valid[:, *inner]


def read_filled(raster: Raster, window: Window, reach: int) -> tuple[FloatImage, Mask]:
    """Read a window without gaps.

    NoData pixels are filled from the nearest valid pixel, which is looked for up to `reach` pixels around the window.
    Beyond the raster its outermost pixels are repeated.

    Args:
        raster: the raster.
        window: pixels; it may reach beyond the raster.
        reach: pixels.

    Returns:
        reflectance, (C, h, w), and True where the raster holds data, (C, h, w).
    """
    inside = window.clipped(raster.grid.height, raster.grid.width)
    image, valid = raster.read(inside)
    if not valid.all():
        around = inside.grown(reach).clipped(raster.grid.height, raster.grid.width)
        filled = fill_from_nearest(*raster.read(around), reach)
        image = filled[:, *inside.relative_to(around).slices]
    return replicate(image, inside, window), replicate(valid, inside, window)
