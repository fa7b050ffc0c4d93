"""Simulated revisits of a site with a known HR, and the classical reconstruction from revisits."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as F

from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.registration.align import Stack
from rs_srgan.registration.shift_field import ShiftField
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, psf_kernel, wald_mtf
from rs_srgan.sensors.projection import bicubic

COUNTS = (1, 2, 4, 8, 16)

_SHIFT_LR_PX = 1.5
_BLUR = (0.9, 1.1)
_NOISE = 7e-4
_SIDE_HR_PX = 256
_MARGIN_LR_PX = 4  # margin around the result, so that shifts bring in real ground
_ITERATIONS = 20


@dataclass(frozen=True)
class Series:
    """Views of a site, and its HR at the time of the first view.

    Attributes:
        site: name of the site.
        hr: HR, reflectance, (C, H, W).
        views: the views, reflectance, (C, h, w) each.
        masks: usable pixels of the views, (h, w) each.
        shifts: shifts of the views' content, LR pixels, (T, 2) rows and columns; None if they are not known.
        clear: pixels of HR without clouds, (H, W); None if all are clear.
        fields: shift fields of the views against the first, if they are known and the views are too small to find them.
    """

    site: str
    hr: FloatImage
    views: list[FloatImage]
    masks: list[Mask]
    shifts: FloatImage | None = None
    clear: Mask | None = None
    fields: list[ShiftField] | None = None


def simulate(name: str, image: FloatImage, scale: int, track: str, seed: int) -> Series:
    """Simulate sixteen views of an image.

    Args:
        name: name of the site.
        image: reflectance, (C, H, W), finite.
        scale: 2, 4 or 8.
        track: "A", "B" or "C", see benchmarks.revisits.
        seed: seed of shifts, noise and clouds.
    """
    random = np.random.default_rng((seed, ord(track)))
    mtf = torch.tensor(wald_mtf(SENTINEL2.mtf_nyquist(RGBN), scale))
    margin = _MARGIN_LR_PX * scale
    height, width = ((min(side, _SIDE_HR_PX + 2 * margin) - 2 * margin) // scale * scale for side in image.shape[1:])
    spectrum = np.fft.fft2(np.pad(image, ((0, 0), (margin, margin), (margin, margin)), mode="reflect"))
    views, masks, shifts = [], [], np.zeros((max(COUNTS), 2), np.float32)
    for index in range(max(COUNTS)):
        blur = 1.0 if index == 0 else random.uniform(*_BLUR)
        shifts[index] = 0 if index == 0 else random.uniform(-_SHIFT_LR_PX, _SHIFT_LR_PX, 2)
        moved = [np.fft.ifft2(ndimage.fourier_shift(band, shifts[index] * scale)).real for band in spectrum]
        fine = np.stack(moved).astype(np.float32)[:, 2 * margin :, 2 * margin :][:, :height, :width]
        view = degrade(torch.from_numpy(np.ascontiguousarray(fine))[None], scale, mtf**blur**2)[0].numpy()
        view = view + _NOISE * np.sqrt(view.clip(0.01) / 0.1) * random.standard_normal(view.shape)
        mask = np.ones(view.shape[1:], bool)
        if index and track in "BC":
            mask = ~_clouds(random, mask.shape, 0.4)
            view = np.where(mask, view, random.uniform(0.3, 0.8))
        if index and track == "C":
            view = view * random.normal(1, 0.03, (4, 1, 1)) + random.normal(0, 0.005, (4, 1, 1))
            view = np.where(_clouds(random, mask.shape, 0.1), 0.5 * view + 0.5 * random.uniform(0.3, 0.8), view)
        views.append(view.astype(np.float32))
        masks.append(mask)
    hr = image[:, margin : margin + height, margin : margin + width]
    return Series(name, hr, views, masks, shifts)


def _clouds(random: np.random.Generator, shape: tuple[int, ...], share: float) -> Mask:
    noise = ndimage.gaussian_filter(random.normal(size=shape), 5)
    covered: Mask = noise < np.quantile(noise, share)
    return covered


def shift_and_add(stack: Stack, scale: int) -> FloatImage:
    """Reconstruct an image from registered views: every sample at its place on the fine grid, then back-projections.

    Args:
        stack: the views with their masks and offsets; a view's mean offset is used.
        scale: 2, 4 or 8.

    Returns:
        reflectance, (C, h * scale, w * scale).

    Source: Irani and Peleg 1991, as simultaneous iterations (SIRT, Gilbert 1972).
    """
    mtf = torch.tensor(wald_mtf(SENTINEL2.mtf_nyquist(RGBN), scale))
    lr = torch.from_numpy(stack.views)
    mask = torch.from_numpy(stack.mask)[:, None].float()
    mask[stack.reference] = 1
    offsets = torch.from_numpy(stack.offsets).mean((2, 3))
    kernels = []
    for offset in offsets:
        rows, cols = (psf_kernel(mtf, scale, along.expand(4)) for along in offset)
        kernels.append((rows[:, :, None] * cols[:, None])[:, None])
    pad = 2 * scale

    def back(images: torch.Tensor) -> torch.Tensor:
        up = [
            F.conv_transpose2d(each[None], kernel, stride=scale, groups=4)
            for each, kernel in zip(images, kernels, strict=True)
        ]
        return torch.stack(up).sum(0)[..., pad:-pad, pad:-pad]

    weight = back(mask.expand_as(lr)).clamp(min=1e-3)
    sr = bicubic(lr[stack.reference][None], scale)
    for _ in range(_ITERATIONS):
        seen = torch.cat([degrade(sr, scale, mtf, offset[None]) for offset in offsets])
        sr = sr + back(mask * (lr - seen)) / weight
    return sr[0].numpy()
