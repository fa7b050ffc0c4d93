"""RevisitsDataModule: stacks of views of the mixture, with the other dates that NAIP has of a place."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy import ndimage

from rs_srgan.errors import InputError
from rs_srgan.registration.shift import find_shift
from rs_srgan.registration.shift_field import LEAST_CONFIDENCE, edges
from train.data.batch import Batch, Loaded, Sample, batch_of
from train.data.crops import BRIGHTNESS, RandomCrops, fit_crop, turned
from train.data.degradation import SensorJitter
from train.data.drawn import DrawnConfig
from train.data.mixture import MixtureDataModule
from train.data.simulated import ViewsConfig
from train.data.sources import Site
from train.data.views import RevisitsConfig, simulate_views


class RevisitsDataModule(MixtureDataModule):
    """The mixture as stacks of views, with all dates that NAIP has of a place. See `MixtureDataModule`.

    Batches also have `mask` and `offsets` of the views.

    Args:
        root: folder with sentinel2/ and naip/; the environment variable RS_SRGAN_DATA if left out.
        crop_lr_px: side of the training crops, LR pixels.
        batch_size: crops per step.
        steps_per_epoch: steps between two validations.
        revisits: differences between the views, beyond the variation of the sensor from view to view.
        **shared: parameters of `MixtureDataModule` and `SRDataModule`.
    """

    def __init__(
        self,
        root: str | None = None,
        *,
        crop_lr_px: int = 24,
        batch_size: int = 8,
        steps_per_epoch: int = 500,
        revisits: RevisitsConfig = RevisitsConfig(),  # frozen
        **shared: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(
            root,
            crop_lr_px=crop_lr_px,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            degradation="sensor",
            views=ViewsConfig(),
            drawn=DrawnConfig(),
            **shared,
        )
        if not 1 < revisits.fewest <= revisits.most:
            raise InputError(
                f"revisits.fewest is {revisits.fewest} and revisits.most is {revisits.most}; expected at least 2 "
                "views, the reference included, and most not below fewest."
            )
        if not 0 <= revisits.strength[0] <= revisits.strength[1]:
            raise InputError(
                f"revisits.strength is {tuple(revisits.strength)}; expected a least and a greatest factor, 0 or more."
            )
        self.revisits = revisits

    def training_crops(self, groups: list[tuple[list[Site], float]]) -> RandomCrops:
        """Return crops with the other dates of their place."""
        return RevisitCrops(groups, self.crop_hr_px, self.length, self.seed, brightness=self.brightness)

    def on_after_batch_transfer(self, batch: Loaded, dataloader_idx: int) -> Batch:
        """Add the views: with jitter in training, the same every time in validation."""
        training, random, config = "site" not in batch, self.random_numbers(batch), self.revisits
        count = int(torch.randint(config.fewest, config.most + 1, (), generator=random)) if training else config.most
        jitter = self.jitter if training else SensorJitter(nominal_share=1.0)
        dates = batch["dates"] if "dates" in batch else batch["hr"][:, None]
        views = simulate_views(dates, count, self.scale, self.mtf, jitter, config, random)
        return {**batch_of(batch, views.lr), "mask": views.mask, "offsets": views.offsets}


class RevisitCrops(RandomCrops):
    """Random crops with other dates of the same ground: samples have "dates", (K, C, size, size). See `RandomCrops`.

    The first date is `hr`. Places with fewer than K dates repeat them.

    Args:
        groups: lists of sites, each with its share of the crops.
        size: side of the crops, HR pixels.
        length: crops per epoch.
        seed: seed of all random numbers.
        dates: number of dates, K.
        brightness: least and greatest factor on reflectance.
    """

    def __init__(
        self,
        groups: Sequence[tuple[Sequence[Site], float]],
        size: int,
        length: int,
        seed: int,
        dates: int = 3,
        brightness: tuple[float, float] = BRIGHTNESS,
    ) -> None:
        aligned = [([_aligned(site) for site in sites], share) for sites, share in groups]
        super().__init__(aligned, size, length, seed, brightness)
        self._dates = dates
        # For every image, in the order of `images`, all images of its place.
        self._places = [
            [[fit_crop(each, size) for each in site.images] for site in sites for _ in site.images]
            for sites, _ in aligned
        ]

    def __getitem__(self, index: int) -> Sample:
        random = self.random_numbers(index)
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
    """Return a site with all dates resampled to the grid of the first one; dates that do not fit are left out."""
    first, *others = site.images
    kept = [first]
    for other in others:
        if other.shape != first.shape:
            continue
        found = find_shift(edges(first), edges(other))
        if found.confidence >= LEAST_CONFIDENCE:
            back = (0, -found.rows, -found.cols)
            kept.append(ndimage.shift(other, back, order=3, mode="constant", cval=np.nan).astype(np.float32))
    return replace(site, images=tuple(kept))
