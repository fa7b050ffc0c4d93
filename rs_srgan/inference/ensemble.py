"""`Ensemble`: an engine that computes each window in eight orientations and averages the results."""

from collections.abc import Iterator, Sequence

import numpy as np

from rs_srgan.inference.engine import Engine, in_type
from rs_srgan.pixels.radiometry import Encoding, FloatImage, Image

# Quarter turns, and whether columns are mirrored afterwards. Turns that keep the shape of a window come first: engines
# compile anew for each shape.
_ORIENTATIONS = tuple((turns, mirrored) for turns in (0, 2, 1, 3) for mirrored in (False, True))
# `MISR` takes views, masks and offsets.
_INPUTS_OF_REVISITS = 3


class Ensemble:
    """Averages an engine's results over four quarter turns, each also mirrored. See `Engine`.

    A network computes each orientation slightly differently, and the mean has a smaller error. It takes eight times as
    long. Source: Timofte et al. 2016.

    Args:
        engine: computes a window in one orientation.
        encodings: how its results are stored.
    """

    def __init__(self, engine: Engine, encodings: Sequence[Encoding]) -> None:
        self._engine, self._encodings = engine, encodings
        self.kind = f"{engine.kind}, mean of {len(_ORIENTATIONS)} orientations"
        self.workers = engine.workers

    def __str__(self) -> str:
        return f"{self._engine}, mean of {len(_ORIENTATIONS)} orientations"

    def versions(self) -> str:
        """Return the versions of the engine. See `Engine`."""
        return self._engine.versions()

    def __call__(self, *images: FloatImage) -> list[Image]:
        """Super-resolve a window. See `Engine`."""
        totals: list[FloatImage] = []
        for turns, mirrored in _ORIENTATIONS:
            made = self._engine(*_oriented(images, turns, mirrored))
            back = [np.rot90(_mirrored(dn, mirrored), -turns, (-2, -1)).astype(np.float32) for dn in made]
            totals = [total + each for total, each in zip(totals, back, strict=True)] if totals else back
        means = [(total / len(_ORIENTATIONS)).astype(np.float32) for total in totals]
        return [
            mean if encoding.floats else in_type(np.rint(mean), encoding)
            for mean, encoding in zip(means, self._encodings, strict=True)
        ]


def _oriented(images: tuple[FloatImage, ...], turns: int, mirrored: bool) -> Iterator[FloatImage]:
    """Yield the inputs of a model, turned and mirrored; offsets turn with the image, as vectors."""
    for index, image in enumerate(images):
        turned = _mirrored(np.rot90(image, turns, (-2, -1)), mirrored)
        if len(images) == _INPUTS_OF_REVISITS and index == _INPUTS_OF_REVISITS - 1:
            turned = _turned_offsets(turned, turns, mirrored)
        yield np.ascontiguousarray(turned)


def _mirrored(image: Image, mirrored: bool) -> Image:
    return image[..., ::-1] if mirrored else image


def _turned_offsets(offsets: FloatImage, turns: int, mirrored: bool) -> FloatImage:
    """Return offsets, (T, 2, h, w), rows and columns, in the directions of the turned image."""
    rows, cols = offsets[:, 0], offsets[:, 1]
    for _ in range(turns):
        rows, cols = -cols, rows
    return np.stack([rows, -cols if mirrored else cols], axis=1)
