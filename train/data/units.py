"""Reflectance of files whose tags do not say it: the scale and offset that a configuration gives."""

import math
from dataclasses import dataclass

from rs_srgan.errors import InputError
from rs_srgan.reading.stated import Stated


@dataclass(frozen=True)
class Reflectance:
    """Conversion of stored values: `reflectance = value * scale + offset`, instead of the tags of the files.

    Attributes:
        scale: reflectance per unit of the stored values, for example 2.75e-5 for Landsat Collection 2.
        offset: reflectance at the stored value 0, for example -0.2.

    Raises:
        InputError: the scale is not in (0, 1], or the offset is not finite.
    """

    scale: float = 1e-4
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.scale <= 1 and math.isfinite(self.offset)):
            raise InputError(
                f"reflectance has scale {self.scale} and offset {self.offset}; expected a scale in (0, 1] and a "
                "finite offset, for example {scale: 2.75e-5, offset: -0.2}."
            )

    @property
    def stated(self) -> Stated:
        """Return what this conversion states to the reader of a file."""
        return Stated(scale=self.scale, offset=self.offset / self.scale)


def stated_of(reflectance: Reflectance | None) -> Stated:
    """Return what a configuration states to the reader of a file: nothing without a conversion."""
    return reflectance.stated if reflectance else Stated()
