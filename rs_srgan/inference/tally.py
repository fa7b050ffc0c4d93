"""`Tally`: counts of the pixels of a result, and the warnings that follow from them."""

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
        self._measured = self._clipped = 0
        self._clipping = Clipping()

    def add(self, measured: int, clipped: int, clipping: Clipping) -> None:
        """Add a part that holds data; see `rs_srgan.inference.scene.Pixels` for its counts."""
        self.empty = False
        self._measured, self._clipped = self._measured + measured, self._clipped + clipped
        self._clipping += clipping

    def warnings(self, name: str, storable: str) -> list[str]:
        """Return a warning if no pixel was valid, and one if values of the input or of the result were clipped.

        Args:
            name: name of the image.
            storable: range of reflectance that the result can hold.
        """
        found, shares = [], []
        if self.empty:
            found.append(f"{name} contains no valid pixel, so the result contains no data.")
        if self._clipped:
            shares.append(f"{100 * self._clipped / self._measured:.3g} % of the values are outside {storable}")
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
