"""What all data modules share: who the data is for, how LR is made, how it is loaded."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from rs_srgan.errors import InputError
from rs_srgan.sensors import sentinel2 as band_table
from rs_srgan.sensors.mtf import SCALES, degrade, wald_mtf
from train.data.degradation import SensorJitter, shift_bands, simulate_lr

Degradation = Literal["sensor", "bilinear", "bicubic"]


@dataclass(frozen=True)
class ViewsConfig:
    """Synthetic revisits, made of one image.

    Attributes:
        count: how many; 1 for a single image, without the dimension for views.
        shift_lr_px: standard deviation of the shift of every view but the first.
        noise: standard deviation of what is added to every view, reflectance.
    """

    count: int = 1
    shift_lr_px: float = 0.0
    noise: float = 0.0


class _Loader(DataLoader[Any]):
    """Says what an image has in a line, in whichever process it was read."""

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # of which nobody takes more than the batches
        try:
            yield from super().__iter__()
        except InputError as error:
            # of a worker's error there is the text alone: its whole traceback, and at the end what was said
            said = str(error).rpartition(f"{type(error).__name__}: ")[2].strip()
            raise type(error)(said) from None


class SRDataModule(L.LightningDataModule):
    """Crops for training and whole images for validation, from `datasets`; LR made where they bring none.

    Args:
        scale: 2, 4 or 8, the model's.
        bands: the model's.
        mtf_nyquist: the model's; empty: Sentinel-2's.
        crop_lr_px: size of the training crops.
        batch_size: crops per step.
        steps_per_epoch: between two validations.
        degradation: "sensor", the sensor model, or antialiased "bilinear" or "bicubic", as others do.
        jitter: how the simulated sensor varies in training.
        views: synthetic revisits.
        workers: processes that load; more than 0 only pays where images are read from disk.
        seed: of crops and degradation.
    """

    def __init__(
        self,
        scale: int = 4,
        bands: tuple[str, ...] = band_table.RGBN,
        mtf_nyquist: tuple[float, ...] = (),
        crop_lr_px: int = 32,
        batch_size: int = 12,
        steps_per_epoch: int = 1000,
        degradation: Degradation = "sensor",
        jitter: SensorJitter = SensorJitter(),  # frozen
        views: ViewsConfig = ViewsConfig(),  # frozen
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if scale not in SCALES:
            raise InputError(f"scale is {scale}; expected one of {SCALES}.")
        for name, value, least in (
            ("crop_lr_px", crop_lr_px, 1),
            ("batch_size", batch_size, 1),
            ("steps_per_epoch", steps_per_epoch, 1),
            ("views.count", views.count, 1),
            ("workers", workers, 0),
        ):
            if value < least:
                raise InputError(f"{name} is {value}; expected at least {least}.")
        self.scale, self.seed, self.workers = scale, seed, workers
        self.bands = tuple(bands)
        self.mtf = tuple(mtf_nyquist) or band_table.mtf_nyquist(self.bands)
        self.crop_lr_px, self.batch_size, self.steps_per_epoch = crop_lr_px, batch_size, steps_per_epoch
        self.degradation, self.jitter, self.views = degradation, jitter, views

    @abstractmethod
    def datasets(self) -> tuple[Dataset[Any], Dataset[Any]]:
        """Training crops, of `crop_hr_px` and `length` with an attribute `epoch`, and validation images."""

    @property
    def crop_hr_px(self) -> int:
        """Size of the HR crops."""
        return self.crop_lr_px * self.scale

    @property
    def length(self) -> int:
        """Crops per epoch."""
        return self.steps_per_epoch * self.batch_size

    def setup(self, stage: str) -> None:
        """Find, and for small collections read, the images."""
        self.crops, self.validation = self.datasets()

    def train_dataloader(self) -> DataLoader[Any]:
        """Crops of this epoch; reloaded every epoch, so that a resumed run goes on where it stopped."""
        self.crops.epoch = self.trainer.current_epoch if self.trainer else 0  # type: ignore[attr-defined]
        return _Loader(self.crops, self.batch_size, num_workers=self.workers, drop_last=True)

    def val_dataloader(self) -> DataLoader[Any]:
        """One whole image at a time."""
        return _Loader(self.validation, 1, num_workers=self.workers)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> dict[str, Any]:  # noqa: ANN401
        """Add LR where there is none: jittered in training, the fixed sensor in validation."""
        batch = {"hr": batch} if isinstance(batch, Tensor) else batch
        if "lr" in batch:
            return {**batch}
        training = "site" not in batch
        random = torch.Generator().manual_seed(self._seed_of_batch() if training else self.seed)
        if self.views.count == 1:
            return {**batch, "lr": self._lr(batch["hr"], training, random)}
        views = [self._view(batch["hr"], index, training, random) for index in range(self.views.count)]
        return {**batch, "lr": torch.stack(views, dim=1)}

    def _seed_of_batch(self) -> int:
        """Another for every batch of every process, and the same again after a resume."""
        if self.trainer is None:
            return self.seed
        batch, rank = self.trainer.fit_loop.total_batch_idx, self.trainer.global_rank
        return int(np.random.SeedSequence((self.seed, max(0, batch), rank)).generate_state(1)[0])

    def _view(self, hr: Tensor, index: int, training: bool, random: torch.Generator) -> Tensor:
        batch, bands = hr.shape[:2]
        if index and self.views.shift_lr_px:
            shift = torch.randn(batch, 1, 2, generator=random) * self.views.shift_lr_px * self.scale
            hr = shift_bands(hr, shift.expand(batch, bands, 2).to(hr.device))
        lr = self._lr(hr, training, random)
        return lr + self.views.noise * torch.randn(lr.shape, generator=random).to(lr.device)

    def _lr(self, hr: Tensor, training: bool, random: torch.Generator) -> Tensor:
        if self.degradation != "sensor":
            return F.interpolate(hr, scale_factor=1 / self.scale, mode=self.degradation, antialias=True)
        if training:
            return simulate_lr(hr, self.scale, self.mtf, self.jitter, random)
        return degrade(hr, self.scale, wald_mtf(self.mtf, self.scale))


def require_files(what: str, found: Sequence[Any]) -> None:
    """Refuse an empty collection.

    Raises:
        InputError: nothing in it.
    """
    if not found:
        raise InputError(f"{what}: nothing found.")
