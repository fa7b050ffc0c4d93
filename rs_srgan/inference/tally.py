"""`Tally`: counts of the pixels of a result, and the warnings that follow from them."""

from collections.abc import Sequence
from itertools import zip_longest

from rs_srgan.pixels.clipping import Clipping

# A change of the mean that a warning need not state, DN.
_LITTLE_DN = 5.0


class Tally:
    """Counts over the parts of a scene.

    Attributes:
        empty: True while no part held data.
    """

    def __init__(self) -> None:
        self.empty = True
        self._measured: list[int] = []  # for each band
        self._clipped = 0
        self._clipping = Clipping()

    def add(self, measured: Sequence[int], clipped: int, clipping: Clipping) -> None:
        """Add a part that holds data; see `rs_srgan.inference.scene.Pixels` for its counts."""
        self.empty = False
        self._measured = [sum(pair) for pair in zip_longest(self._measured, measured, fillvalue=0)]
        self._clipped += clipped
        self._clipping += clipping

    def warnings(self, name: str, bands: Sequence[str], storable: str) -> list[str]:
        """Return a warning if no pixel of a band was valid, and one if values of input or result were clipped.

        Args:
            name: name of the image.
            bands: names of its bands; none if some parts were not counted.
            storable: range of reflectance that the result can hold.
        """
        found, shares = [], []
        if self.empty:
            found.append(f"{name} contains no valid pixel, so the result contains no data.")
        without = [band for band, count in zip(bands, self._measured, strict=False) if not count]
        if without and not self.empty:
            found.append(
                f"{name}: {', '.join(without)} held no valid pixel, so the result has none there. Check the band."
            )
        if self._clipped:
            shares.append(f"{100 * self._clipped / sum(self._measured):.3g} % of the values are outside {storable}")
        if self._clipping.outside:
            shares.append(f"{100 * self._clipping.share:.3g} % of the result's values are outside {storable}")
        if shares:
            what = " and ".join(shares)
            found.append(f"{name}: {what}, the range of the result's DN, and were clipped.{self._remedy()}")
        return found

    def _remedy(self) -> str:
        """Return by how much clipping moved the mean, if that is more than a little, and how to avoid it."""
        change = self._clipping.mean_change
        what = f"The mean of the result changed by less than {_LITTLE_DN:g} DN."
        if abs(change) > _LITTLE_DN:
            what = f"This changed the mean of the result by {change:+.0f} DN, because whole LR pixels are outside."
        return f" {what} To keep all values: --dtype float32 (dtype)."
