"""Runs: the same request again, in another process and in other tiles, with every engine and bundled model."""

import hashlib
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from random import Random

import numpy as np
import rasterio
from affine import Affine

from rs_srgan import MISRConfig, SISRConfig, load_model, super_resolve
from rs_srgan.hub.names import bundled_names
from rs_srgan.inference.options import PredictOptions
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors.sentinel2 import RGBN
from tests.safe_builder import build_safe
from torture.deadline import NEVER, Deadline
from torture.numbers.extremes import fault_of
from torture.numbers.images import patchwork
from torture.row import Row

ENGINES = (("torch", "fp32"), ("torch", "bf16"), ("openvino", "fp32"), ("openvino", "bf16"), ("openvino", "int8"))
# The largest difference between tiles and the whole, DN of 65,535; one is a tie in rounding.
SEAM_DN = 1
# Odd sizes of images, and tiles that fit none of them.
SIZES = ((61, 53), (47, 71), (33, 37), (19, 83))
TILES = (20, 16, 34)
_WHOLE = 4096
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
        size: height and width of the images, LR pixels.
        threads: number of threads.
        extreme: whether the images hold extreme values.
    """

    model: str
    engine: str
    precision: str
    sources: tuple[Path, ...]
    size: tuple[int, int] = SIZES[0]
    threads: int = 1
    extreme: bool = True

    def __str__(self) -> str:
        height, width = self.size
        return f"{self.model}, {self.engine} {self.precision}, threads {self.threads}, {height} x {width}"

    def pixels(self, folder: Path, tile: int = TILES[0]) -> Pixels:
        """Predict, and return DN."""
        target = folder / "out.tif"
        sources = self.sources[0] if len(self.sources) == 1 else list(self.sources)
        how = PredictOptions(
            engine=self.engine,
            precision=self.precision,
            threads=self.threads,
            tile=tile,
            overwrite=True,
            reference=str(self.sources[0]) if len(self.sources) > 1 else None,
        )
        super_resolve(sources, target, self.model, how, progress=False)
        with rasterio.open(target) as image:
            pixels: Pixels = image.read()
        return pixels


def compare_runs(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Predict whole and in tiles, twice here and once in another process, and compare; see `torture.__main__`."""
    with tempfile.TemporaryDirectory(prefix="rs_srgan_torture_") as folder:
        requests = make_requests(Path(folder), ["sisr-x2-rgbn"] if quick else bundled_names(), seed)
        Random(seed).shuffle(requests)  # if the time ends, no model is always the last one
        return compare(requests, Path(folder), seed, until)


def compare(requests: Sequence[Request], folder: Path, seed: int, until: Deadline) -> list[Row]:
    """Compare the runs of some requests.

    Args:
        requests: the requests.
        folder: a folder for results.
        seed: seed of the run, for the lines.
        until: after it no request begins.
    """
    begun = time.monotonic()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        elsewhere = None if until.has_passed else other.submit(digests, requests, folder, until)
        found: dict[str, list[str]] = {"extreme values, files": [], "tiles": [], "the same again": []}
        here = {}
        for index, request in enumerate(requests):
            if until.has_passed:
                break
            other_tile = TILES[1 + index % (len(TILES) - 1)]
            first, again, others, whole = (
                request.pixels(folder, tile) for tile in (TILES[0], TILES[0], other_tile, _WHOLE)
            )
            here[str(request)] = _digest(first)
            for subject, fault in (
                ("extreme values, files", fault_of_values(request, first)),
                ("tiles", fault_of_tiles(first, whole, SEAM_DN) or fault_of_tiles(others, whole, SEAM_DN)),
                ("the same again", "" if (first == again).all() else "other pixels in the same process"),
            ):
                found[subject] += [f"seed {seed}, {request}: {fault}"] if fault else []
        found_there = {} if elsewhere is None else elsewhere.result()
        there = {name: digest for name, digest in found_there.items() if name in here}
    found["the same in a new process"] = [
        f"seed {seed}, {name}: other pixels" for name, digest in there.items() if digest != here[name]
    ]
    each = (time.monotonic() - begun) / len(found)  # the runs are shared
    made = {subject: len(here) for subject in found} | {"the same in a new process": len(there)}
    return [
        Row("numbers", subject, made[subject], made[subject] - len(faults), tuple(faults), each, len(requests))
        for subject, faults in found.items()
    ]


