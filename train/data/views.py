"""Simulated revisits: views of a place with shifts, clouds and changes, made from the dates that the place has."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from rs_srgan.sensors.offsets import LARGEST_OFFSET_LR_PX
from train.data.degradation import SensorJitter, simulate_lr

# Size of the clouds: spacing of the random values that they are interpolated from, LR pixels.
_CLOUD_LR_PX = 6
# Size of the fields that grow, the same spacing, and number of kinds of fields.
_FIELD_LR_PX, _FIELDS = 5, 6
# Size of the haze, the same spacing, and haze per band relative to that of the first band.
_HAZE_LR_PX = 16


@dataclass(frozen=True)
class RevisitsConfig:
    """Differences between views that lie on the reference's grid to the nearest pixel and have harmonised tones.

    Attributes:
        fewest: least number of views in a batch, the reference included.
        most: greatest number of views in a batch, and the number of views in validation.
        blur: standard deviation of the width of the PSF between the views of a place, as a factor.
        registration_error: standard deviation of the error in the offsets that the model gets, LR pixels.
        misregistered_share: share of the views with a larger error, as on ground that no single shift aligns.
        misregistration: standard deviation of that larger error, LR pixels.
        gain: standard deviation of the gain of each band, as a factor.
        bias: standard deviation of the bias of each band, reflectance.
        small_share: share of the views whose shift is small, as between products of one orbit; the shifts of the
            others are anything up to half a pixel.
        small_shift: standard deviation of the small shifts, LR pixels.
        growth: standard deviation of the logarithm of a factor for each band and kind of field: plants grow, soil
            dries. Fields have sharp edges.
        haze: greatest reflectance of a smooth haze.
        other_date_share: share of the views that show another date, where a place has other dates.
        masked_share: share of the views with clouds that the mask marks.
        cloudy_share: share of the views with clouds that the mask does not mark.
        strength: least and greatest factor on all differences but shifts and clouds, drawn for each place. From 0 on,
            some places stay nearly the same, and a model can learn to tell them from others.
        scale_registration_error: whether `strength` also multiplies `registration_error`.
    """

    fewest: int = 2
    most: int = 9
    blur: float = 0.05
    registration_error: float = 0.03
    misregistered_share: float = 0.2
    misregistration: float = 0.2
    gain: float = 0.01
    bias: float = 0.002
    small_share: float = 0.0
    small_shift: float = 0.15
    growth: float = 0.0
    haze: float = 0.0
    other_date_share: float = 0.5
    masked_share: float = 0.4
    cloudy_share: float = 0.15
    strength: tuple[float, float] = (1.0, 1.0)
    scale_registration_error: bool = True


class Views(NamedTuple):
    """Revisits of a place, as `MISR.forward` takes them.

    Attributes:
        lr: reflectance, (B, T, C, h, w), the reference first.
        mask: True where a view is usable, bool, (B, T, h, w).
        offsets: sub-pixel offsets, rows and columns in LR pixels, (B, T, 2, h, w).
    """

    lr: Tensor
    mask: Tensor
    offsets: Tensor


def simulate_views(
    dates: Tensor,
    count: int,
    scale: int,
    mtf_nyquist: tuple[float, ...],
    jitter: SensorJitter,
    config: RevisitsConfig,
    random: torch.Generator,
) -> Views:
    """Return revisits of a place, on the grid of the first one to the nearest pixel.

    Args:
        dates: HR images of the place, reflectance, (B, K, C, H, W); the first one is the truth.
        count: number of views, T.
        scale: HR pixels per LR pixel along each axis: 2, 4 or 8.
        mtf_nyquist: MTF of the sensor at Nyquist, one value per band.
        jitter: random variation of the sensor from view to view.
        config: further differences between the views.
        random: random numbers, on the CPU.
    """
    batch, others, bands = dates.shape[:3]

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=random).to(dates.device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random).to(dates.device)

    nominal = uniform(batch, 1) < jitter.nominal_share
    low, high = jitter.blur
    common = torch.where(nominal, 1.0, low + (high - low) * uniform(batch, 1))
    least, most = config.strength
    strength = least + (most - least) * uniform(batch, 1)
    maps = strength[..., None, None]
    inexact = config.registration_error * (strength if config.scale_registration_error else 1)

    def blur() -> Tensor:
        return common * (1 + strength * config.blur * normal(batch, 1))

    views = [simulate_lr(dates[:, 0], scale, mtf_nyquist, jitter, random, width=blur())]
    offsets = [uniform(batch, 2) * 0]
    for _ in range(count - 1):
        date = (uniform(batch) * others).long() * (uniform(batch) < strength[:, 0] * config.other_date_share)
        offset = uniform(batch, 2) - 0.5
        small = (config.small_shift * normal(batch, 2)).clamp(-0.5, 0.5)
        offset = torch.where(uniform(batch, 1) < config.small_share, small, offset)
        ground = dates[torch.arange(batch), date]
        if config.growth:
            ground = ground * _growth(ground, scale, config.growth, random) ** maps
        view = simulate_lr(ground, scale, mtf_nyquist, jitter, random, offset, blur())
        if config.haze:
            view = view + maps * _haze(view, config.haze, random)
        gain, bias = (each * maps * normal(batch, bands, 1, 1) for each in (config.gain, config.bias))
        views.append((1 + gain) * view + bias)
        misregistered = uniform(batch, 1) < strength * config.misregistered_share
        error = torch.where(misregistered, config.misregistration, inexact)
        offsets.append(offset + error * normal(batch, 2))
    lr = torch.stack(views, dim=1)
    height, width = lr.shape[3:]
    mask = torch.ones(batch, count, height, width, dtype=torch.bool, device=lr.device)
    if count > 1:
        others_shape = (batch, count - 1)

        def clouds(most: float, share: float) -> Tensor:
            blobs = _clouds(most * uniform(*others_shape), height, width, random)
            return blobs & (uniform(*others_shape) < share)[..., None, None]

        hidden, unseen = clouds(0.9, config.masked_share), clouds(0.3, config.cloudy_share)
        opacity = (hidden | unseen)[:, :, None] * (0.2 + 0.8 * uniform(*others_shape, 1, 1, 1))
        bright = 0.3 + 0.5 * uniform(*others_shape, 1, 1, 1)
        lr[:, 1:] = lr[:, 1:] * (1 - opacity) + bright * opacity
        mask[:, 1:] = ~hidden
    everywhere = torch.stack(offsets, dim=1)[..., None, None].expand(-1, -1, -1, height, width)
    return Views(lr, mask, everywhere.clamp(-LARGEST_OFFSET_LR_PX, LARGEST_OFFSET_LR_PX))


def _growth(ground: Tensor, scale: int, spread: float, random: torch.Generator) -> Tensor:
    """Return a factor for each pixel of the ground, (B, C, H, W), that is the same within a field."""
    batch, bands, height, width = ground.shape
    smooth = _smooth((batch, 1), (height, width), _FIELD_LR_PX * scale, random)
    # cut at equal steps, so that neighbours are often of other kinds
    kind = (smooth * 4).floor().long().remainder(_FIELDS).to(ground.device)
    factors = (spread * torch.randn(batch, bands, _FIELDS, generator=random)).exp().to(ground.device)
    chosen = factors.gather(2, kind.flatten(1)[:, None].expand(-1, bands, -1))
    return chosen.reshape(batch, bands, height, width)


def _haze(view: Tensor, most: float, random: torch.Generator) -> Tensor:
    """Return a smooth reflectance to add to each pixel of a view, (B, C, h, w), a share of it in each band."""
    batch, bands, height, width = view.shape
    smooth = _smooth((batch, 1), (height, width), _HAZE_LR_PX, random).sigmoid()
    strength = most * torch.rand(batch, bands, 1, 1, generator=random)
    return (smooth * strength).to(view.device)


def _smooth(shape: tuple[int, int], size: tuple[int, int], spacing: int, random: torch.Generator) -> Tensor:
    """Return smooth noise, (*shape, *size), interpolated from normal values at a spacing in pixels."""
    coarse = [max(2, -(-side // spacing)) for side in size]
    return F.interpolate(torch.randn(*shape, *coarse, generator=random), size=size, mode="bicubic", align_corners=False)


def _clouds(share: Tensor, height: int, width: int, random: torch.Generator) -> Tensor:
    """Return blobs that cover about a share (B, T) of images: bool, (B, T, height, width)."""
    batch, views = share.shape
    smooth = _smooth((batch, views), (height, width), _CLOUD_LR_PX, random).to(share.device)
    rank = smooth.flatten(2).argsort(2).argsort(2).reshape(smooth.shape) / (height * width)
    blobs: Tensor = rank < share[..., None, None]
    return blobs
