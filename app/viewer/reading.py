"""What was read of an image, and how, as the browser reads it in JSON: what `rs-srgan inspect` says."""

import math
from typing import TypedDict

from app.errors import for_people
from rs_srgan.reading.inspection import Inspection
from rs_srgan.reading.survey import BandFigures


class BandReading(TypedDict):
    """Figures of a band, reflectance, and its share of valid pixels, see `BandFigures`; None without valid pixels."""

    name: str
    valid: float
    minimum: float | None
    low: float | None
    median: float | None
    high: float | None
    maximum: float | None


class Reading(TypedDict):
    """What was read of an image, see `Inspection`."""

    name: str
    kind: str
    width: int
    height: int
    pixel_size: tuple[float, float] | None
    crs: str | None
    footprint: tuple[float, float, float, float] | None
    date: str | None
    named: str
    data_type: str
    reflectance: str
    display: bool
    nodata: str
    bands: list[BandReading]
    sampled: float
    warnings: list[str]


def describe_reading(found: Inspection) -> Reading:
    """Return what was read of an image; its warnings name fields of the page in place of options."""
    return {
        "name": found.name,
        "kind": found.kind,
        "width": found.width,
        "height": found.height,
        "pixel_size": found.pixel_size,
        "crs": found.crs,
        "footprint": found.footprint,
        "date": found.date,
        "named": for_people(found.named),
        "data_type": found.data_type,
        "reflectance": found.reflectance,
        "display": found.display,
        "nodata": found.nodata,
        "bands": [_describe_band(band) for band in found.bands],
        "sampled": found.sampled,
        "warnings": [for_people(warning) for warning in found.warnings],
    }


def _describe_band(band: BandFigures) -> BandReading:
    return {
        "name": band.name,
        "valid": band.valid,
        "minimum": _known(band.minimum),
        "low": _known(band.low),
        "median": _known(band.median),
        "high": _known(band.high),
        "maximum": _known(band.maximum),
    }


def _known(value: float) -> float | None:
    """Return a value, or None for NaN, which JSON does not have."""
    return None if math.isnan(value) else value