def digests(requests: Sequence[Request], folder: Path, until: Deadline = NEVER) -> dict[str, str]:
    """Return a digest of the pixels of each request that begins before a deadline."""
    own = folder / "elsewhere"
    own.mkdir()
    return {str(each): _digest(each.pixels(own)) for each in takewhile(lambda _: not until.has_passed, requests)}


def _digest(pixels: Pixels) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def fault_of_values(request: Request, pixels: Pixels) -> str:
    """Return what is wrong with the values of a file: they have data exactly where the first image has, and its range.

    The range has the room that arrays have, too; see `torture.numbers.extremes`.
    """
    model = load_model(request.model)
    bands, fine = len(model.config.bands), [model.scale * side for side in request.size]
    seen = [patchwork(bands, *request.size, _seed_of(source), request.extreme) for source in request.sources]
    if model.config.guide_bands:
        seen.append(patchwork(len(model.config.guide_bands), fine[0], fine[1], 0, request.extreme))
    first, *others = map(_reflectance, seen)
    return fault_of(first, _reflectance(pixels), model.scale, [first, *others])


def _reflectance(dn: Pixels) -> FloatImage:
    """Return reflectance, NaN where there is no data."""
    return np.where(dn > 0, dn / np.float32(10_000), np.float32(np.nan)).astype(np.float32)


def fault_of_tiles(tiled: Pixels, whole: Pixels, most: int) -> str:
    """Return what is wrong with a result in tiles."""
    difference = int(np.abs(tiled.astype(int) - whole).max())
    return f"differs by {difference} DN from the whole" if difference > most else ""


def make_requests(folder: Path, names: Sequence[str], seed: int) -> list[Request]:
    """Write images for each model, and return its requests with every engine, in turn with each size and thread.

    Every second size has no extreme values, so that its results must stay near its narrow range.
    """
    requests: list[Request] = []
    for name in names:
        config = load_model(name).config
        for engine, precision in ENGINES:
            refused = config.several and (engine, precision) == ("torch", "bf16")
            if refused or (precision == "int8" and not config.quantized):
                continue
            at = len(requests)
            size, extreme, threads = SIZES[at % len(SIZES)], at % 2 == 0, 1 + at // 2 % 2
            sources = _sources(folder / f"{name}-{engine}-{precision}", config, size, seed, extreme)
            requests.append(Request(name, engine, precision, sources, size, threads, extreme))
    return requests


def _sources(
    place: Path, config: SISRConfig | MISRConfig, size: tuple[int, int], seed: int, extreme: bool
) -> tuple[Path, ...]:
    """Write what a model takes, and return the paths."""
    place.mkdir()
    if config.guide_bands:
        return (_write_product(place / f"product-{seed}", config, size, extreme),)
    count = 3 if config.several else 1
    return tuple(_write(place / f"view-{seed + at}.tif", config.bands, size, extreme) for at in range(count))


def _seed_of(source: Path) -> int:
    """Return the seed of an image, which is a part of its path."""
    place = source if source.suffix == ".tif" else source.parent
    return int(place.stem.rsplit("-", 1)[1])


def _write(path: Path, bands: Sequence[str], size: tuple[int, int], extreme: bool) -> Path:
    height, width = size
    dn = patchwork(len(bands), height, width, _seed_of(path), extreme)
    profile = {"driver": "GTiff", "count": len(bands), "height": height, "width": width, "dtype": "uint16"}
    with rasterio.open(path, "w", crs="EPSG:32632", transform=_CORNER, nodata=0, **profile) as image:
        image.write(dn)
        image.descriptions = tuple(bands)
    return path


def _write_product(folder: Path, config: SISRConfig | MISRConfig, size: tuple[int, int], extreme: bool) -> Path:
    folder.mkdir()
    bands, guides, (height, width) = config.bands, config.guide_bands, size
    coarse = patchwork(len(bands), height, width, _seed_of(folder / "product"), extreme)
    fine = patchwork(len(guides), config.scale * height, config.scale * width, 0, extreme)
    images = {(band, 20): dn for band, dn in zip(bands, coarse, strict=True)}
    images |= {(band, 10): dn for band, dn in zip(guides, fine, strict=True)}
    assert set(guides) <= set(RGBN)
    return build_safe(folder, images)
