"""Runs: the same request again, in another process and in other tiles, with every engine and bundled model."""

import hashlib
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from rs_srgan import load_model, super_resolve
from rs_srgan.hub.names import bundled_names
from rs_srgan.inference.options import PredictOptions
from rs_srgan.sensors.sentinel2 import RGBN
from tests.safe_builder import build_safe
from torture.numbers.images import patchwork
from torture.row import Row

ENGINES = (("torch", "fp32"), ("torch", "bf16"), ("openvino", "fp32"), ("openvino", "bf16"), ("openvino", "int8"))
# The largest difference between tiles and the whole, DN of 65,535; one is a tie in rounding.
SEAM = {"fp32": 1, "bf16": 1, "int8": 1}
# Odd sizes of the image; tiles that fit neither.
_HEIGHT, _WIDTH, _TILE = 61, 53, 20
_CORNER = Affine(10, 0, 600_000, 0, -10, 5_100_000)

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint16]]


@dataclass(frozen=True)
class Request:
    """A model, an engine, and the images.

    Attributes:
        model: name of a bundled model.
        engine: "torch" or "openvino".
        precision: "fp32", "bf16" or "int8".
        sources: the images.
    """

    model: str
    engine: str
    precision: str
    sources: tuple[Path, ...]

    def __str__(self) -> str:
        return f"{self.model}, {self.engine} {self.precision}"

    def pixels(self, folder: Path, tile: int = _TILE) -> Pixels:
        """Predict with one thread, and return DN."""
        target = folder / "out.tif"
        sources = self.sources[0] if len(self.sources) == 1 else list(self.sources)
        how = PredictOptions(engine=self.engine, precision=self.precision, threads=1, tile=tile, overwrite=True)
        super_resolve(sources, target, self.model, how, progress=False)
        with rasterio.open(target) as image:
            pixels: Pixels = image.read()
        return pixels


def compare_runs(folder: Path, seed: int, quick: bool) -> list[Row]:
    """Predict whole and in tiles, twice here and once in another process, and compare.

    Args:
        folder: an empty folder.
        seed: seed of the images.
        quick: take one model.
    """
    requests = make_requests(folder, ["sisr-x2-rgbn"] if quick else bundled_names(), seed)
    begun = time.monotonic()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        elsewhere = other.submit(digests, requests, folder)
        found: dict[str, list[str]] = {"extreme values, files": [], "tiles": [], "the same again": []}
        here = {}
        for request in requests:
            first, again, whole = (request.pixels(folder, tile) for tile in (_TILE, _TILE, 4096))
            here[str(request)] = _digest(first)
            for subject, fault in (
                ("extreme values, files", fault_of_nodata(request, first)),
                ("tiles", fault_of_tiles(first, whole, SEAM[request.precision])),
                ("the same again", "" if (first == again).all() else "other pixels in the same process"),
            ):
                found[subject] += [f"seed {seed}, {request}: {fault}"] if fault else []
        found["the same in a new process"] = [
            f"seed {seed}, {name}: other pixels" for name, digest in elsewhere.result().items() if digest != here[name]
        ]
    each = (time.monotonic() - begun) / len(found)  # the runs are shared
    return [
        Row("numbers", subject, len(requests), len(requests) - len(faults), tuple(faults), each)
        for subject, faults in found.items()
    ]


def digests(requests: Sequence[Request], folder: Path) -> dict[str, str]:
    """Return a digest of the pixels of each request."""
    own = folder / "elsewhere"
    own.mkdir()
    return {str(request): _digest(request.pixels(own)) for request in requests}


def _digest(pixels: Pixels) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def fault_of_nodata(request: Request, pixels: Pixels) -> str:
    """Return what is wrong with the nodata pixels of a result: they are exactly where the first image has none."""
    model = load_model(request.model)
    bands, scale = len(model.config.bands), model.scale
    given = patchwork(bands, _HEIGHT, _WIDTH, _seed_of(request.sources[0]))
    valid = (given > 0).repeat(scale, axis=1).repeat(scale, axis=2)
    wrong = int(((pixels > 0) != valid).sum()) if pixels.shape == valid.shape else -1
    return f"{wrong} pixels have data without data, or the reverse" if wrong else ""


def fault_of_tiles(tiled: Pixels, whole: Pixels, most: int) -> str:
    """Return what is wrong with a result in tiles."""
    difference = int(np.abs(tiled.astype(int) - whole).max())
    return f"differs by {difference} DN from the whole" if difference > most else ""


def make_requests(folder: Path, names: Sequence[str], seed: int) -> list[Request]:
    """Write an image for each kind of model, and return its requests with every engine that it has."""
    requests = []
    for name in names:
        config = load_model(name).config
        count = 3 if config.several else 1
        if config.guide_bands:
            sources = [_write_product(folder / f"{name}-{seed}", config.bands, config.guide_bands, config.scale)]
        else:
            sources = [_write(folder / f"{name}-{seed + at}.tif", config.bands) for at in range(count)]
        for engine, precision in ENGINES:
            if precision != "int8" or config.quantized:
                requests.append(Request(name, engine, precision, tuple(sources)))
    return requests


def _seed_of(source: Path) -> int:
    """Return the seed of an image, which is a part of its path."""
    place = source if source.suffix == ".tif" else source.parent
    return int(place.stem.rsplit("-", 1)[1])


def _write(path: Path, bands: Sequence[str]) -> Path:
    dn = patchwork(len(bands), _HEIGHT, _WIDTH, _seed_of(path))
    profile = {"driver": "GTiff", "count": len(bands), "height": _HEIGHT, "width": _WIDTH, "dtype": "uint16"}
    with rasterio.open(path, "w", crs="EPSG:32632", transform=_CORNER, nodata=0, **profile) as image:
        image.write(dn)
        image.descriptions = tuple(bands)
    return path


def _write_product(folder: Path, bands: Sequence[str], guides: Sequence[str], scale: int) -> Path:
    folder.mkdir()
    coarse = patchwork(len(bands), _HEIGHT, _WIDTH, _seed_of(folder / "product"))
    fine = patchwork(len(guides), scale * _HEIGHT, scale * _WIDTH, 0)
    images = {(band, 20): dn for band, dn in zip(bands, coarse, strict=True)}
    images |= {(band, 10): dn for band, dn in zip(guides, fine, strict=True)}
    assert set(guides) <= set(RGBN)
    return build_safe(folder, images)
