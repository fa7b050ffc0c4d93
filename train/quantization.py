"""QuantizationModule: the stage after training that prepares a model for int8."""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models import SISR
from rs_srgan.models.quantization import in_int8
from train.calibration import calibrate
from train.data.batch import Batch
from train.losses import ReconstructionWeights
from train.module import SRModule
from train.schedule import require_positive
from train.validation import from_all_processes, number_of

# Batches of training that set gains and ranges.
_CALIBRATION_BATCHES = 24
# Clouds and snow have up to this many times the reflectance of most training images.
_BRIGHTEST = 4.0
_DN = 10_000


class _Rounding(NamedTuple):
    """What rounding changes in one validation image.

    Attributes:
        number: index of the image in the dataset.
        group: name of the group of the site.
        rmse_dn: RMSE of int8 against full precision, DN.
    """

    number: int
    group: str
    rmse_dn: Tensor


class QuantizationModule(SRModule):
    """Trains a `SISR` model with layers rounded to 8 bits, so that it can run in int8. See `SRModule`.

    Training starts from a trained model. The first batches set the ranges of all layers, which then stay as they are.
    The loss compares the rounded result with the result of that model, in full precision, and with HR. In
    `full_precision_share` of the steps nothing is rounded, so that fp32 and bf16 stay as good as they were. Validation
    rounds; val/int8_rmse_dn is the difference that rounding makes.

    Args:
        init_from: bundled name, folder or Hub id of the trained model.
        weights: weights of the reconstruction terms, the comparison with HR.
        learning_rate: peak learning rate.
        warmup_steps: number of steps to reach the peak.
        distillation: weight of the mean absolute difference from the result of the trained model.
        bright_share: share of the crops that are made up to 4 times as bright, because clouds and snow are rare.
        full_precision_share: share of the steps without rounding.
    """

    def __init__(
        self,
        init_from: str,
        *,
        weights: ReconstructionWeights = ReconstructionWeights(),  # frozen
        learning_rate: float = 1e-4,
        warmup_steps: int = 50,
        distillation: float = 2.0,
        bright_share: float = 0.2,
        full_precision_share: float = 0.25,
    ) -> None:
        for name, share in (("bright_share", bright_share), ("full_precision_share", full_precision_share)):
            if not 0 <= share < 1:
                raise InputError(f"{name} is {share}; expected a share below 1, for example 0.2.")
        require_positive("distillation", distillation)
        super().__init__(
            init_from=init_from,
            mtf_nyquist="keep",
            weights=weights,
            learning_rate=learning_rate,
            warmup_steps=warmup_steps,
        )
        if not isinstance(self.model, SISR):
            raise InputError(f"{init_from} is a MISR model; expected a SISR model for int8.")
        self.trained = self.model.eval().requires_grad_(False)
        self.model = quantized(self.trained).train()
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.model.uncertainty is not None:
            self.model.uncertainty.requires_grad_(False)
        self.distillation, self.bright_share = distillation, bright_share
        self.full_precision_share = full_precision_share

    def on_train_start(self) -> None:
        """Set gains and ranges, unless a checkpoint brought them, and take the learning rate of the request."""
        super().on_train_start()
        self.trained.eval()
        if self.global_step == 0:
            calibrate(self.model, self._calibration_inputs())

    def _calibration_inputs(self) -> Iterator[tuple[Tensor, ...]]:
        loader, data = self.trainer.train_dataloader, self.trainer.datamodule  # type: ignore[attr-defined]
        assert loader is not None  # training has begun
        for loaded in itertools.islice(loader, _CALIBRATION_BATCHES):
            batch = self.transfer_batch_to_device(loaded, self.device, 0)
            batch = self._brightened(batch if data is None else data.on_after_batch_transfer(batch, 0))
            yield (batch["lr"], batch["guide"]) if "guide" in batch else (batch["lr"],)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of one batch.

        Raises:
            FloatingPointError: an image or a loss is not finite.
        """
        self.require_data(batch)
        batch = self._brightened(batch)
        with torch.no_grad():
            wanted = self.trained(batch["lr"], guide=batch.get("guide"), pad=False)
        if torch.rand(()).item() < self.full_precision_share:
            sr = self(batch)
        else:
            with in_int8(self.model):
                sr = self(batch)
        distance = (self.inner(sr) - self.inner(wanted)).abs().mean()
        self.require_finite({"distillation": distance})
        loss = self.distillation * distance + self.reconstruction(self.inner(sr), self.inner(batch["hr"]))
        self.log_means({"train/distillation": distance, "train/loss": loss}, prog_bar=True)
        return loss

    def _brightened(self, batch: Batch) -> Batch:
        """Return a batch, with some of the crops multiplied by a factor of 1 to 4."""
        shape = (len(batch["lr"]), 1, 1, 1)
        factor = torch.where(torch.rand(shape) < self.bright_share, torch.rand(shape) * math.log(_BRIGHTEST), 0.0)
        factor = factor.exp().to(batch["lr"].device)
        brightened: Batch = {"lr": batch["lr"] * factor, "hr": batch["hr"] * factor}
        if "guide" in batch:
            brightened["guide"] = batch["guide"] * factor
        return brightened

    def on_validation_epoch_start(self) -> None:
        """Start to collect figures."""
        super().on_validation_epoch_start()
        self._rounding: list[_Rounding] = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect the figures of one whole image in int8, and the difference to full precision, RMSE in DN.

        Raises:
            FloatingPointError: SR is not finite.
        """
        if self.trainer.sanity_checking:  # measures the start, which has no ranges yet
            super().validation_step(batch, batch_idx)
            return
        with in_int8(self.model):
            super().validation_step(batch, batch_idx)
            rounded = self(batch)
        rmse = _DN * (rounded - self(batch)).square().mean().sqrt()
        self._rounding.append(_Rounding(number_of(batch_idx, self.trainer), batch["group"][0], rmse.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Log the figures, and the mean difference to full precision over all images and over those of each group."""
        super().on_validation_epoch_end()
        found = from_all_processes(self._rounding, self.trainer)  # other processes may have other groups
        for group in ("", *sorted({each.group for each in found})):
            members = [each.rmse_dn for each in found if group in ("", each.group)]
            if members:
                suffix = f"_{group}" if group else ""
                self.log(f"val/int8_rmse_dn{suffix}", torch.stack(members).mean(), prog_bar=not group)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return Adam for the generator, and the schedule."""
        trained = [each for each in self.model.parameters() if each.requires_grad]
        return self.scheduled(torch.optim.Adam(trained, self.learning_rate))


def quantized(model: SISR) -> SISR:
    """Return a copy of a model with layers that can round; their ranges are not set."""
    made = SISR(dataclasses.replace(model.config, quantized=True))
    made.load_state_dict({**made.state_dict(), **model.state_dict()})
    return made
