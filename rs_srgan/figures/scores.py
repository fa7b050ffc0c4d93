"""The figures that one method gets on an image, and their means."""

import dataclasses
import math
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np

from rs_srgan.figures.json_value import JsonValue, rounded

Method = Literal["bicubic", "back_projection", "glp", "model", "hr"]
# The titles of the methods, in the order of the tables.
METHODS: dict[Method, str] = {
    "bicubic": "bicubic",
    "back_projection": "bicubic + 3 back-projections",
    "glp": "MTF-GLP + back-projection",
    "model": "model",
    "hr": "HR itself",
}
# The methods that make an image from LR, whatever the model. MTF-GLP is there only if the model has a guide: it sees
# the same input.
COMPARED: tuple[Method, ...] = ("bicubic", "back_projection", "model")

ScoresJson = dict[str, float | list[float | None] | None]


@dataclass(frozen=True)
class Measure:
    """The description of a figure.

    Attributes:
        title: its name with its unit.
        short: its name where there is little room.
        digits: digits after the decimal point.
        better: 1 if a larger value is better, -1 if a smaller one is, 0 if neither.
    """

    title: str
    short: str
    digits: int
    better: int


def _measured(title: str, short: str, digits: int, better: int) -> Any:  # noqa: ANN401
    return field(default=math.nan, metadata={"measure": Measure(title, short, digits, better)})


@dataclass(frozen=True)
class Scores:
    """The figures of one method on one image, or their mean; NaN and () for figures that do not apply."""

    psnr_db: float = _measured("PSNR, dB", "PSNR", 2, 1)
    rmse: float = _measured("RMSE, reflectance", "RMSE", 5, -1)
    ssim: float = _measured("SSIM", "SSIM", 4, 1)
    sam_deg: float = _measured("SAM, degrees", "SAM", 3, -1)
    ergas: float = _measured("ERGAS", "ERGAS", 3, -1)
    cpsnr_db: float = _measured("cPSNR, dB", "cPSNR", 2, 1)
    cssim: float = _measured("cSSIM", "cSSIM", 4, 1)
    shift_px: float = _measured("shift of the best cPSNR, HR px", "shift", 2, -1)
    resolved: float = _measured("FRC with HR above 0.5 up to, of Nyquist", "FRC > 0.5 to", 3, 1)
    synthesis: float = _measured("opensr-test synthesis", "synthesis", 5, 0)
    improvement: float = _measured("opensr-test improvement", "improved", 3, 1)
    omission: float = _measured("opensr-test omission", "omitted", 3, -1)
    hallucination: float = _measured("opensr-test hallucination", "made up", 3, -1)
    reflectance: float = _measured("opensr-test reflectance", "reflectance", 5, 0)
    spectral_deg: float = _measured("opensr-test spectral, degrees", "spectral", 3, 0)
    spatial_px: float = _measured("opensr-test spatial, LR px", "spatial", 4, 0)
    sensor: float = _measured("mean abs(LR - D(SR)), reflectance", "LR-D(SR)", 5, -1)
    sensor_frc: float = _measured("FRC of LR with D(SR), lowest ring", "FRC", 5, 1)
    tiles: float = _measured("largest difference, tiles to whole", "tiles", 7, -1)
    coverage: float = _measured("within the 80 % interval", "within 80 %", 3, 0)
    rank: float = _measured("rank correlation of error and uncertainty", "rank", 3, 1)
    band_psnr_db: tuple[float, ...] = ()  # in the order of the model's bands
    spectrum_db: tuple[float, ...] = ()  # at spectrum.FREQUENCIES; against HR, or against bicubic where there is no HR
    frc: tuple[float, ...] = ()  # at spectrum.FREQUENCIES; with HR

    @classmethod
    def mean(cls, scores: Iterable[Self]) -> Self:
        """Average each figure over the scores that have it."""
        several = list(scores)
        means: dict[str, Any] = {}
        for name in (each.name for each in dataclasses.fields(cls)):
            values = [value for each in several if (value := getattr(each, name)) != ()]
            if isinstance(getattr(cls, name), float):
                means[name] = _mean(values)
            else:
                means[name] = tuple(_mean(column) for column in zip(*values, strict=True))
        return cls(**means)

    @classmethod
    def from_json(cls, found: JsonValue) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InputError: a key that is no figure, or a value that is not a number.
        """
        values: dict[str, Any] = {}
        for name, value in found.only(each.name for each in dataclasses.fields(cls)).items():
            values[name] = value.number(null=math.inf) if name in MEASURES else value.numbers()
        return cls(**values)

    def to_json(self) -> ScoresJson:
        """Return the figures that have a value; infinity, which JSON lacks, as null."""
        content: ScoresJson = {}
        for name, value in vars(self).items():
            if isinstance(value, tuple):
                content |= {name: [rounded(each) for each in value]} if value else {}
            elif not math.isnan(value):
                content[name] = rounded(value)
        return content


MEASURES: dict[str, Measure] = {
    each.name: each.metadata["measure"] for each in dataclasses.fields(Scores) if "measure" in each.metadata
}


def compared(figures: Container[Method]) -> tuple[Method, ...]:
    """Return the methods that make an image and have figures, in the order of the tables."""
    return tuple(method for method in METHODS if method != "hr" and method in figures)


def baseline(figures: Container[Method]) -> Method:
    """Return the best method without learning that sees the model's input: MTF-GLP if there is a guide."""
    return "glp" if "glp" in figures else "back_projection"


def by_method(found: JsonValue) -> dict[Method, Scores]:
    """Read the scores of several methods.

    Raises:
        InputError: one of COMPARED is missing, or there is a method that is not known.
    """
    for method in COMPARED:
        _ = found[method]
    named: dict[str, Method] = {method: method for method in METHODS}
    return {named[name]: Scores.from_json(scores) for name, scores in found.only(METHODS).items()}


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
