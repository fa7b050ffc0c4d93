"""The first stage of a model for several revisits: its fusion learns to make the mean, which is a sensible start."""

import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISRConfig
from train.module import SRModule
from train.start import FusionConfig


class FusionWarmupModule(SRModule):
    """Trains only the fusion, on views that differ by noise: their features must become those of the views' mean.

    Source: the original Remote-Sensing-SRGAN, which did so on the images; here it is done on features, and the
    reference's own features stay a part of them.

    Args:
        config: of a new model.
        init_from: instead, the model to start from.
        fusion: makes a MISR model of that.
        learning_rate: at its peak.
        warmup_steps: to reach it.
    """

    def __init__(
        self,
        config: SISRConfig | None = None,
        init_from: str | None = None,
        fusion: FusionConfig | None = None,
        learning_rate: float = 1e-3,
        warmup_steps: int = 20,
    ) -> None:
        super().__init__(config, init_from, fusion, learning_rate=learning_rate, warmup_steps=warmup_steps)
        if not isinstance(self.model, MISR):
            raise InputError("The fusion warm-up needs a MISR model: give fusion.")
        self.model.sisr.requires_grad_(False)

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """The distance of the fused features to those of the mean."""
        self.require_data(batch)
        assert isinstance(self.model, MISR)  # checked when it was made
        views = batch["lr"]
        with torch.no_grad():
            target = self.model.features(views.mean(1, keepdim=True))
        loss = (self.model.features(views) - target).abs().mean()
        self.require_finite({"fusion": loss})
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam on the fusion."""
        self.require_end()
        assert isinstance(self.model, MISR)
        optimizer = torch.optim.Adam(self.model.fusion.parameters(), self.learning_rate)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": LambdaLR(optimizer, self.rate), "interval": "step"},
        }
