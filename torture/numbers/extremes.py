"""Extremes: NaN, infinity, constants, checkerboards and holes in arrays, for every bundled model."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from rs_srgan import MISR, SISR, load_model
from rs_srgan.hub.names import bundled_names
from rs_srgan.pixels.radiometry import FloatImage
from torture.deadline import Deadline
from torture.numbers.attempts import check_all
from torture.numbers.images import PATTERNS, land
from torture.row import Row

_SHAPE = (29, 23)
# A result may go beyond the range of its input by that share of the range, and by that reflectance. A sensor blurs a
# checkerboard of single pixels away; a model that takes it for an image must add several times its contrast.
BEYOND_RANGE, BEYOND = 8.0, 0.2


def give_extremes(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Give every model every pattern; results are finite, in range, and without data exactly where the input is."""
    names = ["sisr-x2-rgbn"] if quick else bundled_names()
    return [check_all("extreme values, arrays", _checks(names, seed), until)]


def _checks(names: list[str], seed: int) -> Iterator[tuple[str, Callable[[], str]]]:
    for name in names:
        model = load_model(name)
        for pattern in PATTERNS:
            yield f"seed {seed}, {name}, {pattern}", partial(check_pattern, model, pattern, seed)


def check_pattern(model: SISR | MISR, pattern: str, seed: int) -> str:
    """Return what is wrong with the result of a pattern."""
    random = np.random.default_rng(seed)
    lr = PATTERNS[pattern](land((len(model.config.bands), *_SHAPE), random), random).astype(np.float32)
    sr, seen = predict(model, lr, random)
    return fault_of(lr, sr, model.scale, seen)


def predict(model: SISR | MISR, lr: FloatImage, random: np.random.Generator) -> tuple[FloatImage, list[FloatImage]]:
    """Return the result, and everything that the model saw: the image, its guide or its other views."""
    if isinstance(model, MISR):
        views = [lr, np.roll(lr, 1, axis=2), land(lr.shape, random)]
        return model.predict(views), views
    if not model.config.guide_bands:
        return model.predict(lr), [lr]
    # a guide of the same ground: where it contradicts the image, no range can be expected
    at = np.arange(len(model.config.guide_bands)) % len(lr)
    guide = lr[at].repeat(model.scale, axis=1).repeat(model.scale, axis=2)
    return model.predict(lr, guide), [lr, guide]


def fault_of(lr: FloatImage, sr: FloatImage, scale: int, seen: list[FloatImage]) -> str:
    """Return what is wrong with a result.

    Args:
        lr: the image, NaN or infinite where it has no data.
        sr: the result.
        scale: scale of the model.
        seen: all images that the model saw.
    """
    valid = np.isfinite(lr).repeat(scale, axis=1).repeat(scale, axis=2)
    if sr.shape != valid.shape:
        return f"has shape {sr.shape}; expected {valid.shape}"
    if (np.isnan(sr) == valid).any():
        return f"{int((np.isnan(sr) == valid).sum())} pixels are data without data, or the reverse"
    if not valid.any():
        return ""
    if not np.isfinite(sr[valid]).all():
        return "holds infinite values"
    values = np.concatenate([image[np.isfinite(image)] for image in seen])
    low, high = float(values.min()), float(values.max())
    room = BEYOND_RANGE * (high - low) + BEYOND
    if sr[valid].min() < low - room or sr[valid].max() > high + room:
        return f"reaches {sr[valid].min():.3f} to {sr[valid].max():.3f} of an input of {low:.3f} to {high:.3f}"
    return ""
