"""The last stage of a model: a head that says how far off each pixel may be, beside weights that stay as they are."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from scipy.stats import spearmanr
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from rs_srgan.errors import InputError
from rs_srgan.evaluation.protocol import BORDER_HR_PX
from rs_srgan.models import SISR
from rs_srgan.models.uncertainty import HALF_WIDTH_PER_SCALE, INTERVAL_SHARE
from train.data.splits import split_by_hash
from train.module import SRModule

# Group, site, and errors beside widths of some of its pixels, (2, C, n).
_Sample = tuple[str, str, Tensor]

# Pixels of an image that are looked at in validation.
_SAMPLED_PX = 20_000


class UncertaintyModule(SRModule):
    """Trains the uncertainty head of a `SISR` model, and calibrates it at every validation. See `SRModule`.

    Half of the validation's sites, chosen by hash, set the factor of each band so that 80 % of their pixels lie within
    the interval; the other half says whether it holds: val/coverage. Groups of sites count equally in both.

    Args:
        init_from: a bundled name, a folder or a Hub id: the model that gets the head.
        learning_rate: at its peak.
        warmup_steps: to reach it.
    """

    def __init__(self, init_from: str, learning_rate: float = 2e-3, warmup_steps: int = 100) -> None:
        super().__init__(init_from=init_from, learning_rate=learning_rate, warmup_steps=warmup_steps)
        if not isinstance(self.model, SISR):
            raise InputError(f"{init_from} is for several views; the uncertainty head is for a SISR model.")
        self.model = with_head(self.model).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model.requires_grad_(False)
        self._sisr.uncertainty_head().requires_grad_(True)

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
        """Calibrate on one half of the sites, measure on the other."""
        calibrating, held_out = _halves(self._samples)
        errors, widths, weights, _ = _pooled(calibrating)
        ratios = errors / widths
        factors = [np.quantile(band, INTERVAL_SHARE, weights=weights, method="inverted_cdf") for band in ratios]
        factor = self._sisr.uncertainty_head().factor
        factor *= torch.tensor(np.array(factors), dtype=factor.dtype, device=factor.device)

        errors, widths, weights, groups = _pooled(held_out)
        widths *= np.array(factors)[:, None]
        within = (errors <= widths).mean(0)
        self.log("val/coverage", float(np.average(within, weights=weights)), prog_bar=True)
        for group in sorted(set(groups)):
            self.log(f"val/coverage_{group}", float(within[groups == group].mean()))
        self.log("val/rank_correlation", float(spearmanr(errors.ravel(), widths.ravel()).statistic), prog_bar=True)
        by_band = [spearmanr(error, width).statistic for error, width in zip(errors, widths, strict=True)]
        self.log("val/rank_correlation_within_bands", float(np.mean(by_band)))

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


def calibrating_sites(sites: Iterable[str]) -> set[str]:
    """Half of the validation's sites of one group, chosen by hash: those that set the factors of the bands."""
    return split_by_hash(list(sites), share=0.5)


def _halves(samples: list[_Sample]) -> tuple[list[_Sample], list[_Sample]]:
    """Of the sites of every group."""
    by_group: dict[str, list[str]] = {}
    for group, site, _ in samples:
        by_group.setdefault(group, []).append(site)
    first = {site for sites in by_group.values() for site in calibrating_sites(sites)}
    return [each for each in samples if each[1] in first], [each for each in samples if each[1] not in first] or samples


def _pooled(samples: list[_Sample]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Errors and widths (C, n), the weights of the pixels, so that groups count equally, and their groups."""
    pairs = np.concatenate([pixels.numpy() for _, _, pixels in samples], axis=2).astype(np.float64)
    groups = np.repeat([group for group, _, _ in samples], _SAMPLED_PX)
    names, counts = np.unique(groups, return_counts=True)
    weights = (1 / counts)[np.searchsorted(names, groups)]
    return pairs[0], pairs[1], weights, groups
