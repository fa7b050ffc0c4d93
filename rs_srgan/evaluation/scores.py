"""The figures that an image gets, and their means."""

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np

from rs_srgan.evaluation.images import Case
from rs_srgan.evaluation.protocol import Restored
from rs_srgan.pixels.radiometry import FloatImage

Method = Literal["bicubic", "back_projection", "model", "hr"]
# For people, in the order of the tables.
METHODS: dict[Method, str] = {
    "bicubic": "bicubic",
    "back_projection": "bicubic + 3 back-projections",
    "model": "model",
    "hr": "HR itself",
}


@dataclass(frozen=True)
class Measure:
    """What a figure is.

    Attributes:
        title: with its unit.
        short: where there is little room.
        digits: behind the point.
        better: the larger value (1), the smaller (-1), or neither (0).
    """

    title: str
    short: str
    digits: int
    better: int


def _measured(title: str, short: str, digits: int, better: int) -> Any:  # noqa: ANN401
    return field(default=math.nan, metadata={"measure": Measure(title, short, digits, better)})


@dataclass(frozen=True)
class Scores:
    """What one method scored on one image, or in the mean; NaN and () for what has no meaning there."""

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
    spectrum_db: tuple[float, ...] = ()  # at spectrum.FREQUENCIES; against HR, or against bicubic where there is none
    frc: tuple[float, ...] = ()  # at spectrum.FREQUENCIES; with HR

    @classmethod
    def mean(cls, scores: Iterable[Self]) -> Self:
        """The mean of each figure over what has it."""
        several = list(scores)
        means: dict[str, Any] = {}
        for name in (each.name for each in dataclasses.fields(cls)):
            values = [value for each in several if (value := getattr(each, name)) != ()]
            if isinstance(getattr(cls, name), float):
                means[name] = _mean(values)
            else:
                means[name] = tuple(_mean(column) for column in zip(*values, strict=True))
        return cls(**means)

    def to_json(self) -> dict[str, Any]:
        """What has a value; infinity, for which JSON has no word, as null."""

        def number(value: float) -> float | None:
            return float(f"{value:.6g}") if math.isfinite(value) else None

        content: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, tuple):
                content |= {name: [number(each) for each in value]} if value else {}
            elif not math.isnan(value):
                content[name] = number(value)
        return content


@dataclass(frozen=True)
class Scored:
    """An image with its figures, and what pictures show of it.

    Attributes:
        case: what was evaluated.
        restored: what every method made of it.
        scores: by method.
        seen: what the sensor would see of the model's result, (C, h, w).
        classes: of the model's result, (H, W), see `opensr.Correctness`; None without a reference.
    """

    case: Case
    restored: Restored
    scores: dict[Method, Scores]
    seen: FloatImage
    classes: np.ndarray[Any, np.dtype[np.int8]] | None


MEASURES: dict[str, Measure] = {
    each.name: each.metadata["measure"] for each in dataclasses.fields(Scores) if "measure" in each.metadata
}


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
