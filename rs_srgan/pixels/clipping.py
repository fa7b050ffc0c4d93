"""Clipping: values that a data type cannot hold become its nearest value, without changing the mean of LR pixels."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage, Mask

# A block keeps its mean if clipping would change it by more than that, DN.
_TOLERANCE_DN = 1.0
# Rows that are searched at once for values outside: their copies stay in the processor's cache.
_ROWS = 32


@dataclass(frozen=True)
class Clipping:
    """Counts of clipped values. Add two of them for the counts of both images.

    Attributes:
        values: number of values.
        outside: number of values that were outside the limits.
        change: sum of the changes of blocks with values outside, DN.
    """

    values: int = 0
    outside: int = 0
    change: float = 0.0

    def __add__(self, other: "Clipping") -> "Clipping":
        return Clipping(self.values + other.values, self.outside + other.outside, self.change + other.change)

    @property
    def share(self) -> float:
        """The share of the values that were outside the limits, 0 to 1."""
        return self.outside / self.values if self.values else 0.0

    @property
    def mean_change(self) -> float:
        """The change of the mean of all values, DN."""
        return self.change / self.values if self.values else 0.0


def clip_keeping_means(
    dn: FloatImage, low: float, high: float, scale: int, valid: Mask | None = None
) -> tuple[FloatImage, Clipping]:
    """Clip an image, and keep the mean of each block of `scale` x `scale` pixels, which is an LR pixel.

    Where clipping would change the mean of a block by more than 1 DN, the other pixels of the block take the opposite
    change: their distances to the limit shrink by a common factor. A block whose mean itself is outside the limits
    becomes the limit.

    Args:
        dn: unrounded or rounded DN, (C, H, W); H and W are multiples of `scale`.
        low: the smallest DN that can be stored.
        high: the largest DN that can be stored.
        scale: side of a block, pixels.
        valid: True where the image holds data, (C, H, W), for the counts; None if it does everywhere.

    Returns:
        rounded DN from `low` to `high`, (C, H, W), and the counts.
    """
    bands, height, width = dn.shape
    stored: FloatImage = np.rint(dn)
    outside = _indices_outside(dn, low, high)
    # few blocks have values outside: the others need no work
    grid = (bands, height // scale, width // scale)
    numbers = np.unique(np.ravel_multi_index((outside[0], outside[1] // scale, outside[2] // scale), grid))
    band, row, col = np.unravel_index(numbers, grid)
    blocks = (bands, height // scale, scale, width // scale, scale)
    before = dn.reshape(blocks)[band, row, :, col]
    after = before.clip(low, high)
    mean, reached = before.mean((1, 2), dtype=np.float64), after.mean((1, 2), dtype=np.float64)
    for limit, moved in ((low, reached > mean + _TOLERANCE_DN), (high, reached < mean - _TOLERANCE_DN)):
        wanted = mean[moved].clip(low, high)
        # a block at the limit has no distance to shrink, and no mean to keep
        distance = np.where(reached == limit, 1, reached - limit)[moved]
        factor = ((wanted - limit) / distance).astype(np.float32)[:, None, None]
        after[moved] = limit + (after[moved] - limit) * factor
    after = np.rint(after).clip(low, high)
    stored.reshape(blocks)[band, row, :, col] = after
    changes, values, count = after.astype(np.float64) - before, dn.size, len(outside[0])
    if valid is not None:
        changes, values = changes[valid.reshape(blocks)[band, row, :, col]], int(valid.sum())
        count = int(valid[outside].sum())
    return stored, Clipping(values, count, float(changes.sum()))


def _indices_outside(dn: FloatImage, low: float, high: float) -> tuple[np.ndarray[Any, Any], ...]:
    """Return bands, rows and columns of the values outside the limits."""
    found = [np.empty((3, 0), np.intp)]
    for start in range(0, dn.shape[1], _ROWS):
        rows = dn[:, start : start + _ROWS]
        if rows.min() < low or rows.max() > high:
            band, row, col = np.nonzero((rows < low) | (rows > high))
            found.append(np.stack((band, row + start, col)))
    return tuple(np.concatenate(found, axis=1))
