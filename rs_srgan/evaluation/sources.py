"""The files of an evaluation, and the sites that they show."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.figures.metrics import Protocol
from rs_srgan.reading.dates import before_date
from rs_srgan.reading.formats import SUFFIXES
from rs_srgan.reading.paths import existing
from rs_srgan.reading.safe_files import holds_product

logger = logging.getLogger(__name__)

# The name of an image with a word for a mask before or after it.
_MASK_WORDS = r"(?:(?:cloud|data|valid|nodata)[_-]?)?(?:mask|msk|clouds?|scl|udm2?|fmask|qa)"
_MASK = re.compile(rf"(?P<before>.+)[_.-]{_MASK_WORDS}|{_MASK_WORDS}[_.-](?P<after>.+)", re.IGNORECASE)
# The archive of a product; others are known by their content, which a damaged one does not show.
_ZIPPED = re.compile(r"S2[A-D]_MSIL.*\.zip", re.IGNORECASE)
# The tile in the name of a Sentinel-2 product.
_TILE = re.compile(r"_(T\d\d[A-Z]{3})_")


@dataclass(frozen=True)
class Source:
    """An image on disk.

    Attributes:
        name: name of the image; no other image of the evaluation has it.
        site: name of the place that the image shows.
        path: path of HR, or of the image itself without a reference.
        lr: path of LR; None unless LR is a file.
    """

    name: str
    site: str
    path: Path
    lr: Path | None = None


def find_sources(
    inputs: Sequence[str | Path], reference: bool = True, site_pattern: str | None = None
) -> tuple[Protocol, list[Source]]:
    """Find the images in files and folders, sorted by name.

    Folders are searched with their sub-folders for rasters and Sentinel-2 products. A folder that holds the folders
    `hr` and `lr` has pairs of files of the same name. The site of an image is its sub-folder, else the tile of a
    product, else the part of its name before a year or a date.

    Args:
        inputs: files and folders.
        reference: whether there is an HR: `hr` of a pair, or the images themselves, from which LR is simulated.
        site_pattern: regular expression that finds the site in the name instead: its groups, or the whole match.

    Returns:
        the protocol, and the images.

    Raises:
        InputError: there is no image, pairs and other images are mixed, an HR has no LR, or the pattern is not a
            regular expression or finds nothing.
    """
    try:
        pattern = re.compile(site_pattern) if site_pattern else None
    except re.error as error:
        raise InputError(f"The site pattern {site_pattern!r} is not a regular expression ({error}).") from None
    sources: dict[Path, Source] = {}
    kinds: set[Protocol] = set()
    for each in inputs:
        root = existing(each)
        root = root.parent if root.match("MTD_MSIL*.xml") else root
        folder = root.is_dir() and not holds_product(root)
        paired = folder and (root / "hr").is_dir() and (root / "lr").is_dir()
        if paired and not reference:
            raise InputError(f"{root} holds pairs. Give {root / 'lr'} to evaluate without a reference.")
        kinds.add("pairs" if paired else "simulated" if reference else "real")
        top = root / "hr" if paired else root if folder else root.parent
        for path in _without_masks(list(_rasters(top))) if folder else [root]:
            inside = path.relative_to(top)
            lr = _partner(root, inside) if paired else None
            sources[path] = Source(inside.as_posix(), _site(inside, pattern), path, lr)
    if len(kinds) > 1:
        raise InputError(
            "Pairs (hr and lr in one folder) and other images cannot be evaluated together. Evaluate them one by one."
        )
    if not sources:
        names = ", ".join(str(each) for each in inputs)
        raise InputError(f"Nothing to evaluate in {names}; expected {', '.join(SUFFIXES)} or Sentinel-2 products.")
    named: dict[str, list[Source]] = {}
    for source in sources.values():
        named.setdefault(source.name, []).append(source)
    unique = (
        source if len(same) == 1 else Source(str(source.path), source.site, source.path, source.lr)
        for same in named.values()
        for source in same
    )
    return kinds.pop(), sorted(unique, key=lambda source: source.name)


def _rasters(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from [path] if holds_product(path) else _rasters(path)
        elif path.suffix.lower() in SUFFIXES or _ZIPPED.fullmatch(path.name) or holds_product(path):
            yield path


def _without_masks(paths: list[Path]) -> list[Path]:
    """Return the images without the masks beside them: a_mask.tif, a_SCL.tif or cloud_mask_a.tif beside a.tif."""
    stems = {(path.parent, path.stem) for path in paths}
    masks = []
    for path in paths:
        found = _MASK.fullmatch(path.stem)
        if found and (path.parent, found["before"] or found["after"]) in stems:
            masks.append(path)
    if masks:
        logger.info("Left out as masks: %s.", ", ".join(path.name for path in masks))
    return [path for path in paths if path not in masks]


def _partner(root: Path, inside: Path) -> Path:
    candidates = (root / "lr" / inside.with_suffix(suffix) for suffix in (inside.suffix, *SUFFIXES))
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise InputError(f"{root / 'lr'} has no file for {inside}; expected one of the same name.")
    return found


def _site(inside: Path, pattern: re.Pattern[str] | None) -> str:
    name = inside.as_posix()
    if pattern:
        found = pattern.search(name)
        if not found:
            raise InputError(f"The site pattern {pattern.pattern!r} finds nothing in {name}.")
        return "_".join(group for group in found.groups() if group) or found[0]
    if len(inside.parts) > 1:
        return inside.parent.as_posix()
    tile = _TILE.search(inside.name)
    return tile[1] if tile else before_date(inside.stem)
