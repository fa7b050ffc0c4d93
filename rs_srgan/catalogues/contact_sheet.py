"""Contact sheets: small pictures of scenes over a place, side by side, in one PNG."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rs_srgan.catalogues.cut import TIMEOUT_S
from rs_srgan.catalogues.frame import find_frame
from rs_srgan.catalogues.mosaic import Mosaic
from rs_srgan.catalogues.remote import open_remote
from rs_srgan.catalogues.scene import Scene
from rs_srgan.errors import InputError, require_extra
from rs_srgan.pixels.radiometry import Image as Pixels
from rs_srgan.pixels.radiometry import Stretch
from rs_srgan.pixels.windows import Window
from rs_srgan.whole_files import whole_file

if TYPE_CHECKING:
    from PIL.Image import Image

_TRUE_COLOURS = (("B04", 10), ("B03", 10), ("B02", 10))
_SIDE_PX, _TEXT_PX, _COLUMNS = 240, 30, 4
# Larger places show their middle, pixels of 10 m.
_READ_PX = 1024
_AT_ONCE = 8


def write_contact_sheet(scenes: Sequence[Scene], path: str | Path, timeout_s: float = TIMEOUT_S) -> Path:
    """Write a PNG with a picture of each scene over its place, with its date and cloud share.

    Args:
        scenes: at least one.
        path: the PNG to write; nothing exists there.
        timeout_s: see `search`.

    Raises:
        InputError: there is no scene, no folder for the PNG, the PNG exists, or a scene lacks colours.
        ReadError: the storage does not answer.
    """
    require_extra("PIL", "Contact sheets", extra="stac")
    from PIL import Image, ImageDraw

    target = check_sheet(path)
    if not scenes:
        raise InputError("There is no scene to show; expected one or more.")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        pictures = list(pool.map(lambda scene: _picture(scene, timeout_s), scenes))
    columns = min(_COLUMNS, len(scenes))
    rows = -(-len(scenes) // columns)
    sheet = Image.new("RGB", (columns * _SIDE_PX, rows * (_SIDE_PX + _TEXT_PX)), "white")
    draw = ImageDraw.Draw(sheet)
    for index, (scene, picture) in enumerate(zip(scenes, pictures, strict=True)):
        left, top = index % columns * _SIDE_PX, index // columns * (_SIDE_PX + _TEXT_PX)
        sheet.paste(picture, (left + (_SIDE_PX - picture.width) // 2, top))
        cloud = "" if scene.cloud is None else f"  {100 * scene.cloud:.0f} % cloud"
        draw.text((left + 6, top + _SIDE_PX + 8), f"{scene.taken:%Y-%m-%d}{cloud}", fill="black")
    with whole_file(target) as fresh:
        sheet.save(fresh)
    return target


def check_sheet(path: str | Path) -> Path:
    """Check that a contact sheet can be written, before anything is read over the network; return its path.

    Raises:
        InputError: the name does not end in .png, its folder does not exist, or something exists there.
    """
    target = Path(path)
    if target.suffix.lower() != ".png" or not target.parent.is_dir():
        raise InputError(f"The contact sheet {target} cannot be written; expected a name ending in .png in a folder.")
    if target.exists():
        raise InputError(f"{target} exists already. Choose another name for the contact sheet, or remove the file.")
    return target


def _picture(scene: Scene, timeout_s: float) -> "Image":
    from PIL import Image

    picture = Image.fromarray(_colours(scene, timeout_s).transpose(1, 2, 0))
    picture.thumbnail((_SIDE_PX, _SIDE_PX))
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
