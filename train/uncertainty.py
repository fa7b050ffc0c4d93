"""The last stage of a model: a head that says how far off each pixel may be, beside weights that stay as they are."""

import dataclasses
from typing import Any

import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from scipy.stats import spearmanr
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics.calibration import factors, factors_of_others
from rs_srgan.evaluation.protocol import BORDER_HR_PX
from rs_srgan.models import SISR
from rs_srgan.models.uncertainty import HALF_WIDTH_PER_SCALE
from train.module import SRModule

# Group, site, and errors beside widths of some of its pixels, (2, C, n).
_Sample = tuple[str, str, Tensor]

# Pixels of an image that are looked at in validation.
_SAMPLED_PX = 20_000


class UncertaintyModule(SRModule):
    """Trains the uncertainty head of a `SISR` model, and calibrates it at every validation. See `SRModule`.

    The validation's sites set the factor of each band so that 80 % of their pixels lie within the interval. Whether
    that holds elsewhere, val/coverage, each site says with the factors that the others alone would have set.

    Args:
        init_from: a bundled name, a folder or a Hub id: the model that gets the head.
        learning_rate: at its peak.
        warmup_steps: to reach it.
        calibrate_on: the group of sites that sets the factors, such as those of the sensor that the model is for; all,
            if left out. Images count equally.
    """

    def __init__(
        self,
        init_from: str,
        learning_rate: float = 2e-3,
        warmup_steps: int = 100,
        calibrate_on: str | None = None,
    ) -> None:
        super().__init__(init_from=init_from, learning_rate=learning_rate, warmup_steps=warmup_steps)
        if not isinstance(self.model, SISR):
            raise InputError(f"{init_from} is for several views; the uncertainty head is for a SISR model.")
        self.model = with_head(self.model).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model.requires_grad_(False)
        self._sisr.uncertainty_head().requires_grad_(True)
        self.calibrate_on = calibrate_on

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """The likelihood of the errors under Laplace distributions of the widths that the head gives."""
        self.require_data(batch)
        sr, half_width = self._both(batch)
        errors = self.inner((sr - batch["hr"]).abs())
        scale = self.inner(half_width) / HALF_WIDTH_PER_SCALE
        loss = (errors / scale + scale.log()).mean()
        self.require_finite({"likelihood": loss})
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Collect errors and widths."""
        self._samples: list[_Sample] = []

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Errors and widths at random pixels of one whole image: (2, C, n)."""
        sr, half_width = self._both(batch)
        pairs = torch.stack([(sr - batch["hr"]).abs(), half_width])[:, 0].float()
        border = min(BORDER_HR_PX, (min(sr.shape[2:]) - 1) // 4)
        pixels = pairs[..., border:-border, border:-border].flatten(2)
        random = torch.Generator().manual_seed(batch_idx)
        chosen = torch.randint(pixels.shape[2], (_SAMPLED_PX,), generator=random)
        self._samples.append((batch["group"][0], batch["site"][0], pixels[..., chosen.to(pixels.device)].cpu()))

    def on_validation_epoch_end(self) -> None:
        """Calibrate, and say what that is worth on sites that had no say in it.

        Raises:
            InputError: no validation sites of the group that is to calibrate.
        """
        groups, sites, pairs = zip(*self._samples, strict=True)
        errors, widths = ([pair[index].numpy().astype(np.float64) for pair in pairs] for index in (0, 1))
        chosen = [index for index, group in enumerate(groups) if self.calibrate_on in (None, group)]
        if not chosen:
            known = ", ".join(sorted(set(groups)))
            raise InputError(f"calibrate_on is {self.calibrate_on!r}; the validation's sites are of {known}.")
        their_errors, their_widths = ([each[index] for index in chosen] for each in (errors, widths))
        found = factors(their_errors, their_widths)
        factor = self._sisr.uncertainty_head().factor
        factor *= torch.tensor(found, dtype=factor.dtype, device=factor.device)

        others = factors_of_others(their_errors, their_widths, [sites[index] for index in chosen])
        held_out = dict(zip(chosen, others, strict=True))
        widths = [width * held_out.get(index, found)[:, None] for index, width in enumerate(widths)]
        for group in sorted(set(groups)):
            members = [index for index, each in enumerate(groups) if each == group]
            error, width = (np.concatenate([each[index] for index in members], 1) for each in (errors, widths))
            by_band = [spearmanr(*pair).statistic for pair in zip(error, width, strict=True)]
            self.log(f"val/coverage_{group}", float((error <= width).mean()))
            self.log(f"val/rank_correlation_{group}", float(spearmanr(error, width, axis=None).statistic))
            self.log(f"val/rank_correlation_within_bands_{group}", float(np.mean(by_band)))
        shown = chosen if self.calibrate_on else range(len(groups))
        error, width = (np.concatenate([each[index] for index in shown], 1) for each in (errors, widths))
        self.log("val/coverage", float((error <= width).mean()), prog_bar=True)
        self.log("val/rank_correlation", float(spearmanr(error, width, axis=None).statistic), prog_bar=True)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam on the head."""
        self.require_end()
        optimizer = torch.optim.Adam(self._sisr.uncertainty_head().parameters(), self.learning_rate)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": LambdaLR(optimizer, self.rate), "interval": "step"},
        }

    @property
    def _sisr(self) -> SISR:
        assert isinstance(self.model, SISR)  # checked when it was made
        return self.model

    def _both(self, batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
        return self._sisr.with_uncertainty(*[batch[name] for name in ("lr", "guide") if name in batch])


def with_head(model: SISR) -> SISR:
    """The same model with an uncertainty head: the one it has, or an untrained one."""
    if model.uncertainty is not None:
        return model
    extended = SISR(dataclasses.replace(model.config, uncertainty=True))
    extended.load_state_dict({**extended.state_dict(), **model.state_dict()})
    return extended
