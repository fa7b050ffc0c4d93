"""Split of pairs into training and validation: a place is on one side only."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from rs_srgan.errors import InputError
from train.data.ground import Footprint, footprint, group_places, refuse_overlaps
from train.data.module import is_image, require_files
from train.data.pair_loader import Pair
from train.data.splits import Split, refuse_leaks, split_by_hash

logger = logging.getLogger(__name__)

_SUFFIXES = (".tif", ".tiff", ".jp2", ".png", ".npy")


def split_pairs(root: Path) -> dict[Split, list[Pair]]:
    """Return the pairs below a folder by side; all images of a place are on one side, whatever their names.

    Raises:
        InputError: no pairs, HR images without LR (the message names all of them), a place on both sides, or only one
            place.
    """
    if (root / "train").is_dir():
        sides: dict[Split, list[Pair]] = {"train": _pairs(root / "train"), "val": _pairs(root / "val")}
        refuse_shared(sides, footprints_of([*sides["train"], *sides["val"]]))
        return sides
    pairs = _pairs(root)
    places = places_of(pairs, footprints_of(pairs))
    if len(set(places)) == 1:
        raise InputError(
            f"The pairs in {root} show one place, {places[0]}; expected at least two, because one validates. Add pairs "
            "of another place."
        )
    held_out = split_by_hash(places)
    sides = {"train": [], "val": []}
    for pair, place in zip(pairs, places, strict=True):
        sides["val" if place in held_out else "train"].append(pair)
    return sides


def footprints_of(pairs: Sequence[Pair]) -> dict[Path, Footprint | None]:
    """Return the footprints of the HR images.

    Raises:
        InputError: a file is not a raster.
    """
    return {pair.hr: footprint(pair.hr) for pair in pairs}


def places_of(pairs: Sequence[Pair], footprints: Mapping[Path, Footprint | None]) -> list[str]:
    """Return the place of each pair; see `group_places`."""
    names, files = [pair.site for pair in pairs], [(pair.hr, *pair.lr) for pair in pairs]
    return group_places(names, files, [footprints[pair.hr] for pair in pairs])


def refuse_shared(sides: Mapping[Split, Sequence[Pair]], footprints: Mapping[Path, Footprint | None]) -> None:
    """Check that the sides share no site, no file and no ground.

    Raises:
        InputError: they do.
    """
    refuse_leaks({side: {pair.site: [] for pair in pairs} for side, pairs in sides.items()})
    train, val = (
        {file: footprints.get(file) for pair in sides[side] for file in (pair.hr, *pair.lr)}
        for side in ("train", "val")
    )
    refuse_overlaps(train, val)


def _pairs(folder: Path) -> list[Pair]:
    high = sorted(path for path in (folder / "hr").glob("*") if is_image(path, _SUFFIXES))
    require_files(f"{folder / 'hr'}/*.tif", high)
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
        if (is_image(path, _SUFFIXES) and path.stem not in names) or (path.is_dir() and path.name not in names)
    ]
    if alone:
        logger.warning(
            "%s has no HR for %d of LR, which are left out: %s.", folder / "hr", len(alone), ", ".join(alone)
        )
    return pairs


def _views(folder: Path, high: Path) -> tuple[Path, ...]:
    if (folder / high.stem).is_dir():
        return tuple(sorted(p for p in (folder / high.stem).iterdir() if is_image(p, _SUFFIXES)))
    return tuple(p for suffix in _SUFFIXES if (p := folder / f"{high.stem}{suffix}").is_file())[:1]
