"""Notes of a stopped run: broken JSON, other numbers, and pixels that changed beside them.

After any of it a run resumes or begins again, and ends with the pixels of a run that was not stopped; or it refuses.
"""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import rasterio
from affine import Affine

from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.super_resolve import super_resolve
from rs_srgan.writing.unfinished import checksum, files_beside
from torture.fuzz.images import small_model
from torture.fuzz.odd import changed_bytes, changed_tree, json_bytes
from torture.fuzz.reader import Wrong

_NUMBERS: tuple[Any, ...] = (-1, 0, 1, 2, 3, 4, 5, 100, 2**63, 1.5, "3", None, True, [], 1e999)
_BROKEN_PIXELS_SHARE = 0.1
# Entries of a note that another version of the library could write otherwise. A wrong number of finished parts or bytes
# with a right checksum would be a lie that nobody can see.
_MAY_DIFFER = ("request", "parts")


class _Stopped(Exception):
    """Ends a run after some tiles."""


class _Resume:
    def __init__(self, workspace: Path) -> None:
        self._model, self._source = small_model(), workspace / "image.tif"
        _write_image(self._source)
        self._expected = self._predict(workspace / "whole.tif")
        self._parts = workspace / "stopped"
        self._parts.mkdir()
        with suppress(_Stopped):
            self._predict(self._parts / "result.tif", stop_after=2)
        self._note = next(path for path in files_beside(self._parts / "result.tif") if path.suffix == ".json")

    def write(self, random: Random, folder: Path) -> Path:
        for path in self._parts.iterdir():
            shutil.copy(path, folder / path.name)
        note = folder / self._note.name
        content = json.loads(self._note.read_bytes())
        change = random.random()
        if change < 0.2:
            note.write_bytes(changed_bytes(random, note.read_bytes()))
        elif change < 0.7:
            note.write_text(json.dumps(_with_checksum(random, content)))
        elif change < 0.8:
            content[random.choice(list(content))] = random.choice(_NUMBERS)
            note.write_text(json.dumps(content))
        else:
            note.write_bytes(json_bytes(random, changed_tree(random, content)))
        if (
            random.random() < _BROKEN_PIXELS_SHARE
        ):  # cut off, or longer: what a disk does; bits that flip are not noticed
            pixels = files_beside(folder / "result.tif")[0]
            data = pixels.read_bytes()
            pixels.write_bytes(random.choice((data[: random.randrange(len(data))], b"", data + bytes(100))))
        return folder / "result.tif"

    def read(self, path: Path) -> None:
        """Resume the run.

        Raises:
            InputError: the note is refused.
            Wrong: the result has other pixels, or is there after an error.
        """
        try:
            pixels = self._predict(path)
        except Exception as error:
            if path.exists():
                raise Wrong(f"a result under its final name after {type(error).__name__}") from error
            raise
        if not np.array_equal(pixels, self._expected):
            raise Wrong(
                f"{np.count_nonzero(pixels != self._expected)} pixels differ from those of a run without a stop"
            )

    def _predict(self, target: Path, stop_after: int | None = None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
        tiles = []

        def report(state: object) -> None:
            tiles.append(state)
            if len(tiles) == stop_after:
                raise _Stopped

        options = PredictOptions(engine="torch", precision="fp32", tile=32, resume=True)
        super_resolve(self._source, target, self._model, options, progress=report)
        with rasterio.open(target) as result:
            found: np.ndarray[tuple[int, ...], np.dtype[np.uint16]] = result.read()
        return found


def _with_checksum(random: Random, content: dict[str, Any]) -> dict[str, Any]:
    """Return a note with other entries, and the checksum of these, so that it counts as intact."""
    entry = random.choice(_MAY_DIFFER)
    value = random.choice(_NUMBERS) if random.random() < 0.5 else changed_tree(random, content[entry])
    changed = {**content, entry: value}
    del changed["sha256"]
    with suppress(RecursionError, ValueError):  # a tree that has no checksum keeps the old one
        return {**changed, "sha256": checksum(changed)}
    return {**content, entry: value}


def _write_image(path: Path) -> None:
    pixels = np.random.default_rng(0).integers(500, 4000, (4, 64, 64)).astype(np.uint16)
    place = Affine(10, 0, 600_000, 0, -10, 5_100_000)
    profile = {"driver": "GTiff", "count": 4, "height": 64, "width": 64, "dtype": "uint16", "crs": "EPSG:32632"}
    with rasterio.open(path, "w", transform=place, **profile) as out:
        out.write(pixels)
        out.descriptions = ("B04", "B03", "B02", "B08")


def make_reader(workspace: Path) -> _Resume:
    """Return the reader."""
    return _Resume(workspace)
