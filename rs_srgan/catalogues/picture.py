"""Pictures of scenes over their places, in true colours."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from rs_srgan.catalogues.cut import TIMEOUT_S
from rs_srgan.catalogues.frame import find_frame
from rs_srgan.catalogues.mosaic import Mosaic
from rs_srgan.catalogues.remote import open_remote
from rs_srgan.catalogues.scene import Scene
from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Image as Pixels
from rs_srgan.pixels.radiometry import Stretch
from rs_srgan.pixels.windows import Window

if TYPE_CHECKING:
    from PIL.Image import Image

_TRUE_COLOURS = (("B04", 10), ("B03", 10), ("B02", 10))
# Larger places show their middle, pixels of 10 m.
_READ_PX = 1024


def scene_picture(scene: Scene, side_px: int, timeout_s: float = TIMEOUT_S) -> "Image":
    """Return a picture of a scene over its place, at most `side_px` pixels high and wide.

    Args:
        scene: the scene.
        side_px: largest height and width.
        timeout_s: see `search`.

    Raises:
        InputError: the scene lacks colours.
        ReadError: the storage does not answer.
    """
    from PIL import Image

    picture = Image.fromarray(_colours(scene, timeout_s).transpose(1, 2, 0))
    picture.thumbnail((side_px, side_px))
    return picture


def _colours(scene: Scene, timeout_s: float) -> Pixels:
    """Return a picture of a scene over its place, uint8 (3, h, w)."""
    pictures = [part.picture for part in scene.parts if part.picture]
    if len(pictures) == len(scene.parts):
        return _read(scene, pictures, timeout_s)[:3]
    bands = []
    for image in _TRUE_COLOURS:
        if any(image not in part.images for part in scene.parts):
            raise InputError(f"{scene.name} has no {image[0]}, so there is no picture of it. Leave the picture out.")
        bands += list(_read(scene, [part.images[image].address for part in scene.parts], timeout_s))
    dn = np.stack(bands).astype(np.float32)
    dn[:, (dn == 0).any(0)] = np.nan
    if not np.isfinite(dn).any():
        return np.zeros(dn.shape, np.uint8)
    return Stretch.of(dn).apply(dn).transpose(2, 0, 1)


def _read(scene: Scene, addresses: Sequence[str], timeout_s: float) -> Pixels:
    with ExitStack() as files:
        tiles = [files.enter_context(open_remote(scene.catalogue, each, timeout_s)) for each in addresses]
        grid = find_frame(scene.place, [tile.grid for tile in tiles], 0, scene.name).grid(10)
        height, width = min(grid.height, _READ_PX), min(grid.width, _READ_PX)
        middle = Window((grid.height - height) // 2, (grid.width - width) // 2, height, width)
        return Mosaic(tiles, grid).read(middle)
