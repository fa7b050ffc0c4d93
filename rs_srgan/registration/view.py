"""Views: pixels of a revisit on the grid of a reference, to the nearest pixel, and in the reference's tones.

Images in memory and open files are aligned by the same code: see `align` and `inference.series`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol

import numpy as np
from scipy import ndimage

from rs_srgan.pixels.radiometry import FloatImage, Image, Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.registration.shift_field import LEAST_CONFIDENCE, Comparable, Read, ShiftField
from rs_srgan.registration.tones import Tones
from rs_srgan.sensors.offsets import LARGEST_OFFSET_LR_PX

# Windows of the reference whose pixels are kept.
_KEPT_WINDOWS = 16


@dataclass(frozen=True)
class Pixels:
    """The pixels of a revisit on its own grid, in memory or in files.

    Attributes:
        read: function that reads a window: reflectance, (C, h, w), and which pixels count, (h, w).
        read_gray: function that reads one band of a window for registration, (h, w), and which pixels count, (h, w).
        bands: number of bands.
        height: number of rows.
        width: number of columns.
    """

    read: Callable[[Window], tuple[FloatImage, Mask]]
    read_gray: Read
    bands: int
    height: int
    width: int


class Positions(Protocol):
    """Positions of a reference's pixels in a view, as far as the grids tell.

    Attributes:
        turn: matrix (2, 2) from steps in rows and columns of the view to steps in the reference.
    """

    turn: Image

    def at(self, window: Window) -> Image:
        """Return the positions of the pixels of a window, rows and columns, (2, h, w)."""
        ...


class SamePositions:
    """Positions in a view that has the reference's grid."""

    def __init__(self) -> None:
        self.turn: Image = np.eye(2)

    def at(self, window: Window) -> Image:
        """Return the positions of the pixels of a window, rows and columns, (2, h, w)."""
        rows, cols = slice(window.row, window.row + window.height), slice(window.col, window.col + window.width)
        positions: Image = np.mgrid[rows, cols].astype(float)
        return positions


class Reference:
    """The revisit that the others are registered to; it keeps windows, since all views are compared with the same."""

    def __init__(self, source: Pixels) -> None:
        self.read_gray = cache(source.read_gray)
        self.read = lru_cache(maxsize=_KEPT_WINDOWS)(source.read)


