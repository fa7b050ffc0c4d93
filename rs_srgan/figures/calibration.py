"""How well a model's uncertainty predicts its errors."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

from rs_srgan.figures.json_value import JsonValue

# Groups of equally many pixels, sorted by their half-widths.
BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Half-widths of 80 % intervals compared with errors.

    Attributes:
        coverage: share of the pixels whose error is within the half-width, 0 to 1; 0.8 is right.
        rank: Spearman's rank correlation of half-widths and errors over all pixels and bands, -1 to 1.
        rank_within_bands: mean of the rank correlations of single bands: some bands are easier than others.
        rank_if_exact: the value that `rank` would have if errors were drawn at random with exactly these half-widths.
            A half-width predicts the size of errors on average, not each error, so this is below 1; it is the lower the
            more alike the half-widths are.
        predicted: mean half-width, reflectance, of each tenth of the pixels, from the smallest half-widths to the
            largest.
        observed: half-width, reflectance, that would have held 80 % of the errors of that tenth.
    """

    coverage: float
    rank: float
    rank_within_bands: float
    rank_if_exact: float
    predicted: tuple[float, ...]
    observed: tuple[float, ...]

    @classmethod
    def from_json(cls, found: JsonValue) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InputError: a key is missing or unknown, or a value is of another kind.
        """
        names = [each.name for each in dataclasses.fields(cls)]
        found.only(names)
        tenths = ("predicted", "observed")
        values: dict[str, Any] = {
            name: found[name].numbers(BINS) if name in tenths else found[name].number() for name in names
        }
        return cls(**values)

    def to_json(self) -> dict[str, float | list[float]]:
        """Return the figures, rounded."""
        return {
            name: [float(f"{each:.4g}") for each in value] if isinstance(value, tuple) else round(value, 4)
            for name, value in vars(self).items()
        }
