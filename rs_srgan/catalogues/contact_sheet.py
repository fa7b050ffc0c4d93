"""Contact sheets: small pictures of scenes over a place, side by side, in one PNG."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rs_srgan.catalogues.cut import TIMEOUT_S
from rs_srgan.catalogues.picture import scene_picture
from rs_srgan.catalogues.scene import Scene
from rs_srgan.errors import InputError, require_extra
from rs_srgan.whole_files import whole_file

_SIDE_PX, _TEXT_PX, _COLUMNS = 240, 30, 4
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
        pictures = list(pool.map(lambda scene: scene_picture(scene, _SIDE_PX, timeout_s), scenes))
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