class View:
    """A revisit on the reference's grid.

    Args:
        source: the pixels of the revisit.
        positions: positions of the reference's pixels in the revisit.
        reference: the reference.
        origin: the part of the reference that is registered.
        samples: windows of the reference from which the tones are found.
        stride: step between the pixels from which the tones are found, along each axis.
        field: shifts against the reference in `origin`, if they are known; by default they are found.

    Attributes:
        field: shifts against the reference, pixels of the reference, in `origin`.
        tones: the tones against the reference; None if the view is not registered.
    """

    def __init__(
        self,
        source: Pixels,
        positions: Positions,
        reference: Reference,
        origin: Window,
        samples: Sequence[Window],
        stride: int = 1,
        field: ShiftField | None = None,
    ) -> None:
        self._source, self._positions, self._origin = source, positions, origin
        self.field = self._find_shifts(reference) if field is None else field
        self._back: Image = np.linalg.inv(positions.turn)
        self._kept: dict[Window, tuple[FloatImage, Mask, FloatImage]] = {}
        self.tones = self._find_tones(reference, samples, stride) if self.registered else None

    def _find_shifts(self, reference: Reference) -> ShiftField:
        origin, source = self._origin, self._source
        return ShiftField.find(
            Comparable(
                lambda window: reference.read_gray(window.moved(origin)),
                lambda window: reference.read(window.moved(origin)),
            ),
            Comparable(
                lambda window: self._compared(window.moved(origin), source.read_gray),
                lambda window: self._compared(window.moved(origin), source.read),
            ),
            origin.height,
            origin.width,
        )

    @property
    def registered(self) -> bool:
        """True if its shift is known."""
        return self.field.confidence >= LEAST_CONFIDENCE

    def pixels(self, window: Window) -> tuple[FloatImage, Mask, FloatImage]:
        """Return the nearest pixels to those of a window inside the reference.

        Returns:
            reflectance in the reference's tones, (C, h, w); True where they count, (h, w); and the offsets from the
            reference's pixels to the places where they were sampled, LR pixels of the reference, (2, h, w).
        """
        image, counts, offsets = self._nearest(window)
        return (self.tones.apply(image) if self.tones else image), counts, offsets

    def keep(self, windows: Sequence[Window]) -> None:
        """Keep the pixels of windows that are needed several times, instead of those kept so far."""
        self._kept = {window: self._nearest(window) for window in windows}

    def _nearest(self, window: Window) -> tuple[FloatImage, Mask, FloatImage]:
        if window in self._kept:
            return self._kept[window]
        shift = self.field.at(window.relative_to(self._origin))
        positions = self._positions.at(window) + _turned(self._back, shift)
        nearest = np.rint(positions)
        offsets = _turned(self._positions.turn, nearest - positions).astype(np.float32)
        offsets = np.nan_to_num(offsets).clip(-LARGEST_OFFSET_LR_PX, LARGEST_OFFSET_LR_PX)
        image, counts, inside, box = self._read(nearest, 0, self._source.read)
        if image is None:
            size = (self._source.bands, window.height, window.width)
            return np.zeros(size, np.float32), inside, offsets
        row, col = (
            np.where(inside, each, start).astype(np.int64) - start for each, start in zip(nearest, box, strict=True)
        )
        return image[:, row, col], counts[row, col] & inside, offsets

    def _compared(self, window: Window, read: Read) -> tuple[FloatImage, Mask]:
        """Return one or all bands at the positions that the grids give, interpolated linearly, for registration."""
        positions = self._positions.at(window)
        image, counts, inside, box = self._read(positions, 1, read)
        if image is None:
            return np.zeros((window.height, window.width), np.float32), inside
        at = np.where(inside, positions, 0) - np.array(box)[:, None, None] * inside
        bands = image.reshape(-1, *image.shape[-2:])
        moved = np.stack([ndimage.map_coordinates(band, at, order=1, mode="nearest") for band in bands])
        near = np.rint(at).astype(np.int64)
        near = [each.clip(0, side - 1) for each, side in zip(near, counts.shape, strict=True)]
        return moved.reshape(*image.shape[:-2], window.height, window.width), counts[*near] & inside

    def _read(
        self, positions: FloatImage, margin: int, read: Read
    ) -> tuple[FloatImage | None, Mask, Mask, tuple[int, int]]:
        """Return pixels around positions in this view, where they count, which positions are inside, and the corner."""
        height, width = self._source.height, self._source.width
        with np.errstate(invalid="ignore"):
            inside = (positions > -0.5).all(0) & (positions[0] < height - 0.5) & (positions[1] < width - 0.5)
        if not inside.any():
            return None, inside, inside, (0, 0)
        low = [int(np.floor(each[inside].min())) - margin for each in positions]
        high = [int(np.ceil(each[inside].max())) + margin + 1 for each in positions]
        box = Window(low[0], low[1], high[0] - low[0], high[1] - low[1]).clipped(height, width)
        image, counts = read(box)
        return image, counts, inside, (box.row, box.col)

    def _find_tones(self, reference: Reference, samples: Sequence[Window], stride: int) -> Tones:
        """Return the tones from every `stride`th pixel, along each axis, of windows."""
        fixed, own, both = [], [], []
        self.keep(samples)
        for sample in samples:
            image, counts = reference.read(sample)
            view, view_counts, _ = self._nearest(sample)
            few = (slice(None, None, stride),) * 2
            fixed.append(image[:, *few].reshape(len(image), -1))
            own.append(view[:, *few].reshape(len(view), -1))
            both.append((counts & view_counts)[few].ravel())
        return Tones.of(np.concatenate(fixed, 1), np.concatenate(own, 1), np.concatenate(both))


def _turned(matrix: Image, steps: Image) -> Image:
    """Return a matrix times the vector of every pixel, (2, h, w)."""
    (a, b), (c, d) = matrix
    return np.stack([a * steps[0] + b * steps[1], c * steps[0] + d * steps[1]])
