"""`Stated`: what a user states about an image, instead of what the file says."""

import math
from dataclasses import dataclass

from rs_srgan.errors import InputError

# As `Stated.nodata`: every pixel holds data.
NO_NODATA = "none"


@dataclass(frozen=True)
class Stated:
    """What a user states about an image; None leaves the question to the file.

    Attributes:
        offset: DN to add before scaling; -1000 for Sentinel-2 pixels since baseline 04.00 that were saved without tags.
        scale: reflectance of one DN, instead of all scale and offset tags; 0.0001 for Sentinel-2.
        nodata: value without data in each band; "none" if every pixel holds data.
        band_names: names of the file's bands in the file's order, "-" for a band that is not wanted.

    Raises:
        InputError: offset or nodata is no finite number, or scale is not in (0, 1].
    """

    offset: float | None = None
    scale: float | None = None
    nodata: float | str | None = None
    band_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.offset is not None:
            expected = "a number of DN, for example -1000"
            object.__setattr__(self, "offset", _finite("offset", self.offset, expected))
        if self.scale is not None:
            expected = "the reflectance of one DN, in (0, 1]: 0.0001, or 1/65535"
            scale = _finite("scale", self.scale, expected)
            if not 0 < scale <= 1:
                raise InputError(f"The scale is {scale:g}; expected {expected}.")
            object.__setattr__(self, "scale", scale)
        if self.nodata is not None and self.nodata != NO_NODATA:
            object.__setattr__(self, "nodata", _finite("nodata value", self.nodata, "a number, or none"))


def _finite(what: str, value: object, expected: str) -> float:
    """Return a value as a plain finite float, which JSON can hold."""
    try:
        plain = float(value)  # type: ignore[arg-type]  # raises TypeError for other values
    except (TypeError, ValueError):
        plain = math.nan
    if not math.isfinite(plain):
        raise InputError(f"The {what} is {value}; expected {expected}.")
    return plain
