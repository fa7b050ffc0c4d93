"""GeoTIFF: tags, types, counts, offsets, block tables, metadata and compressed blocks."""

from pathlib import Path
from random import Random

import numpy as np
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint

from rs_srgan.reading.gdal import without_location_warning
from torture.fuzz.images import Images
from torture.fuzz.tiff import broken

_BANDS = ("B04", "B03", "B02", "B08")
_PLAIN: dict[str, object] = {"driver": "GTiff", "count": 4, "height": 40, "width": 48, "dtype": "uint16"}
# The kinds of files that GDAL writes: layouts, compressions, number formats, byte orders.
_KINDS: dict[str, dict[str, object]] = {
    "tiled": {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate", "predictor": 2, "nodata": 0},
    "striped": {"compress": "lzw", "blockysize": 7},
    "plain": {"interleave": "band"},
    "big": {"BIGTIFF": "YES", "compress": "zstd", "tiled": True, "blockxsize": 16, "blockysize": 16},
    "floats": {"dtype": "float32", "compress": "deflate", "predictor": 3, "nodata": float("nan")},
    "doubles": {"dtype": "float64", "compress": "lzw"},
    "bytes": {"dtype": "uint8", "compress": "packbits"},
    "backwards": {"ENDIANNESS": "BIG", "compress": "deflate"},
    "five": {"count": 5, "photometric": "RGB", "ALPHA": "YES", "compress": "lzw"},
    "jpeg": {"dtype": "uint8", "compress": "jpeg", "tiled": True, "blockxsize": 16, "blockysize": 16},
    "webp": {"dtype": "uint8", "compress": "webp", "interleave": "pixel", "WEBP_LOSSLESS": "YES"},
    "lerc": {"dtype": "float32", "compress": "lerc"},
    "lzma": {"compress": "lzma"},
    "signed": {"dtype": "int16", "nodata": -9999},
}


class _GeoTiff(Images):
    def __init__(self, workspace: Path) -> None:
        super().__init__()
        paths = [write_image(workspace / f"{kind}.tif", kind) for kind in _KINDS]
        self._whole = [path.read_bytes() for path in paths]

    def write(self, random: Random, folder: Path) -> Path:
        path = folder / "image.tif"
        path.write_bytes(broken(random, random.choice(self._whole)))
        return path


def write_image(path: Path, kind: str) -> Path:
    """Write a small image of one of the kinds, with what GeoTIFFs carry: masks, control points, scales, metadata."""
    profile = _PLAIN | {"crs": "EPSG:32632", "transform": Affine(10, 0, 600_000, 0, -10, 5_100_000)} | _KINDS[kind]
    number, count = np.dtype(str(profile["dtype"])), int(str(profile["count"]))
    random = np.random.default_rng(0)
    pixels = random.uniform(0, 0.4, (count, 40, 48)) if number.kind == "f" else random.integers(1, 250, (count, 40, 48))
    with (
        without_location_warning(),
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK="YES"),
        rasterio.open(path, "w", **profile) as out,
    ):
        out.write(pixels.astype(number))
        out.descriptions = _BANDS + ("alpha",) * (count - 4)
        out.update_tags(AREA_OR_POINT="Point", TIFFTAG_COPYRIGHT="nobody")
        if kind == "plain":
            out.scales, out.offsets = (1e-4,) * 4, (-0.1,) * 4
            out.update_tags(ns="RPC", LINE_OFF="1", SAMP_OFF="1")
        if kind == "striped":
            out.write_mask(np.arange(40 * 48).reshape(40, 48) % 5 > 0)
        if kind == "signed":
            corners = [
                GroundControlPoint(row, col, 9 + col / 1000, 46 - row / 1000) for row in (0, 40) for col in (0, 48)
            ]
            out.gcps = (corners, rasterio.CRS.from_epsg(4326))
    if kind == "tiled":
        with rasterio.open(path, "r+") as out:
            out.build_overviews([2])
    return path


def make_reader(workspace: Path) -> _GeoTiff:
    """Return the reader."""
    return _GeoTiff(workspace)
