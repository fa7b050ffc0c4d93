"""Split into training and validation by site: all dates and tiles of a place are on one side.

File names of the Sentinel-2 collection contain the place and the date. The manifest of the collection counts two years
of one field as two sites, which would leak. NAIP comes with a split by location, which is checked here, too.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rs_srgan.errors import InputError

Split = Literal["train", "val"]

VALIDATION_SHARE = 0.2

# Chips with visible bands stretched to 8 bits: mean red below 0.015, rising towards blue, with a normal near infrared.
UNUSABLE = frozenset(
    f"ca_fire_post__{fire}.tif"
    for fire in (
        "CODY_20240608",
        "CREEK_20240726",
        "FRENCH_20240704",
        "GROVE_2_20240724",
        "HERNANDEZ_20240615",
        "LIDIA_20250108",
        "RANCH_20240601",
        "SKY_20240619",
        "TULEDAD_20241006",
        "WATER_20240621",
    )
)

_DATE_AND_PHASE = re.compile(r"(_(19|20)\d{6})?(_(pre|post)_fire)?$")


def sentinel2_site(filename: str) -> str:
    """Return the place of a file of the Sentinel-2 collection, without date and product: "burgundy_29"."""
    stem = Path(filename).stem
    if stem.startswith("ca_fire_"):
        fire = stem.split("__", 1)[1]
        return "ca_fire_" + _DATE_AND_PHASE.sub("", fire)
    place = re.sub(r"_\d+m(_\d+b)?(_rgbn)?$|_rgbn$", "", stem)
    return re.sub(r"_(19|20)\d{2}$|_seg\d+$", "", place)


def split_sentinel2(filenames: list[str]) -> dict[Split, dict[str, list[str]]]:
    """Return the files by side and site. A fifth of the sites of each group (fields, fires, scenes) validates.

    A hash chooses the sites, so nobody picked easy ones.
    """
    sites: dict[str, list[str]] = {}
    for filename in sorted(filenames):
        if Path(filename).name not in UNUSABLE:
            sites.setdefault(sentinel2_site(filename), []).append(filename)
    groups: dict[str, list[str]] = {}
    for site in sites:
        group = next((prefix for prefix in ("burgundy", "ca_fire") if site.startswith(prefix)), "scene")
        groups.setdefault(group, []).append(site)
    split: dict[Split, dict[str, list[str]]] = {"train": {}, "val": {}}
    for members in groups.values():
        held_out = split_by_hash(members)
        for site in members:
            split["val" if site in held_out else "train"][site] = sites[site]
    refuse_leaks(split)
    return split


def split_by_hash(names: Sequence[str], share: float = VALIDATION_SHARE) -> set[str]:
    """Return the names that validate: a share of all names, at least one, the first in the order of their hashes."""
    ordered = sorted(set(names), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return set(ordered[: max(1, round(share * len(ordered)))])


def split_naip(folder: Path) -> dict[Split, dict[str, list[str]]]:
    """Return the split by location that comes with the NAIP tiles: names relative to `folder`, by side and location."""
    path = folder / "split_by_location.json"
    if not path.is_file():
        raise InputError(f"{path} is missing; expected the split by location beside the NAIP tiles.")
    content = json.loads(path.read_text(encoding="utf-8"))
    split: dict[Split, dict[str, list[str]]] = {"train": content["train"], "val": content["val"]}
    refuse_leaks(split)
    return split


def refuse_leaks(split: dict[Split, dict[str, list[str]]]) -> None:
    """Check that no site and no file is on both sides.

    Raises:
        InputError: a site or a file is on both sides.
    """
    train, val = split["train"], split["val"]
    shared = sorted(train.keys() & val.keys())
    shared += sorted({f for files in train.values() for f in files} & {f for files in val.values() for f in files})
    if shared:
        raise InputError(f"The split leaks: {', '.join(shared[:5])} in both train and val. Keep a site on one side.")
