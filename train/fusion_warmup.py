"""FusionWarmupModule: the first stage of a model for several revisits, whose fusion learns to average views."""

from typing import Any

import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models import MISR
from rs_srgan.models.fusion.recursive import RecursiveFusion
from train.data.batch import Batch
from train.losses import ReconstructionWeights
from train.misr import require_misr
from train.module import SRModule


class FusionWarmupModule(SRModule):
    """Trains the fusion alone, on views that differ by noise: fused features become those of the views' mean.

    See `SRModule`. Source: the original Remote-Sensing-SRGAN, which did so with images. Here it is done with features,
    and the reference's own features stay a part of the result.

    Args:
        learning_rate: peak learning rate.
        warmup_steps: number of steps to reach the peak.
        **shared: parameters of `SRModule`.
    """

    def __init__(
        self,
        *,
        learning_rate: float = 1e-3,
        warmup_steps: int = 20,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            warmup_steps=warmup_steps,
            weights=ReconstructionWeights(),
            schedule="cosine",
            **shared,
        )
        self.misr.sisr.requires_grad_(False)
        self.fusion.requires_grad_(True)

    @property
    def misr(self) -> MISR:
        """The model; see `require_misr`."""
        return require_misr(self.model)

    @property
    def fusion(self) -> RecursiveFusion:
        """The fusion of the model.

        Raises:
            InputError: it does not work on features.
        """
        if not isinstance(self.misr.fusion, RecursiveFusion):
            raise InputError(f"The fusion is {self.misr.config.fusion}; expected recursive: set fusion.name.")
        return self.misr.fusion

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the distance between the fused features and those of the views' mean.

        Raises:
            FloatingPointError: an image or the loss is not finite.
        """
        self.require_data(batch)
        views = batch["lr"]
        with torch.no_grad():
            target = self._features(views.mean(1, keepdim=True))
        loss = (self._features(views) - target).abs().mean()
        self.require_finite({"fusion": loss})
        self.log_means({"train/loss": loss}, prog_bar=True)
        return loss

    def _features(self, views: Tensor) -> Tensor:
        return self.fusion.features(self.misr.sisr, views, torch.ones_like(views[:, :, :1]), reference=0)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return Adam for the fusion, and the schedule."""
        return self.scheduled(torch.optim.Adam(self.fusion.parameters(), self.learning_rate))
