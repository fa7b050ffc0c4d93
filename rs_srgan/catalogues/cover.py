"""Shares of a place: under clouds, and with pixels at all, from the scene classification of an acquisition."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from rasterio.features import geometry_mask
from shapely.geometry import mapping

from rs_srgan.catalogues.catalogue import Catalogue
from rs_srgan.catalogues.frame import find_frame
from rs_srgan.catalogues.mosaic import Mosaic
from rs_srgan.catalogues.place import Place
from rs_srgan.catalogues.remote import open_remote
from rs_srgan.catalogues.scene import Part
from rs_srgan.pixels.windows import spread_windows
from rs_srgan.sensors import SENTINEL2

CLASSES = ("SCL", 20)
# Large areas are sampled: squares of that side, pixels of 20 m, at most that many along each axis.
_SAMPLE_PX, _SAMPLES = 512, 4


@dataclass(frozen=True)
class Cover:
    """What an acquisition shows of a place.

    Attributes:
        cloud: share of the place under clouds and their shadows, 0 to 1.
        covered: share of the place with pixels, 0 to 1.
    """

    cloud: float
    covered: float


def read_cover(catalogue: Catalogue, parts: tuple[Part, ...], place: Place, timeout_s: float) -> Cover | None:
    """Read the scene classification over a place, all of it or samples; None if a tile has none.

    Raises:
        InputError: an image is missing or is no image.
        ReadError: the storage does not answer.
    """
    if any(CLASSES not in part.images for part in parts):
        return None
    with ExitStack() as files:
        tiles = [files.enter_context(open_remote(catalogue, part.images[CLASSES].address, timeout_s)) for part in parts]
        frame = find_frame(place, [tile.grid for tile in tiles], 0, parts[0].item)
        mosaic = Mosaic(tiles, frame.grid(20))
        outline = place.projected(frame.crs)
        total = cloudy = known = 0
        for window in spread_windows(mosaic.grid.height, mosaic.grid.width, _SAMPLE_PX, _SAMPLES):
            shape = (window.height, window.width)
            inside = geometry_mask(
                [mapping(outline)], shape, mosaic.grid.cropped(window).transform, all_touched=True, invert=True
            )
            if inside.any():
                classes = mosaic.read(window)[0][inside]
                total += classes.size
                known += int((classes != 0).sum())
                cloudy += int(np.isin(classes, SENTINEL2.cloud_classes).sum())
    if not total:
        return Cover(0.0, 0.0)
    # the frame ends where the tiles end; the place may go on
    within = min(1.0, outline.intersection(frame.outline()).area / outline.area)
    return Cover(cloudy / total * within, known / total * within)
