"""SimulatedDataModule: base class of the data modules that make LR images from HR images."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rs_srgan.sensors.mtf import degrade, wald_mtf
from train.data.batch import Batch, Loaded, batch_of
from train.data.degradation import SensorJitter, shift_bands, simulate_lr
from train.data.drawn import DrawnConfig, with_lines
from train.data.module import SRDataModule, require_at_least
from train.validation import without_nan

Degradation = Literal["sensor", "bilinear", "bicubic"]


@dataclass(frozen=True)
class ViewsConfig:
    """Synthetic revisits, made from one image.

    Attributes:
        count: number of views; 1 makes a single LR image without the dimension of the views.
        shift_lr_px: standard deviation of the shift of every view but the first, LR pixels.
        noise: standard deviation of the noise that is added to every view, reflectance.
    """

    count: int = 1
    shift_lr_px: float = 0.0
    noise: float = 0.0


class SimulatedDataModule(SRDataModule):
    """Base class of the data modules that make LR from HR, on the device that trains. See `SRDataModule`.

    Args:
        degradation: how LR is made: "sensor" uses the sensor model; "bilinear" and "bicubic" resize with antialiasing.
        jitter: random variation of the simulated sensor in training.
        views: synthetic revisits.
        drawn: lines and fields that are drawn into training crops; crops with a real LR image stay as they are.
        **shared: parameters of `SRDataModule`.
    """

    def __init__(
        self,
        *,
        degradation: Degradation = "sensor",
        jitter: SensorJitter = SensorJitter(),  # frozen
        views: ViewsConfig = ViewsConfig(),  # frozen
        drawn: DrawnConfig = DrawnConfig(),  # frozen
        **shared: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**shared)
        require_at_least(1, **{"views.count": views.count})
        self.degradation, self.jitter, self.views, self.drawn = degradation, jitter, views, drawn

    def on_after_batch_transfer(self, batch: Loaded, dataloader_idx: int) -> Batch:
        """Add LR unless the batch has it: with jitter in training, with the nominal sensor in validation."""
        if "lr" in batch:
            return batch_of(batch, batch["lr"])
        training, random = "site" not in batch, self.random_numbers(batch)
        if training:
            batch = {**batch, "hr": with_lines(batch["hr"], self.scale, self.mtf, self.drawn, random)}
        whole: Loaded = {**batch, "hr": without_nan(batch["hr"])}  # pixels without data do not count in validation
        if self.views.count == 1:
            lr = self._lr(whole["hr"], training, random)
        else:
            views = [self._view(whole["hr"], index, training, random) for index in range(self.views.count)]
            lr = torch.stack(views, dim=1)
        return batch_of(batch, lr)

    def random_numbers(self, batch: Loaded) -> torch.Generator:
        """Return the random numbers of a batch: in validation the same for all batches.

        In training every batch of every process has its own, and a resumed run repeats them.
        """
        seed = self.seed
        if "site" not in batch and self.trainer is not None:
            number, rank = max(0, self.trainer.fit_loop.total_batch_idx), self.trainer.global_rank
            seed = int(np.random.SeedSequence((self.seed, number, rank)).generate_state(1)[0])
        return torch.Generator().manual_seed(seed)

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
