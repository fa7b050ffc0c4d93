"""The PSNR stage: one generator, one optimiser, a schedule by steps or by the clock."""

import math
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Timer
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics import psnr
from rs_srgan.evaluation.protocol import BORDER_HR_PX
from rs_srgan.models import SISR, SISRConfig
from rs_srgan.physics import back_projected_bicubic, wald_mtf
from train.losses import ReconstructionWeights, reconstruction_terms

# Near the border of a crop the projection sees replicated pixels instead of the scene: not counted in the loss.
BORDER_LR_PX = 2


class SISRModule(L.LightningModule):
    """Trains a `SISR` model by reconstruction.

    The learning rate rises for `warmup_steps`, then falls along a cosine to 1 % at the end of the run, which is
    trainer.max_steps, max_epochs or max_time, whichever comes first: a run by the clock completes its schedule on any
    machine.

    Args:
        config: of the model.
        weights: of the loss terms.
        learning_rate: at its peak.
        warmup_steps: to reach it.
        weight_decay: of AdamW.
    """

    def __init__(
        self,
        config: SISRConfig,
        weights: ReconstructionWeights = ReconstructionWeights(),  # frozen
        learning_rate: float = 8e-4,
        warmup_steps: int = 200,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__()
        self.model: SISR = SISR(config).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights
        self.learning_rate, self.warmup_steps, self.weight_decay = learning_rate, warmup_steps, weight_decay

    def forward(self, lr: Tensor) -> Tensor:
        """Reflectance (B, C, h, w) to reflectance (B, C, h * scale, w * scale)."""
        sr: Tensor = self.model(lr.contiguous(memory_format=torch.channels_last))
        return sr

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """One batch of HR and LR; stops with the term's name at the first loss that is not finite."""
        border = BORDER_LR_PX * self.model.scale
        inner = (..., slice(border, -border), slice(border, -border))
        terms = reconstruction_terms(self(batch["lr"])[inner], batch["hr"][inner], self.weights)
        for name, value in terms.items():
            if not torch.isfinite(value):
                raise FloatingPointError(
                    f"The {name} loss is {value.item()} at step {self.global_step}. "
                    "The last checkpoint is from before; lower the learning rate or look for NaN in the data."
                )
        loss = torch.stack(list(terms.values())).sum()
        self.log_dict({f"train/{name}": value for name, value in terms.items()})
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Collect PSNR by site."""
        self._by_site: dict[str, list[list[float]]] = {}

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """PSNR of one whole image of an unseen site, and of the baseline on it."""
        lr, hr = batch["lr"], batch["hr"]
        scale, config = self.model.scale, self.model.config
        baseline = back_projected_bicubic(lr, scale, wald_mtf(config.mtf_nyquist, scale))
        inner = (..., slice(BORDER_HR_PX, -BORDER_HR_PX), slice(BORDER_HR_PX, -BORDER_HR_PX))
        figures = [psnr(sr[inner].float().cpu().numpy(), hr[inner].cpu().numpy()) for sr in (self(lr), baseline)]
        self._by_site.setdefault(batch["site"][0], []).append(figures)

    def on_validation_epoch_end(self) -> None:
        """Mean over sites, Sentinel-2 and NAIP apart, and what it is worth over the baseline."""
        for source in ("sentinel2", "naip"):
            sites = [site for site in self._by_site if site.startswith("naip/") == (source == "naip")]
            if sites:
                model, baseline = torch.tensor([torch.tensor(self._by_site[s]).mean(0).tolist() for s in sites]).mean(0)
                self.log(f"val/psnr_{source}", model)
                self.log(f"val/gain_{source}", model - baseline, prog_bar=True)

    def progress(self) -> float:
        """How much of the run is done, 0 to 1."""
        done = [0.0]
        if self.trainer.max_steps > 0:
            done.append(self.global_step / self.trainer.max_steps)
        if (self.trainer.max_epochs or -1) > 0:
            done.append(self.global_step / self.trainer.estimated_stepping_batches)
        for timer in self.trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(timer, Timer) and (left := timer.time_remaining()) is not None:
                spent = timer.time_elapsed()
                done.append(spent / (spent + left))
        return min(1.0, max(done))

    def _rate(self, step: int) -> float:
        cosine = 0.5 * (1 + math.cos(math.pi * self.progress()))
        return min(1.0, (step + 1) / self.warmup_steps) * (0.01 + 0.99 * cosine)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW and the schedule."""
        trainer = self.trainer
        timed = any(isinstance(callback, Timer) for callback in trainer.callbacks)  # type: ignore[attr-defined]
        if trainer.max_steps < 1 and (trainer.max_epochs or -1) < 1 and not timed:
            raise InputError("The length of the run is open: set trainer.max_steps, max_epochs or max_time.")
        optimizer = torch.optim.AdamW(self.parameters(), self.learning_rate, weight_decay=self.weight_decay)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
