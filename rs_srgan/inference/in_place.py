"""Scenes of catalogues as inputs: the part that a model needs is cut out of them before the run."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from rs_srgan.catalogues.cut import Wanted, cut_out
from rs_srgan.catalogues.place import find_place
from rs_srgan.catalogues.scene import Scene
from rs_srgan.inference.options import PredictOptions
from rs_srgan.models import MISR, SISR
from rs_srgan.pixels.aliasing import SOFTENING_REACH_PX
from rs_srgan.pixels.nodata import fill_reach
from rs_srgan.reading.safe_metadata import native_gsd_m

# Pixels around the place that registration of revisits compares, and those that it reads around these.
_REGISTERED_PX = 320


def cut_for(
    scenes: Sequence[Scene], model: SISR | MISR, options: PredictOptions, several: bool
) -> tuple[list[Path], PredictOptions]:
    """Read what a model needs of scenes, and return it as products, with the options that name the place.

    The result equals that of the whole product, because the model sees the same pixels around the place.

    Args:
        scenes: the scenes; the first one's place counts unless the options name another one.
        model: the model.
        options: the options.
        several: whether the images are revisits, which are registered.

    Raises:
        InputError: see `cut_out`.
    """
    if options.bbox is not None or options.aoi is not None:
        place = find_place(options.bbox if options.bbox is not None else options.aoi or "")
    else:
        place = scenes[0].place
        options = options.replace({"bbox": place.bbox, "aoi": place.aoi})
    placed = [dataclasses.replace(scene, place=place) for scene in scenes]
    return cut_out(placed, wanted_by(model, several)), options


def wanted_by(model: SISR | MISR, several: bool) -> Wanted:
    """Return what a model needs of a scene: its bands, and the margin that reaches into the place.

    Args:
        model: the model.
        several: whether the images are revisits, which are registered.
    """
    config, halo = model.config, model.receptive_field
    groups = tuple(tuple(group) for group in (config.bands, config.guide_bands) if group)
    margin_px = halo + fill_reach(halo) + 2 * SOFTENING_REACH_PX + (_REGISTERED_PX if several else 0)
    return Wanted(groups, margin_px * max(map(native_gsd_m, config.bands)))
