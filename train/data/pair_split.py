"""Split of pairs into training and validation: a place is on one side only."""

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.reading.formats import SUFFIXES
from train.data.ground import Footprint, footprint, group_places, refuse_overlaps, warn_of_near_places
from train.data.module import images_in, is_image
from train.data.pair_loader import Pair
from train.data.splits import Split, refuse_leaks, split_by_hash

logger = logging.getLogger(__name__)

# Least distance of two places, metres. Nearer images show the same fields, roofs and weather.
SPLIT_DISTANCE_M = 2000.0


def split_pairs(
    root: Path, distance_m: float = SPLIT_DISTANCE_M, validate_on: Path | None = None
) -> dict[Split, list[Pair]]:
    """Return the pairs below a folder by side, and log the split; all images of a place are on one side.

    Args:
        root: folder with hr/ and lr/, or with such folders in train/ and val/.
        distance_m: images nearer to each other than this belong to one place, metres.
        validate_on: text file that names the pairs to validate on, one in a line; None: a hash decides.

    Raises:
        InputError: no pairs, HR images without LR (the message names all of them), a place on both sides, only one
            place, or names without pairs.
    """
    if (root / "train").is_dir():
        refuse_two_splits(root, validate_on)
        sides: dict[Split, list[Pair]] = {"train": _pairs(root / "train"), "val": _pairs(root / "val")}
        refuse_shared(sides, footprints_of([*sides["train"], *sides["val"]]), distance_m)
    elif validate_on:
        pairs = _pairs(root)
        names = named([pair.site for pair in pairs], validate_on)
        sides = {
            "train": [pair for pair in pairs if pair.site not in names],
            "val": [pair for pair in pairs if pair.site in names],
        }
        refuse_shared(sides, footprints_of([*sides["train"], *sides["val"]]), distance_m)
    else:
        sides = _by_hash(root, _pairs(root), distance_m)
    validating = ", ".join(pair.site for pair in sides["val"])
    logger.info("Split: %d pairs train, %d validate: %s.", len(sides["train"]), len(sides["val"]), validating)
    return sides


def _by_hash(root: Path, pairs: list[Pair], distance_m: float) -> dict[Split, list[Pair]]:
    places = places_of(pairs, footprints_of(pairs), distance_m)
    if len(set(places)) == 1:
        raise InputError(
            f"The pairs in {root} show one place, {places[0]}, by their names up to a date, or because they are less "
            f"than {distance_m:g} m apart (split_distance_m); expected at least two, because one validates. Add pairs "
            "of another place, or choose yourself: by folders train and val, or by data.validate_on."
        )
    held_out = split_by_hash(places)
    sides: dict[Split, list[Pair]] = {"train": [], "val": []}
    for pair, place in zip(pairs, places, strict=True):
        sides["val" if place in held_out else "train"].append(pair)
    return sides


def refuse_two_splits(root: Path, validate_on: Path | None) -> None:
    """Check that a folder with train and val comes without a file of names.

    Raises:
        InputError: both would decide the split.
    """
    if validate_on:
        raise InputError(f"{root} has the folders train and val, and validate_on is {validate_on}; give only one.")


def named(existing: Sequence[str], path: Path) -> set[str]:
    """Return the names in a text file, one in a line, which are some of the existing ones.

    Raises:
        InputError: the file cannot be read, or it names others, none or all of them.
    """
    try:
        names = {line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()}
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"validate_on {path} is no readable text file; expected names of images, one a line."
        ) from None
    unknown = sorted(names - set(existing))
    if unknown or not 0 < len(names) < len(set(existing)):
        what = f"names no image {', '.join(unknown)}" if unknown else f"names {len(names)} of {len(existing)} images"
        raise InputError(f"validate_on {path} {what}; expected names of some of the images, without suffix.")
    return names


def require_distance(distance_m: float) -> float:
    """Return a distance between places if it is 0 or more and finite.

    Raises:
        InputError: it is not.
    """
    if not 0 <= distance_m < math.inf:
        raise InputError(f"split_distance_m is {distance_m}; expected 0 or more metres.")
    return distance_m


def footprints_of(pairs: Sequence[Pair]) -> dict[Path, Footprint | None]:
    """Return the footprints of the HR images.

    Raises:
        InputError: a file is not a raster.
    """
    return {pair.hr: footprint(pair.hr) for pair in pairs}


def places_of(
    pairs: Sequence[Pair], footprints: Mapping[Path, Footprint | None], distance_m: float = SPLIT_DISTANCE_M
) -> list[str]:
    """Return the place of each pair; see `group_places`."""
    names, files = [pair.site for pair in pairs], [(pair.hr, *pair.lr) for pair in pairs]
    return group_places(names, files, [footprints[pair.hr] for pair in pairs], distance_m)


def refuse_shared(
    sides: Mapping[Split, Sequence[Pair]], footprints: Mapping[Path, Footprint | None], distance_m: float
) -> None:
    """Check that the sides share no site, no file and no ground, and warn of images of both that are near.

    Args:
        sides: pairs by side.
        footprints: footprints of the HR images.
        distance_m: images nearer to each other than this are near, metres.

    Raises:
        InputError: they do.
    """
    refuse_leaks({side: {pair.site: [] for pair in pairs} for side, pairs in sides.items()})
    train, val = (
        {file: footprints.get(file) for pair in sides[side] for file in (pair.hr, *pair.lr)}
        for side in ("train", "val")
    )
    refuse_overlaps(train, val)
    warn_of_near_places(train, val, distance_m)


def _pairs(folder: Path) -> list[Pair]:
    high = images_in(folder / "hr", SUFFIXES)
    pairs, missing = [], []
    for path in high:
        views = _views(folder / "lr", path)
        if views:
            pairs.append(Pair(path.stem, path, views))
        else:
            missing.append(path.name)
    if missing:
        raise InputError(f"{folder / 'lr'} has nothing for {', '.join(missing)}; expected files of the same names.")
    names = {path.stem for path in high}
    alone = [
        path.name
        for path in sorted((folder / "lr").glob("*"))
        if (is_image(path, SUFFIXES) and path.stem not in names) or (path.is_dir() and path.name not in names)
    ]
    if alone:
        logger.warning(
            "%s has no HR for %d of LR, which are left out: %s.", folder / "hr", len(alone), ", ".join(alone)
        )
    return pairs


def _views(folder: Path, high: Path) -> tuple[Path, ...]:
    if (folder / high.stem).is_dir():
        return tuple(sorted(p for p in (folder / high.stem).iterdir() if is_image(p, SUFFIXES)))
    return tuple(p for suffix in SUFFIXES if (p := folder / f"{high.stem}{suffix}").is_file())[:1]
