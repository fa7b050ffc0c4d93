"""Stand-ins for the 20 m bands, made of images that have the 10 m bands only.

Few images have all bands on the sensor's own grid, and a network learns them by heart. A stand-in is made of the 10 m
bands of any image. What the network has to learn is alike: the bands differ from the guide by kinds of ground, and
have detail that the guide lacks.
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy import ndimage

from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.sensors import SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from train.data.sources import Site

# Kinds of ground of an image, and standard deviation of the logarithm of a factor for each band and kind.
_KINDS, _SPREAD = 6, 0.2
# Width of the transition between kinds, as a share of the standard deviation of the spectra.
_SOFTNESS = 0.5
# Standard deviation of the share of detail that the guide does not show, and reach of this detail, pixels.
_OWN_DETAIL, _OWN_REACH_PX = 0.2, 2.0


def fit_bands(sites: Sequence[Site], own: int) -> list[FloatImage]:
    """Return the linear fit of the bands by the guide of every image, (bands, guide bands + 1), the constant last.

    Args:
        sites: images whose first `own` bands are the bands, and the others the guide.
        own: number of the bands.
    """
    fits = []
    for image in (image for site in sites for image in site.images):
        pixels = image[:, np.isfinite(image).all(0)].astype(np.float64)
        guide = np.vstack([pixels[own:], np.ones(pixels.shape[1])])
        fits.append(np.linalg.lstsq(guide.T, pixels[:own].T, rcond=None)[0].T.astype(np.float32))
    return fits


def stand_in_sites(
    sites: Sequence[Site],
    fits: Sequence[FloatImage],
    bands: tuple[str, ...],
    guide_bands: tuple[str, ...],
    seed: int = 0,
) -> list[Site]:
    """Return sites with stand-ins for bands at 20 m, the 10 m bands behind them, as `guided_sites` does.

    Both are at twice the pixel size of the images, as the sensor would see them there: a band at 20 m is sharper, for
    its pixels, than one at 10 m, and so are the stand-ins.

    Args:
        sites: images with the guide bands.
        fits: the result of `fit_bands`.
        bands: names of the bands at 20 m.
        guide_bands: names of the bands at 10 m.
        seed: seed of all random numbers.
    """
    own, guide = (wald_mtf(SENTINEL2.mtf_nyquist(names), 2) for names in (bands, guide_bands))
    made = []
    for number, site in enumerate(sites):
        random = np.random.default_rng((seed, number))
        images = []
        for image in site.images:
            even = image[:, : image.shape[1] // 2 * 2, : image.shape[2] // 2 * 2]
            holes: Mask = np.isnan(even).max(0)
            seen = np.nan_to_num(even)
            both = [(_stand_in(seen, np.logical_not(holes), fits, random), own), (seen, guide)]
            coarse = [degrade(torch.from_numpy(each)[None], 2, mtf)[0].numpy() for each, mtf in both]
            empty = holes.reshape(holes.shape[0] // 2, 2, -1, 2).any((1, 3))
            images.append(np.where(empty, np.float32(np.nan), np.concatenate(coarse)))
        made.append(Site(f"stand-in/{site.name}", tuple(images)))
    return made


def _stand_in(image: FloatImage, valid: Mask, fits: Sequence[FloatImage], random: np.random.Generator) -> FloatImage:
    """Return stand-ins on the grid of an image of 10 m, (bands, H, W)."""
    one, other = (fits[int(random.integers(len(fits)))] for _ in range(2))
    share = random.uniform()
    fit = share * one + (1 - share) * other
    ground: FloatImage = (np.tensordot(fit[:, :-1], image, 1) + fit[:, -1, None, None]).astype(np.float32)
    # each pixel belongs to the kinds of ground whose spectrum is like its own
    pixels = image[:, valid]
    if not pixels.size:
        return ground
    spread = pixels.std(1).clip(1e-4)[:, None, None]
    centres = pixels[:, random.integers(pixels.shape[1], size=_KINDS)]
    distances = np.stack([(((image - c[:, None, None]) / spread) ** 2).mean(0) for c in centres.T])
    likeness = np.exp(-(distances - distances.min(0)) / (2 * _SOFTNESS**2))
    factors = np.exp(_SPREAD * random.standard_normal((len(fit), _KINDS)))
    ground = ground * np.tensordot(factors, likeness / likeness.sum(0), 1)
    # detail of the same image turned round, which the guide shows elsewhere
    turned = ground[:, ::-1, ::-1]
    detail = turned - ndimage.gaussian_filter(turned, (0, _OWN_REACH_PX, _OWN_REACH_PX))
    ground = ground + _OWN_DETAIL * random.standard_normal((len(fit), 1, 1)) * detail
    made: FloatImage = ground.clip(0).astype(np.float32)
    return made
