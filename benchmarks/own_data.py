"""Files as users of fine-tuning have them, made of native pixels of Sentinel-2."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from rs_srgan.sensors import RGBN, SENTINEL2

SIDE_PX, LEAST_PX = 256, 96
PLACES = 12


def read_rgbn(path: Path, side_px: int = SIDE_PX) -> np.ndarray | None:
    """Return DN of the middle of a file, (4, H, W), at most `side_px` along each axis; None if it has a hole."""
    with rasterio.open(path) as dataset:
        names = [SENTINEL2.band_named(text or "") for text in dataset.descriptions]
        sizes = [min(side, side_px) // 8 * 8 for side in dataset.shape]
        starts = [(side - size) // 2 for side, size in zip(dataset.shape, sizes, strict=True)]
        window = tuple((start, start + size) for start, size in zip(starts, sizes, strict=True))
        dn: np.ndarray = dataset.read([names.index(band) + 1 for band in RGBN], window=window)
    return dn if (dn > 0).all() else None


def places(folder: Path, least_px: int = LEAST_PX) -> list[tuple[str, np.ndarray]]:
    """Return DN of the first places of the collection that are large enough, one image each, without holes.

    Args:
        folder: sentinel2_native of the data folder.
        least_px: least height and width.
    """
    found: dict[str, np.ndarray] = {}
    for path in sorted(folder.glob("*_10m_rgbn.tif")):
        place = re.split(r"_(?:19|20)\d\d|_T?\d\d[A-Z]{3}(?:_|$)|_S2|_ship", path.stem.removesuffix("_10m_rgbn"))[
            0
        ].rstrip("0123456789_")
        if place in found or (dn := read_rgbn(path)) is None or min(dn.shape[1:]) < least_px:
            continue
        found[place] = dn
        if len(found) == PLACES:
            break
    return list(found.items())


def averaged(dn: np.ndarray, scale: int) -> np.ndarray:
    """Return the means of blocks of `scale` x `scale` pixels, (C, H / scale, W / scale), in the type of `dn`."""
    bands, height, width = dn.shape
    means = dn.reshape(bands, height // scale, scale, width // scale, scale).mean((2, 4))
    made: np.ndarray = (means.round() if dn.dtype.kind in "ui" else means).astype(dn.dtype)
    return made


def write(path: Path, values: np.ndarray, number: int, gsd_m: int, bands: Sequence[str] = RGBN) -> None:
    """Write an image, (C, H, W), at a place of its own, with the number of the place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grid = Affine(gsd_m, 0, 500_000 + 20_000 * number, 0, -gsd_m, 5_000_000)
    profile = {"driver": "GTiff", "dtype": values.dtype, "crs": "EPSG:32632", "transform": grid, "nodata": 0}
    with rasterio.open(path, "w", count=len(values), height=values.shape[1], width=values.shape[2], **profile) as out:
        out.write(values)
        out.descriptions = tuple(bands)


def write_pair(folder: Path, name: str, values: np.ndarray, number: int, bands: Sequence[str] = RGBN) -> None:
    """Write hr/NAME.tif at 10 m, and lr/NAME.tif with the means of 4 x 4 pixels."""
    write(folder / "hr" / f"{name}.tif", values, number, 10, bands)
    write(folder / "lr" / f"{name}.tif", averaged(values, 4), number, 40, bands)
