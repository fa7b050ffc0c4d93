"""Colours for reflectance: composites, stretches and colour scales."""

from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from app.viewer.layers import IMAGES, View
from rs_srgan import InputError, SISRConfig
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors import find_sensor

NDVI = "NDVI"
# Composites by the names that all sensors give their bands, then those of single sensors.
_COMPOSITES = {"True colour": ("RED", "GREEN", "BLUE"), "False colour": ("NIR", "RED", "GREEN")}
_OWN_COMPOSITES = {"sentinel2": {"Short-wave": ("B12", "B8A", "B05")}}
# Tucker 1979; water is below 0, closed vegetation reaches 0.9.
_NDVI_BANDS, _NDVI_RANGE = ("NIR", "RED"), (-0.2, 0.9)

# Two colour scales, as evenly spaced colours from low to high. Colour-blind people can read them, too.
_HEAT = ((13, 16, 38), (64, 27, 91), (136, 38, 99), (203, 66, 78), (244, 128, 46), (252, 206, 74), (252, 252, 200))
_GREENS = ((84, 48, 5), (166, 113, 44), (223, 194, 125), (245, 245, 220), (151, 200, 110), (48, 138, 66), (0, 68, 27))

Shown = np.ndarray[Any, np.dtype[np.uint8]]
Scale = tuple[tuple[int, int, int], ...]
# The two ends of a colour scale, their unit, and its colours. "from" is a keyword.
Legend = TypedDict("Legend", {"from": float, "to": float, "unit": str, "colours": Scale})

_LIMITS = {"cut": (0.0, 20.0), "gamma": (0.2, 5.0)}


def composites(config: SISRConfig) -> dict[str, tuple[str, ...]]:
    """Return the composites of a model's bands by name: the bands for red, green and blue, or one band for grey."""
    sensor = find_sensor(config.sensor)
    named = {
        name: tuple(sensor.band_named(word) or "" for word in words)
        for name, words in (_COMPOSITES | {NDVI: _NDVI_BANDS}).items()
    }
    ndvi = {NDVI: named.pop(NDVI)}
    possible = named | _OWN_COMPOSITES.get(sensor.name, {}) | ndvi
    shown = {name: bands for name, bands in possible.items() if set(bands) <= set(config.bands)}
    return shown | {band: (band,) for band in config.bands}


@dataclass(frozen=True)
class Style:
    """The colours of a picture.

    Attributes:
        composite: a key of `composites`.
        cut: share of pixels that become black, and of those that become white, in per cent, 0 to 20.
        gamma: exponent of the stretch, 0.2 to 5; above 1 dark pixels become brighter.

    Raises:
        InputError: a number is out of range.
    """

    composite: str
    cut: float = 0.5
    gamma: float = 1.4

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{name} is {getattr(self, name):g}; expected {low:g} to {high:g}.")


def shown_bands(view: View, style: Style) -> tuple[str, ...]:
    """Return the bands of a composite.

    Raises:
        InputError: the result has not all bands of the composite.
    """
    known = composites(view.config)
    if style.composite not in known:
        raise InputError(f"There is no composite {style.composite!r:.40}; expected one of {', '.join(known)}.")
    return known[style.composite]


def colour(view: View, layer: str, pixels: FloatImage, style: Style) -> Shown:
    """Return display values (H, W, 4) for reflectance (C, H, W) of a layer in all bands; NoData is transparent."""
    bands = shown_bands(view, style)
    shown = pixels[view.indexes(bands)]
    valid = np.isfinite(shown).all(0)
    if layer not in IMAGES:
        picture = _ramp(np.nan_to_num(shown).mean(0) / view.top(layer, bands), _HEAT)
    elif style.composite == NDVI:
        infrared, red = np.nan_to_num(shown)
        index = (infrared - red) / np.maximum(infrared + red, 1e-6)
        low, high = _NDVI_RANGE
        picture = _ramp((index - low) / (high - low), _GREENS)
    else:
        picture = view.stretch(bands, style.cut, style.gamma).apply(np.nan_to_num(shown))
        picture = picture if picture.shape[2] == 3 else picture.repeat(3, axis=2)
    return np.dstack([picture, np.where(valid, 255, 0).astype(np.uint8)])


def legend(layer: str, view: View, style: Style) -> Legend | None:
    """Return the legend of a layer that has a colour scale, else None."""
    if layer not in IMAGES:
        return {"from": 0, "to": view.top(layer, shown_bands(view, style)), "unit": "reflectance", "colours": _HEAT}
    if style.composite == NDVI:
        return {"from": _NDVI_RANGE[0], "to": _NDVI_RANGE[1], "unit": "NDVI", "colours": _GREENS}
    return None


def _ramp(share: FloatImage, corners: Scale) -> Shown:
    """Return the colours of a scale for values from 0 to 1."""
    table = np.array(corners, float)
    steps = np.linspace(0, 1, len(table))
    channels = [np.interp(share, steps, table[:, channel]) for channel in range(3)]
    picture: Shown = np.rint(np.dstack(channels)).astype(np.uint8)
    return picture
