"""Simulation of LR from HR in training: the sensor model with random blur, noise, gain and band shifts."""

from dataclasses import dataclass

import torch
from torch import Tensor

from rs_srgan.sensors.mtf import degrade, wald_mtf
from train.data.sensor_grid import NOISE_VARIANCE, observe


@dataclass(frozen=True)
class SensorJitter:
    """Random variation of the simulated sensor from sample to sample."""

    nominal_share: float = 0.5  # share of samples with the specified blur and at most the specified noise
    blur: tuple[float, float] = (0.85, 1.45)  # factor on the width of the PSF; real products are rather softer
    noise: float = 7e-4  # standard deviation at reflectance 0.1, multiplied by `noise_factor`
    noise_factor: tuple[float, float] = (0.5, 3.0)
    gain_share: float = 0.1  # share of samples with a gain error per band
    gain: float = 0.01  # largest gain error
    shift_share: float = 0.1  # share of samples with shifts between their bands
    shift_lr_px: float = 0.15  # standard deviation of these shifts along each axis, LR pixels
    grid_share: float = 0.0  # share of samples taken on the sensor's own grid and resampled, see train.data.sensor_grid
    grid_angle: tuple[float, float] = (8.0, 20.0)  # angle of that grid, degrees, to either side: Sentinel-2's orbits
    grid_blur: float = 0.75  # factor on the width of the PSF before the resampling, which blurs, too


def simulate_lr(
    hr: Tensor,
    scale: int,
    mtf_nyquist: tuple[float, ...],
    jitter: SensorJitter,
    generator: torch.Generator,
    offset: Tensor | None = None,
    width: Tensor | None = None,
) -> Tensor:
    """Return LR images, each taken by a slightly different sensor.

    Args:
        hr: reflectance, (B, C, H, W), as sharp as the sensor would be on this grid.
        scale: HR pixels per LR pixel along each axis: 2, 4 or 8.
        mtf_nyquist: MTF of the sensor at Nyquist, one value per band.
        jitter: random variation of the sensor.
        generator: random numbers, on the CPU.
        offset: sampling offsets of revisits, see `degrade`.
        width: factors on the width of the PSF, (B, 1); drawn at random if left out.

    Returns:
        reflectance, (B, C, H/scale, W/scale).
    """
    batch, channels = hr.shape[:2]

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return (low + (high - low) * torch.rand(shape, generator=generator)).to(hr.device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(hr.device)

    nominal = uniform(0, 1, batch, 1) < jitter.nominal_share
    # A Gaussian that is j times as wide has the MTF to the power j^2.
    if width is None:
        width = torch.where(nominal, 1.0, uniform(*jitter.blur, batch, 1))
    mtf = torch.tensor(wald_mtf(mtf_nyquist, scale), device=hr.device) ** width**2
    shifted = uniform(0, 1, batch, 1, 1) < jitter.shift_share
    hr = shift_bands(hr, shifted * normal(batch, channels, 2) * jitter.shift_lr_px * scale)
    lr = degrade(hr, scale, mtf, offset)

    off = uniform(0, 1, batch, 1, 1, 1) < jitter.gain_share
    gain = 1 + off * uniform(-jitter.gain, jitter.gain, batch, channels, 1, 1)
    lr = lr * gain
    factor = torch.where(nominal, uniform(0, 1, batch, 1), uniform(*jitter.noise_factor, batch, 1))[..., None, None]
    strength = jitter.noise * factor

    def noisy(seen: Tensor, strength: Tensor) -> Tensor:
        """Add photon noise, which is proportional to the square root of the signal."""
        return seen + strength * (seen.clamp(min=0.01) / 0.1).sqrt() * normal(*seen.shape)

    lr = noisy(lr, strength)
    if not jitter.grid_share:  # draw no random numbers, so that older runs can be repeated
        return lr
    own = (uniform(0, 1, batch) < jitter.grid_share).nonzero()[:, 0]
    if not len(own):
        return lr
    turned, phase = uniform(*jitter.grid_angle, len(own)), uniform(-0.5, 0.5, len(own), channels, 2)
    side = uniform(-1, 1, len(own)).sign()
    before = strength[own] / NOISE_VARIANCE**0.5
    resampled = observe(
        hr[own],
        scale,
        mtf[own] ** jitter.grid_blur**2,
        turned * side,
        phase,
        None if offset is None else offset.to(hr.device)[own],
        lambda samples: noisy(samples * gain[own], before),
    )
    return lr.index_copy(0, own, resampled)


def shift_bands(hr: Tensor, shift_px: Tensor) -> Tensor:
    """Return images with each band shifted, bicubic, with the border repeated.

    Args:
        hr: reflectance, (B, C, H, W).
        shift_px: rows and columns to shift by, pixels, (B, C, 2).
    """
    moved = shift_px.abs().sum((1, 2)) > 0
    if not moved.any():
        return hr
    batch, channels, height, width = hr[moved].shape
    theta = torch.zeros(batch * channels, 2, 3, device=hr.device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1
    theta[:, 0, 2] = 2 * shift_px[moved].reshape(-1, 2)[:, 1] / width
    theta[:, 1, 2] = 2 * shift_px[moved].reshape(-1, 2)[:, 0] / height
    flat = hr[moved].reshape(batch * channels, 1, height, width)
    grid = torch.nn.functional.affine_grid(theta, list(flat.shape), align_corners=False)
    shifted = torch.nn.functional.grid_sample(flat, grid, mode="bicubic", padding_mode="border", align_corners=False)
    result = hr.clone()
    result[moved] = shifted.reshape(batch, channels, height, width)
    return result
