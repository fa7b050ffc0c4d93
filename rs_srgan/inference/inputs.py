"""What a model is given of a part of a scene: of one image here, of several revisits in `series`."""

from collections.abc import Sequence
from typing import Any, Protocol

from rs_srgan.errors import InputError
from rs_srgan.models import SISR
from rs_srgan.pixels.nodata import fill_from_nearest
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window, replicate
from rs_srgan.reading.raster import Raster


class Inputs(Protocol):
    """Where the pixels come from.

    Attributes:
        lr: the raster whose grid, scaling and nodata the result takes.
        rasters: all that are read.
    """

    @property
    def lr(self) -> Raster: ...  # noqa: D102

    @property
    def rasters(self) -> Sequence[Raster]: ...  # noqa: D102

    def request(self) -> dict[str, Any]:
        """What decides on the pixels beside the rasters, by the names that people know it by."""
        ...

    def read(self, window: Window, reach: int) -> tuple[list[FloatImage], Mask]:
        """What the engine takes of a window of `lr`'s pixels, and where `lr` was measured, (C, h, w).

        Both go on beyond the raster with its outermost pixels. Gaps are filled from at most `reach` pixels away.
        """
        ...


class SingleImage:
    """One image, and another one of finer bands that guides the model, if it wants one. See `Inputs`."""

    def __init__(self, lr: Raster, guide: Raster | None, model: SISR) -> None:
        self.lr, self.guide, self.scale = lr, guide, model.scale
        self.rasters = [lr] if guide is None else [lr, guide]
        if guide is not None and guide.grid != lr.grid.scaled(model.scale):
            raise InputError(
                f"{model.name} needs {', '.join(model.config.guide_bands)} with {model.scale} times the pixels of "
                f"{', '.join(model.config.bands)}; in {lr.name} they have {guide.grid.width} x "
                f"{guide.grid.height} and {lr.grid.width} x {lr.grid.height}. Give a Sentinel-2 product."
            )

    def request(self) -> dict[str, Any]:
        """See `Inputs`."""
        return {}

    def read(self, window: Window, reach: int) -> tuple[list[FloatImage], Mask]:
        """See `Inputs`."""
        lr, measured = read_filled(self.lr, window, reach)
        if self.guide is None:
            return [lr], measured
        return [lr, read_filled(self.guide, window.scaled(self.scale), reach * self.scale)[0]], measured


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
