"""Clipping: values that a data type cannot hold become its nearest value, without changing the mean of LR pixels."""

from dataclasses import dataclass

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage, Mask

# A block keeps its mean if clipping would change it by more than that, DN.
_TOLERANCE_DN = 1.0


@dataclass(frozen=True)
class Clipping:
    """Counts of clipped values. Add two of them for the counts of both images.

    Attributes:
        values: number of values.
        outside: number of values that were outside the limits.
        change: sum of the changes of all values, DN.
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
    clipped = dn.clip(low, high)
    bands, height, width = dn.shape
    shape = (bands, height // scale, scale, width // scale, scale)
    before, after = dn.reshape(shape), clipped.reshape(shape)
    mean, reached = before.mean((2, 4), dtype=np.float64), after.mean((2, 4), dtype=np.float64)
    for limit, moved in ((low, reached > mean + _TOLERANCE_DN), (high, reached < mean - _TOLERANCE_DN)):
        band, row, col = np.nonzero(moved)
        wanted = mean[band, row, col].clip(low, high)
        # a block at the limit has no distance to shrink, and no mean to keep
        distance = np.where(reached == limit, 1, reached - limit)[band, row, col]
        factor = ((wanted - limit) / distance).astype(np.float32)[:, None, None]
        after[band, row, :, col] = limit + (after[band, row, :, col] - limit) * factor
    stored: FloatImage = np.rint(after.reshape(dn.shape)).clip(low, high)
    counted = np.ones(dn.shape, bool) if valid is None else valid
    outside = ((dn < low) | (dn > high)) & counted
    change = float((stored.astype(np.float64) - dn)[counted].sum())
    return stored, Clipping(int(counted.sum()), int(outside.sum()), change)
