"""Images of Sentinel-2 on the grid of the sensor, by the manifests of the folders sentinel2_native and series.

Their pixels were never resampled, or only moved by nearest neighbour, so their sharpness, aliasing and noise are those
of the products that people use.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from train.data.sources import Site, read_chip
from train.data.splits import Split

FOLDERS = ("sentinel2_native", "series")
MANIFEST = "manifest.json"

# Places that validate, chosen once. Training never sees them.
HELD_OUT = ("oresund", "limburg", "innviertel")
# Of the patches of BigEarthNet, every fourth one validates, in the order of their names.
_PATCHES, _EVERY = "ben_", 4
# Of this series, the last third of the dates validates.
SERIES = "wcC"


@dataclass(frozen=True)
class NativeImage:
    """Entry of a manifest.

    Attributes:
        path: the GeoTIFF.
        place: name of the place; all images of a place are on one side of the split.
        group: name of the group of places, for example "ben".
        date: date of the image, or words that say why it has none.
        gsd_m: pixel size, metres.
        bands: names of the bands in the order of the file.
        nn_resampled: whether nearest neighbour moved the pixels to another grid, by up to half a pixel each.
    """

    path: Path
    place: str
    group: str
    date: str
    gsd_m: float
    bands: tuple[str, ...]
    nn_resampled: bool


def native_images(root: Path) -> list[NativeImage]:
    """Return the entries of all manifests below the data folder; none if the folders are missing.

    Raises:
        InputError: a manifest is not readable, or an entry lacks a key.
    """
    return [
        _entry(root / folder / MANIFEST, entry)
        for folder in FOLDERS
        if (root / folder / MANIFEST).is_file()
        for entry in _entries(root / folder / MANIFEST)
    ]


def _entries(manifest: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{manifest} is not JSON ({error}); expected a list of images.") from None
    if not isinstance(entries, list):
        raise InputError(f"{manifest} is {type(entries).__name__}; expected a list of images.")
    return entries


def _entry(manifest: Path, entry: dict[str, Any]) -> NativeImage:
    try:
        return NativeImage(
            manifest.parent / entry["file"],
            entry["split"],
            entry["group"],
            str(entry["date"]),
            float(entry["gsd_m"]),
            tuple(entry["bands"]),
            bool(entry["nn_resampled"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        expected = "file, split, group, date, gsd_m, bands and nn_resampled"
        raise InputError(f"{manifest} has an entry without a usable {error}; expected {expected}.") from None


def split_native(images: list[NativeImage]) -> dict[Split, list[NativeImage]]:
    """Return the images by side of the split: by place, and in one series by date."""
    patches = sorted({image.place for image in images if image.place.startswith(_PATCHES)})
    held_out = {*HELD_OUT, *patches[::_EVERY]}
    dates = sorted({image.date for image in images if image.place == SERIES})
    late = set(dates[len(dates) - len(dates) // 3 :])
    split: dict[Split, list[NativeImage]] = {"train": [], "val": []}
    for image in images:
        validates = image.date in late if image.place == SERIES else image.place in held_out
        split["val" if validates else "train"].append(image)
    return split


def native_sites(root: Path, split: Split, bands: tuple[str, ...] = RGBN, *, resampled: bool = False) -> list[Site]:
    """Return the images of one side of the split that have the bands, by place, reflectance.

    Args:
        root: the data folder.
        split: "train" or "val".
        bands: names of the bands.
        resampled: True for the images that nearest neighbour moved. The sensor model brings these to twice the pixel
            size, where the shifts are a quarter of a pixel at most. False for the untouched ones, as they are.

    Raises:
        InputError: an image cannot be read.
    """
    mtf = wald_mtf(SENTINEL2.mtf_nyquist(bands), 2)
    sites: dict[str, list[FloatImage]] = {}
    for image in split_native(native_images(root))[split]:
        if image.nn_resampled != resampled or not set(bands) <= set(image.bands):
            continue
        pixels = read_chip(image.path, bands).image
        if resampled:
            even = pixels[:, : pixels.shape[1] // 2 * 2, : pixels.shape[2] // 2 * 2]
            holes = np.isnan(even)
            pixels = degrade(torch.from_numpy(np.nan_to_num(even))[None], 2, mtf)[0].numpy()
            empty = holes.reshape(len(pixels), pixels.shape[1], 2, -1, 2).any((2, 4))
            pixels[empty] = np.nan
        sites.setdefault(image.place, []).append(pixels)
    return [Site(f"native/{place}", tuple(several)) for place, several in sites.items()]


@dataclass(frozen=True)
class NativePair:
    """Bands of one image at two pixel sizes, on the same footprint, reflectance, NaN where there is no data.

    Attributes:
        site: name of the place.
        coarse: bands at 20 m, (C, h, w), h and w even.
        fine: guide bands at 10 m, (G, 2 h, 2 w).
    """

    site: str
    coarse: FloatImage
    fine: FloatImage


def native_pairs(root: Path, split: Split, bands: tuple[str, ...], guide_bands: tuple[str, ...]) -> list[NativePair]:
    """Return the images of one side of the split that have both kinds of bands, each at its own pixel size.

    Images that nearest neighbour moved are left out, because it moved the two kinds of bands differently.

    Args:
        root: the data folder.
        split: "train" or "val".
        bands: names of bands at 20 m.
        guide_bands: names of bands at 10 m.

    Raises:
        InputError: an image cannot be read.
    """
    images = split_native(native_images(root))[split]
    fine = {_product(image): image for image in images if set(guide_bands) <= set(image.bands)}
    pairs = []
    for image in images:
        guide = fine.get(_product(image))
        if guide is None or image.nn_resampled or not set(bands) <= set(image.bands):
            continue
        target, pixels = read_chip(image.path, bands).image, read_chip(guide.path, guide_bands).image
        height, width = (min(target.shape[axis], pixels.shape[axis] // 2) // 2 * 2 for axis in (1, 2))
        pair = target[:, :height, :width], pixels[:, : 2 * height, : 2 * width]
        pairs.append(NativePair(f"native/{image.place}", *pair))
    return pairs


def _product(image: NativeImage) -> str:
    """Return the part of the file's name that both pixel sizes share."""
    return re.sub(r"_(10|20)m_[^_]+$", "", image.path.stem)
