"""Images: the file that predict reads changes, is replaced, is truncated or vanishes while it is read."""

import os
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import rasterio

from torture.faults.attempts import try_all
from torture.faults.cases import Cases, read, write_image
from torture.row import Row

# Changes an image that is being read.
_Change = Callable[[Path, random.Random], object]


def change_images(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Change the image at random moments; the result is that of one image, or there is none."""
    count = 1 if quick else 5
    rows = []
    changes: tuple[tuple[str, _Change], ...] = (
        ("is overwritten", _overwrite),
        ("is replaced", _replace),
        ("is truncated", _truncate),
        ("vanishes", _remove),
    )
    formats = ("tif",) if quick else ("tif", "deflate.tif", "png", "jp2", "npy")
    for (name, change), until in zip(changes[: 1 if quick else None], cases.until.shares([1] * 4), strict=False):
        chosen = [formats[number % len(formats)] for number in range(count)]
        attempt = partial(_change, cases, name, change)
        rows.append(try_all(f"the image {name}", seed, chosen, attempt, until=until))
    return rows


def _change(cases: Cases, name: str, change: _Change, number: int, chance: random.Random, kind: str) -> str:
    folder = cases.attempt(f"image {name} {number}")
    own = folder.with_suffix(".image")
    own.mkdir()
    source, more = _copy(Path(cases.image.given[0]), own / f"image.{kind}")
    case = replace(cases.image, given=(str(source), *more, *cases.image.given[1:]), whole=own / "whole")
    assert case.expected
    content, stat = source.read_bytes(), source.stat()
    running = case.start(folder)
    while not any(folder.iterdir()) and not running.wait(0.005):
        pass
    running.wait(chance.uniform(0, cases.image.seconds / 2))
    change(source, chance)
    ended = running.end()
    if ended.code not in (0, 2) or not ended.is_plain:
        return f"{kind}: exit code {ended.code}: {ended.words.strip()[-300:]}"
    if fault := case.fault_of(folder):
        return f"{kind}: {fault}"
    if ended.code == 0:
        return case.fault_at_end(folder)
    source.write_bytes(content)
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return case.fault_after_resuming(folder)


def _copy(image: Path, target: Path) -> tuple[Path, list[str]]:
    """Write the image in another format; return its path, and options that say what the format cannot."""
    pixels = read(image)
    if target.suffix == ".npy":
        np.save(target, pixels)
    else:
        driver = {".tif": "GTiff", ".png": "PNG", ".jp2": "JP2OpenJPEG"}[target.suffix]
        extra = (
            {"compress": "deflate", "tiled": True, "blockxsize": 16, "blockysize": 16} if "defl" in target.name else {}
        )
        extra |= {"QUALITY": "100", "REVERSIBLE": "YES"} if target.suffix == ".jp2" else {}
        with rasterio.open(image) as before:
            profile = {key: before.profile[key] for key in ("height", "width", "count", "dtype", "crs", "transform")}
        with rasterio.open(target, "w", driver=driver, **profile, **extra) as out:
            out.write(pixels)
    return target, ["--band-names", "B04,B03,B02,B08", "--scale", "0.0001", "--offset", "0", "--nodata", "0"]


def _overwrite(source: Path, chance: random.Random) -> None:
    content = bytearray(source.read_bytes())
    start = len(content) // 2
    content[start : start + 2000] = chance.randbytes(len(content[start : start + 2000]))
    with source.open("r+b") as file:
        file.write(content)


def _replace(source: Path, chance: random.Random) -> None:
    other = write_image(source.with_suffix(".other"), 96, seed=chance.randint(10, 99))
    other.replace(source)


def _truncate(source: Path, chance: random.Random) -> None:
    os.truncate(source, chance.randint(0, source.stat().st_size - 1))


def _remove(source: Path, _: random.Random) -> None:
    source.unlink()
