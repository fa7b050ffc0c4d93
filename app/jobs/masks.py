"""Masks among uploaded images: found by their file names, and matched with the images that they belong to."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from rs_srgan import InputError

# Also as Sentinel-2 names it within a product: T33TWL_20230810T100031_SCL_20m.jp2
_MASK = re.compile(r"(.+)[_-](?:scl|mask)(?:[_-]\d+m)?", re.IGNORECASE)


def images_among(files: Sequence[str | Path]) -> list[Path]:
    """Return those files that are images, not masks, in their order and each once."""
    return [file for file in dict.fromkeys(map(Path, files)) if _name_of_image(file) is None]


def match_masks(files: Sequence[Path], left_out: Collection[Path] = ()) -> tuple[list[Path], dict[int, Path]]:
    """Return the images among some files in their order, and the mask of each image that has one, by its index.

    Args:
        files: images and masks in any order.
        left_out: those images that are not wanted. Their masks are left out, too, and go to no other image.

    Raises:
        InputError: there are masks and no image, a mask that fits no image or several, or an image with two masks.
    """
    masks = [file for file in files if _name_of_image(file) is not None]
    images = [file for file in files if file not in masks]
    if masks and not images:
        raise InputError("All files are masks by their names. Add the images that the masks belong to.")
    owned: dict[int, Path] = {}
    for mask in masks:
        owner = _owner(mask, images)
        if owner in owned:
            raise InputError(f"{images[owner].name} has two masks, {owned[owner].name} and {mask.name}; expected one.")
        owned[owner] = mask
    wanted = [index for index, image in enumerate(images) if image not in left_out]
    return [images[old] for old in wanted], {new: owned[old] for new, old in enumerate(wanted) if old in owned}


def _name_of_image(file: Path) -> str | None:
    """Return the beginning of the image's name if a file is a mask, in lower case, else None."""
    found = _MASK.fullmatch(file.stem)
    return found[1].casefold() if found else None


def _owner(mask: Path, images: Sequence[Path]) -> int:
    """Return the index of the image that a mask belongs to.

    An image fits if its name, with or without its suffix, is the beginning of the mask's name. If there is none, an
    image fits whose name begins with that beginning and continues with a character other than a letter or digit:
    scene1_scl fits scene1_rgbn, not scene10.
    """
    begins, names = str(_name_of_image(mask)), [image.name.casefold() for image in images]
    owners = [index for index, name in enumerate(names) if begins in (name, Path(name).stem)]
    owners = owners or [
        index for index, name in enumerate(names) if name.startswith(begins) and not name[len(begins)].isalnum()
    ]
    if not owners:
        raise InputError(f"{mask.name} fits none of the images. The mask of A.tif must be named A_scl.tif.")
    if len(owners) > 1:
        candidates = " and ".join(images[owner].name for owner in owners)
        raise InputError(
            f"{mask.name} fits {candidates}. For the first of them it must be named {images[owners[0]].stem}_scl.tif."
        )
    return owners[0]
