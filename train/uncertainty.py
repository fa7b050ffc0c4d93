"""UncertaintyModule: the last stage of a model, which trains a head that predicts the error of each pixel."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from scipy.stats import spearmanr
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics.calibration import factors, factors_of_others
from rs_srgan.models import SISR
from rs_srgan.models.uncertainty import HALF_WIDTH_PER_SCALE
from train.data.batch import Batch
from train.module import SRModule
from train.validation import border_of, from_all_processes, number_of

# Number of pixels per image that validation uses.
_SAMPLED_PX = 20_000


class _Sampled(NamedTuple):
    """Some pixels of one validation image.

    Attributes:
        number: index of the image in the dataset.
        group: name of the group of the site.
        site: name of the site.
        pixels: errors and half-widths, reflectance, (2, C, n).
    """

    number: int
    group: str
    site: str
    pixels: Tensor


class UncertaintyModule(SRModule):
    """Trains the uncertainty head of a `SISR` model, and calibrates it at every validation. See `SRModule`.

    The other weights stay as they are. The sites of the validation set a factor for each band, so that the interval
    covers the truth of 80 % of their pixels. val/coverage is the share of covered pixels at each site with the factors
    that the other sites set.

    Args:
        init_from: bundled name, folder or Hub id of the model that gets the head.
        learning_rate: peak learning rate.
        warmup_steps: number of steps to reach the peak.
        calibrate_on: group of sites that sets the factors, for example the sites of the model's sensor; all groups if
            left out. Images count equally.
    """

    keeps_generator = True

    def __init__(
        self,
        init_from: str,
        learning_rate: float = 2e-3,
        warmup_steps: int = 100,
        calibrate_on: str | None = None,
    ) -> None:
        super().__init__(init_from=init_from, learning_rate=learning_rate, warmup_steps=warmup_steps)
        self.model = with_head(self.sisr).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model.requires_grad_(False)
        self.sisr.uncertainty_head().requires_grad_(True)
        self.calibrate_on = calibrate_on

    def on_train_epoch_start(self) -> None:
        """Keep the statistics of batch normalisation: the result must stay that of the start."""
        self.model.eval()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the negative log-likelihood of the errors under Laplace distributions with the head's widths.

        Raises:
            FloatingPointError: an image or the loss is not finite.
        """
        self.require_data(batch)
        sr, half_width = self._both(batch)
        errors = self.inner((sr - batch["hr"]).abs())
        scale = self.inner(half_width) / HALF_WIDTH_PER_SCALE
        loss = (errors / scale + scale.log()).mean()
        self.require_finite({"likelihood": loss})
        self.log_means({"train/loss": loss}, prog_bar=True)
        return loss

    @property
    def best_by(self) -> str | None:
        """Return None: the calibration belongs to the last weights."""
        return None

    def on_validation_epoch_start(self) -> None:
        """Start to collect errors and half-widths."""
        self._samples: list[_Sampled] = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect errors and half-widths at random pixels of one whole image."""
        sr, half_width = self._both(batch)
        pairs = torch.stack([(sr - batch["hr"]).abs(), half_width])[:, 0].float()
        border = border_of(sr)
        pixels = pairs[..., border:-border, border:-border].flatten(2)
        pixels = pixels[..., torch.isfinite(pixels).all((0, 1))]
        if not pixels.shape[2]:
            return
        number = number_of(batch_idx, self.trainer)
        random = torch.Generator().manual_seed(number)
        chosen = torch.randint(pixels.shape[2], (_SAMPLED_PX,), generator=random).to(pixels.device)
        self._samples.append(_Sampled(number, batch["group"][0], batch["site"][0], pixels[..., chosen].cpu()))

    def on_validation_epoch_end(self) -> None:
        """Calibrate the head, and log its coverage at sites that did not set the factors.

        Raises:
            InputError: `calibrate_on` names a group without validation sites.
        """
        if self.trainer.sanity_checking:  # a few images, which need not be of `calibrate_on`
            return
        samples = from_all_processes(self._samples, self.trainer)
        groups, sites = ([getattr(each, field) for each in samples] for field in ("group", "site"))
        pairs: list[Any] = [each.pixels for each in samples]  # `factors` states float32, and takes float64
        errors, widths = ([pair[index].numpy().astype(np.float64) for pair in pairs] for index in (0, 1))
        chosen = [index for index, group in enumerate(groups) if self.calibrate_on in (None, group)]
        if not chosen:
            known = ", ".join(sorted(set(groups)))
            raise InputError(f"calibrate_on is {self.calibrate_on!r}; expected a group of the validation: {known}.")
        their_errors, their_widths = ([each[index] for index in chosen] for each in (errors, widths))
        found = factors(their_errors, their_widths)
        factor = self.sisr.uncertainty_head().factor
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
        """Return Adam for the head, and the schedule."""
        return self.scheduled(torch.optim.Adam(self.sisr.uncertainty_head().parameters(), self.learning_rate))

    @property
    def sisr(self) -> SISR:
        """The model.

        Raises:
            InputError: it takes several views.
        """
        if not isinstance(self.model, SISR):
            raise InputError(f"{self.init_from} is a MISR model; expected a SISR model for the uncertainty head.")
        return self.model

    def _both(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return self.sisr.with_uncertainty(batch["lr"], guide=batch.get("guide"), pad=False)


def with_head(model: SISR) -> SISR:
    """Return a model with an uncertainty head: the model itself if it has one, else a copy with an untrained head."""
    if model.uncertainty is not None:
        return model
    extended = SISR(dataclasses.replace(model.config, uncertainty=True))
    extended.load_state_dict({**extended.state_dict(), **model.state_dict()})
    return extended
