"""Revisits to learn from: views with shifts, clouds and changes, made of images and of the dates that a place has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.registration.shift import find_shift
from rs_srgan.sensors import sentinel2 as band_table
from rs_srgan.sensors.offsets import LARGEST_OFFSET_LR_PX
from train.data.crops import RandomCrops, fit_crop, turned
from train.data.degradation import SensorJitter, simulate_lr
from train.data.mixture import MixtureDataModule
from train.data.sources import Site

# Dates that correlate less, once aligned, show another place, or nothing of it.
_LEAST_CONFIDENCE = 0.5
# Clouds are noise of this many LR pixels, above a threshold.
_CLOUD_LR_PX = 6


@dataclass(frozen=True)
class RevisitsConfig:
    """How views differ, once each lies on the reference's grid to the nearest pixel and its tones are harmonised.

    Attributes:
        fewest: views of a batch, the reference counted.
        most: views of a batch, and of validation.
        blur: standard deviation of the PSF's width, which the views of a place have nearly in common, as a factor.
        registration_error: standard deviation of the error of the offsets that the model is told, LR pixels.
        misregistered_share: of the views, whose error is as large as between dates that no single shift brings
            together, as where the ground is not flat.
        misregistration: standard deviation of that, LR pixels.
        gain: standard deviation, by band.
        bias: standard deviation, by band, reflectance.
        other_date_share: of the views, where a place has other dates.
        masked_share: of the views, with clouds that the mask tells.
        cloudy_share: of the views, with a cloud that nothing tells.
    """

    fewest: int = 2
    most: int = 9
    blur: float = 0.05
    registration_error: float = 0.03
    misregistered_share: float = 0.2
    misregistration: float = 0.2
    gain: float = 0.01
    bias: float = 0.002
    other_date_share: float = 0.5
    masked_share: float = 0.4
    cloudy_share: float = 0.15


class RevisitsDataModule(MixtureDataModule):
    """The mixture as stacks of views, with all dates that NAIP has of a place. See `MixtureDataModule`.

    Batches bring the views' "mask" and "offsets", as `MISR.forward` takes them.

    Args:
        root: folder with sentinel2/ and naip/; by default the environment variable RS_SRGAN_DATA.
        scale: 2, 4 or 8, the model's.
        bands: the model's, of B04, B03, B02, B08, which NAIP has.
        mtf_nyquist: the model's; empty: Sentinel-2's.
        crop_lr_px: size of the training crops.
        batch_size: crops per step.
        steps_per_epoch: between two validations.
        sentinel2_share: of the crops; the rest is NAIP.
        naip_gsd_m: pixel sizes of NAIP.
        jitter: how the simulated sensor varies, from view to view.
        revisits: how views differ beyond that.
        seed: of crops and degradation.
    """

    def __init__(
        self,
        root: str | None = None,
        scale: int = 4,
        bands: tuple[str, ...] = band_table.RGBN,
        mtf_nyquist: tuple[float, ...] = (),
        crop_lr_px: int = 24,
        batch_size: int = 8,
        steps_per_epoch: int = 500,
        sentinel2_share: float = 0.5,
        naip_gsd_m: tuple[float, ...] = (2.4, 1.2),
        jitter: SensorJitter = SensorJitter(),  # frozen
        revisits: RevisitsConfig = RevisitsConfig(),  # frozen
        seed: int = 0,
    ) -> None:
        super().__init__(
            root,
            scale,
            bands,
            mtf_nyquist,
            crop_lr_px,
            batch_size,
            steps_per_epoch,
            sentinel2_share,
            naip_gsd_m,
            jitter,
            seed=seed,
        )
        if not 1 < revisits.fewest <= revisits.most:
            raise InputError(
                f"revisits are {revisits.fewest} to {revisits.most} views; expected at least 2, the reference counted."
            )
        self.revisits = revisits

    def training_crops(self, groups: list[tuple[list[Site], float]]) -> Dataset[object]:
        """Crops with the other dates of their place."""
        return RevisitCrops(groups, self.crop_hr_px, self.length, self.seed)

    def on_after_batch_transfer(self, batch: dict[str, Tensor], dataloader_idx: int) -> dict[str, Tensor]:
        """Add the views: jittered in training, in validation the same every time."""
        training = "site" not in batch
        random = torch.Generator().manual_seed(self._seed_of_batch() if training else self.seed)
        config = self.revisits
        count = int(torch.randint(config.fewest, config.most + 1, (), generator=random)) if training else config.most
        jitter = self.jitter if training else SensorJitter(nominal_share=1.0)
        dates = batch.pop("dates", batch["hr"][:, None])
        return {**batch, **simulate_views(dates, count, self.scale, self.mtf, jitter, config, random)}


class RevisitCrops(RandomCrops):
    """Crops with what other dates show there: items "hr", (C, size, size), and "dates", (K, C, size, size).

    The first date is `hr`; where a place has fewer than K, dates come twice.

    Args:
        groups: sites and the share of the crops that they get.
        size: HR pixels.
        length: crops per epoch.
        seed: of everything random here.
        dates: K.
    """

    def __init__(
        self, groups: Sequence[tuple[Sequence[Site], float]], size: int, length: int, seed: int, dates: int = 3
    ) -> None:
        aligned = [([_aligned(site) for site in sites], share) for sites, share in groups]
        super().__init__(aligned, size, length, seed)
        self._dates = dates
        # of every image, in the order of `images`, all of its place
        self._places = [
            [[fit_crop(each, size) for each in site.images] for site in sites for _ in site.images]
            for sites, _ in aligned
        ]

    def __getitem__(self, index: int) -> dict[str, Tensor]:  # type: ignore[override]
        """One item."""
        random = np.random.default_rng((self.seed, self.epoch, index))
        group, number, window = self.draw(random)
        hr = self.images[group][number][window]
        place = [image for image in self._places[group][number] if image.shape == self.images[group][number].shape]
        others = [
            other for image in place if np.isfinite(other := image[window]).all() and not np.array_equal(other, hr)
        ]
        stack = np.stack([hr, *(others[at] for at in random.permutation(len(others)))])
        (stack,) = turned(random, stack[np.arange(self._dates) % len(stack)])
        stack = stack * np.float32(random.uniform(*self.brightness))
        return {"hr": torch.from_numpy(stack[0]), "dates": torch.from_numpy(stack)}


def _aligned(site: Site) -> Site:
    """All dates on the grid of the first, which sharp as they are may be resampled; those that do not fit left out."""
    first, *others = site.images
    kept = [first]
    for other in others:
        if other.shape != first.shape:
            continue
        found = find_shift(first.mean(0), other.mean(0))
        if found.confidence >= _LEAST_CONFIDENCE:
            back = (0, -found.rows, -found.cols)
            kept.append(ndimage.shift(other, back, order=3, mode="constant", cval=np.nan).astype(np.float32))
    return replace(site, images=tuple(kept))


def simulate_views(
    dates: Tensor,
    count: int,
    scale: int,
    mtf_nyquist: tuple[float, ...],
    jitter: SensorJitter,
    config: RevisitsConfig,
    random: torch.Generator,
) -> dict[str, Tensor]:
    """Revisits of a place, on the grid of the first to the nearest pixel.

    Args:
        dates: reflectance, (B, K, C, H, W); the first is the one to restore.
        count: views, T.
        scale: 2, 4 or 8.
        mtf_nyquist: of the sensor, one per band.
        jitter: how the sensor varies from view to view.
        config: how views differ beyond that.
        random: on the CPU.

    Returns:
        "lr", (B, T, C, h, w), "mask", bool (B, T, h, w), and "offsets", (B, T, 2, h, w), as `MISR.forward` takes them.
    """
    batch, others, bands = dates.shape[:3]

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=random).to(dates.device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random).to(dates.device)

    nominal = uniform(batch, 1) < jitter.nominal_share
    low, high = jitter.blur
    common = torch.where(nominal, 1.0, low + (high - low) * uniform(batch, 1))

    def blur() -> Tensor:
        return common * (1 + config.blur * normal(batch, 1))

    views = [simulate_lr(dates[:, 0], scale, mtf_nyquist, jitter, random, width=blur())]
    offsets = [uniform(batch, 2) * 0]
    for _ in range(count - 1):
        date = (uniform(batch) * others).long() * (uniform(batch) < config.other_date_share)
        offset = uniform(batch, 2) - 0.5
        view = simulate_lr(dates[torch.arange(batch), date], scale, mtf_nyquist, jitter, random, offset, blur())
        gain, bias = 1 + config.gain * normal(batch, bands, 1, 1), config.bias * normal(batch, bands, 1, 1)
        views.append(gain * view + bias)
        off = torch.where(
            uniform(batch, 1) < config.misregistered_share, config.misregistration, config.registration_error
        )
        offsets.append(offset + off * normal(batch, 2))
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
    return {"lr": lr, "mask": mask, "offsets": everywhere.clamp(-LARGEST_OFFSET_LR_PX, LARGEST_OFFSET_LR_PX)}


def _clouds(share: Tensor, height: int, width: int, random: torch.Generator) -> Tensor:
    """Blobs that cover about this share, (B, T), of images: bool (B, T, height, width)."""
    size = (max(2, -(-height // _CLOUD_LR_PX)), max(2, -(-width // _CLOUD_LR_PX)))
    noise = torch.randn((*share.shape, *size), generator=random).to(share.device)
    smooth = F.interpolate(noise, size=(height, width), mode="bicubic", align_corners=False)
    rank = smooth.flatten(2).argsort(2).argsort(2).reshape(smooth.shape) / (height * width)
    blobs: Tensor = rank < share[..., None, None]
    return blobs
