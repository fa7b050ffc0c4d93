"""Images of unusual numbers, as reflectance and as DN."""

from collections.abc import Callable

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage

# The largest DN of a Sentinel-2 product is reflectance 6.5535.
LARGEST = 6.5535
_Random = np.random.Generator


def land(shape: tuple[int, int, int], random: _Random) -> FloatImage:
    """Return reflectance of fields with sharp edges and noise, (C, h, w)."""
    bands, height, width = shape
    rows, cols = np.mgrid[:height, :width]
    fields = 0.08 + 0.05 * ((rows // 5 + cols // 7) % 3) + 0.03 * np.sin(rows / 3) * np.cos(cols / 4)
    image = np.stack([fields * (1 + 0.4 * band) for band in range(bands)])
    return (image + random.normal(0, 0.003, shape)).astype(np.float32)


def _holes(image: FloatImage, random: _Random) -> FloatImage:
    return np.where(random.random(image.shape[1:]) < 0.1, np.nan, image)


def _one_valid(image: FloatImage, random: _Random) -> FloatImage:
    only = np.full_like(image, np.nan)
    row, col = random.integers(image.shape[1]), random.integers(image.shape[2])
    only[:, row, col] = image[:, row, col]
    return only


def _infinite(image: FloatImage, random: _Random) -> FloatImage:
    return np.where(random.random(image.shape) < 0.05, random.choice([np.inf, -np.inf], image.shape), image)


def _band_missing(image: FloatImage, random: _Random) -> FloatImage:
    image = image.copy()
    image[random.integers(len(image))] = np.nan
    return image


def _checkerboard(low: float, high: float) -> Callable[[FloatImage, _Random], FloatImage]:
    return lambda image, _: np.where(np.indices(image.shape[1:]).sum(0) % 2, high, low) + np.zeros_like(image)


def _impulse(image: FloatImage, random: _Random) -> FloatImage:
    dark = np.zeros_like(image)
    dark[:, image.shape[1] // 2, image.shape[2] // 2] = LARGEST
    return dark


def _constant(value: float) -> Callable[[FloatImage, _Random], FloatImage]:
    return lambda image, _: np.full_like(image, value)


PATTERNS: dict[str, Callable[[FloatImage, _Random], FloatImage]] = {
    "no data": _constant(np.nan),
    "one valid pixel": _one_valid,
    "holes of one pixel": _holes,
    "infinite values": _infinite,
    "a band without data": _band_missing,
    "zeros": _constant(0),
    "a constant": _constant(0.2),
    "negative values": lambda image, _: -image,
    "65535 everywhere": _constant(LARGEST),
    "a checkerboard of 0 and 65535": _checkerboard(0, LARGEST),
    "a checkerboard of two fields": _checkerboard(0.1, 0.3),
    "one pixel of 65535": _impulse,
}


def patchwork(
    bands: int, height: int, width: int, seed: int, extreme: bool = True
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """Return DN (bands, height, width) of land with patches without data, and of extremes or of usual values.

    0 is nodata.
    """
    random = np.random.default_rng(seed)
    image = land((bands, height, width), random)
    half, third = height // 2, width // 3
    values = ("65535 everywhere", "a checkerboard of 0 and 65535") if extreme else ("a constant", "holes of one pixel")
    for index, name in enumerate(("holes of one pixel", *values, "no data", "one valid pixel")):
        row, col = (index % 2) * half, index // 2 * third
        patch = np.s_[:, row : row + half // 2, col : col + third // 2]
        image[patch] = PATTERNS[name](image[patch], random)
    dn: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]
    dn = np.nan_to_num(np.round(image * 10_000).clip(1, 65_535), nan=0).astype(np.uint16)
    return dn
