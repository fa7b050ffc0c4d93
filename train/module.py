"""What every stage of training shares, and the PSNR stage: one generator, one optimiser."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, Timer
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.evaluation.metrics.spectrum import spectrum_db
from rs_srgan.evaluation.protocol import BORDER_HR_PX
from rs_srgan.models import MISR, SISR, SISRConfig
from rs_srgan.sensors.mtf import wald_mtf
from rs_srgan.sensors.projection import back_projected_bicubic
from train.losses import ReconstructionWeights, reconstruction_terms
from train.start import FusionConfig, start

# Near the border of a crop the projection sees replicated pixels instead of the scene: not counted in the loss.
BORDER_LR_PX = 2

# Shares of the Nyquist frequency at which validation looks at the spectrum.
SPECTRUM_AT = (0.3, 0.5, 0.7, 0.9)

Schedule = Literal["cosine", "plateau"]


class SRModule(L.LightningModule):
    """A `SISR` or `MISR` model in training: its start, its validation, the schedule of its learning rate.

    A batch is a dictionary: "lr" (B, C, h, w), or (B, T, C, h, w) with the reference first, "hr" (B, C, h * scale,
    w * scale) and, for a model with guide bands, "guide", all reflectance; in validation also "site" and "group", by
    which figures are averaged.

    Args:
        config: of a new model.
        init_from: instead, a bundled name, a folder or a Hub id: the model whose weights and configuration are the
            start.
        fusion: makes a MISR model of that.
        weights: of the reconstruction terms.
        learning_rate: at its peak.
        warmup_steps: to reach it.
        schedule: "cosine" falls to 1 % at the end of the run, which is trainer.max_steps, max_epochs or max_time,
            whichever comes first: a run by the clock completes its schedule on any machine. "plateau" begins at the
            peak and quarters the rate where the validation's PSNR has not risen for three validations.
    """

    def __init__(
        self,
        config: SISRConfig | None = None,
        init_from: str | None = None,
        fusion: FusionConfig | None = None,
        weights: ReconstructionWeights = ReconstructionWeights(),  # frozen
        learning_rate: float = 8e-4,
        warmup_steps: int = 200,
        schedule: Schedule = "cosine",
    ) -> None:
        super().__init__()
        if warmup_steps < 1:
            raise InputError(f"warmup_steps is {warmup_steps}; expected at least 1.")
        require_positive("learning_rate", learning_rate)
        model = start(config, init_from, fusion)
        self.init_from: str | None = init_from
        self.model: SISR | MISR = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights
        self.learning_rate, self.warmup_steps, self.schedule = learning_rate, warmup_steps, schedule
        # What the data must agree on; the command line hands it over.
        self.scale, self.bands = self.model.scale, self.model.config.bands
        self.guide_bands, self.mtf_nyquist = self.model.config.guide_bands, self.model.config.mtf_nyquist

    def forward(self, batch: dict[str, Any]) -> Tensor:
        """SR of a batch, reflectance (B, C, h * scale, w * scale)."""
        inputs = [batch[name] for name in ("lr", "mask", "offsets", "guide") if name in batch]
        several = batch["lr"].dim() == 5
        if several != isinstance(self.model, MISR):
            raise InputError(
                f"The data has {'several views' if several else 'one view'} of each place and the model is a "
                f"{type(self.model).__name__}; views or revisits are for a model with fusion, and only for one."
            )
        sr: Tensor = self.model(*inputs)
        return sr

    @property
    def steps_done(self) -> int:
        """Steps of the generator's training so far, as a reader counts them."""
        return self.global_step

    def reference(self, batch: dict[str, Tensor]) -> Tensor:
        """The LR image that SR shows, (B, C, h, w)."""
        return batch["lr"][:, 0] if batch["lr"].dim() == 5 else batch["lr"]

    def inner(self, image: Tensor) -> Tensor:
        """What of a fine image the loss counts."""
        border = BORDER_LR_PX * self.scale
        if min(image.shape[-2:]) <= 2 * border:
            raise InputError(
                f"The training crops have {min(image.shape[-2:]) // self.scale} LR pixels, of which {BORDER_LR_PX} at "
                f"each side do not count; expected crop_lr_px of more than {2 * BORDER_LR_PX}."
            )
        return image[..., border:-border, border:-border]

    def reconstruction(self, sr: Tensor, hr: Tensor) -> Tensor:
        """The sum of the reconstruction terms, each logged.

        Raises:
            FloatingPointError: one of them is not finite.
        """
        terms = reconstruction_terms(sr, hr, self.weights)
        self.require_finite(terms)
        self.log_dict({f"train/{name}": value.detach() for name, value in terms.items()})
        return torch.stack([sr.new_zeros(()), *terms.values()]).sum()  # a GAN may have the perceptual distance alone

    def require_data(self, batch: dict[str, Tensor]) -> None:
        """Stop at a batch with a value that is not finite, before it gets into the weights."""
        for name in batch.keys() & {"lr", "hr", "guide"}:
            if not torch.isfinite(batch[name].sum()):
                raise self.stopped(
                    f"The {name} images of step {self.steps_done} hold values that are not finite: nodata in the "
                    "training data?"
                )

    def require_finite(self, terms: dict[str, Tensor]) -> None:
        """Stop at the first loss that is not finite, by its name."""
        for name, value in terms.items():
            if not torch.isfinite(value):
                raise self.stopped(
                    f"The {name} loss is {value.item()} at step {self.steps_done}. Lower the learning rate."
                )

    def require_finite_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Stop before weights that are not finite replace those of an earlier checkpoint or model folder."""
        for name, value in weights.items():
            if not torch.isfinite(value).all():
                raise self.stopped(
                    f"The weights {name} are not finite after step {self.steps_done}. Lower the learning rate."
                )

    def stopped(self, why: str) -> FloatingPointError:
        """The error that ends a run, with the checkpoint that it can go on from, where there is one."""
        callbacks = self.trainer.checkpoint_callbacks
        ours = [each for each in callbacks if isinstance(each, ModelCheckpoint)]
        saved = [each.last_model_path or each.best_model_path for each in ours]
        for path in (*saved, self.trainer.ckpt_path):
            if path and Path(path).is_file():
                return FloatingPointError(f"{why} The last good checkpoint is kept: {path}.")
        return FloatingPointError(f"{why} There is no checkpoint of this run yet.")

    def on_validation_epoch_start(self) -> None:
        """Collect figures by group and site."""
        self._figures: list[tuple[int, str, str, list[float]]] = []

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """PSNR of one whole image of an unseen site, that of the baseline on it, and how much detail it holds."""
        lr, hr = self.reference(batch), batch["hr"]
        baseline = back_projected_bicubic(lr, self.scale, wald_mtf(self.mtf_nyquist, self.scale))
        border = min(BORDER_HR_PX, (min(hr.shape[2:]) - 1) // 4)
        inner = (0, slice(None), slice(border, hr.shape[2] - border), slice(border, hr.shape[3] - border))
        truth = hr[inner].float().cpu().numpy()
        sr = self(batch)
        if not torch.isfinite(sr).all():
            raise self.stopped(
                f"The validation's SR of {batch['site'][0]} is not finite at step {self.steps_done}. Lower the "
                "learning rate, or look for nodata in the validation data."
            )
        restored, simple = (image[inner].float().cpu().numpy() for image in (sr, baseline))
        figures = [psnr(restored, truth), psnr(simple, truth), *spectrum_db(restored, truth, SPECTRUM_AT)]
        number = batch_idx * self.trainer.world_size + self.global_rank
        self._figures.append((number, batch["group"][0], batch["site"][0], figures))

    def _figures_of_all(self) -> dict[tuple[str, str], list[list[float]]]:
        """By group and site, from all processes; an image that two of them had to see counts once."""
        found = self._figures
        if self.trainer.world_size > 1:
            gathered: list[Any] = [None] * self.trainer.world_size
            torch.distributed.all_gather_object(gathered, found)
            found = sorted(item for each in gathered for item in each)
        by_site: dict[tuple[str, str], list[list[float]]] = {}
        loader: Any = self.trainer.val_dataloaders
        for number, group, site, figures in found:
            if number < len(loader.dataset):  # the sampler fills up with the first ones again
                by_site.setdefault((group, site), []).append(figures)
        return by_site

    def on_validation_epoch_end(self) -> None:
        """Means over sites for each group, and over the groups."""
        groups: dict[str, list[Tensor]] = {}
        for (group, _), figures in self._figures_of_all().items():
            groups.setdefault(group, []).append(torch.tensor(figures).mean(0))
        means = {group: torch.stack(sites).mean(0) for group, sites in groups.items()}
        for group, mean in means.items():
            self.log(f"val/psnr_{group}", mean[0])
            self.log(f"val/gain_{group}", mean[0] - mean[1], prog_bar=True)
            for frequency, level in zip(SPECTRUM_AT, mean[2:], strict=True):
                self.log(f"val/spectrum_{group}_{frequency}", level)
        overall = torch.stack(list(means.values())).mean(0)
        self.log("val/psnr", overall[0], prog_bar=True)
        self.log("val/gain", overall[0] - overall[1])
        for frequency, level in zip(SPECTRUM_AT, overall[2:], strict=True):
            self.log(f"val/spectrum_{frequency}", level)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say which stage it is of; refuse to write weights that are not finite, averaged or not."""
        for key in checkpoint.keys() & {"state_dict", "current_model_state"}:
            self.require_finite_weights(checkpoint[key])
        checkpoint["stage"] = type(self).__name__

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse one of another stage or architecture.

        Raises:
            InputError: naming both.
        """
        own = type(self).__name__
        stage = checkpoint.get("stage", own)  # those of earlier versions do not say
        if stage != own:
            raise InputError(
                f"The checkpoint (ckpt_path) is of {stage} and this run is of {own}; expected one of {own}. To start "
                "from what that stage trained, give its model folder as init_from."
            )
        states = checkpoint["state_dict"], self.state_dict()
        theirs, ours = ({name: tuple(value.shape) for name, value in state.items()} for state in states)
        differing = sorted(name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name))
        if differing:
            name = differing[0]
            raise InputError(
                f"The checkpoint (ckpt_path) is of another architecture than this run's {own}: {name} is "
                f"{theirs.get(name, 'missing')} there and {ours.get(name, 'missing')} here ({len(differing)} differ). "
                "Go on with the configuration that it was trained with, or start from its model folder by init_from."
            )

    def progress(self) -> float:
        """How much of the run is done, 0 to 1."""
        done = [0.0]
        if self.trainer.max_steps > 0:
            done.append(self.global_step / self.trainer.max_steps)
        if (self.trainer.max_epochs or -1) > 0:
            # by batches: with two optimisers every batch is two of Lightning's steps
            batches = self.trainer.num_training_batches * int(self.trainer.max_epochs or 1)  # infinite before the start
            done.append(max(0, self.trainer.fit_loop.total_batch_idx) / max(1, batches))
        for timer in self.trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(timer, Timer) and (left := timer.time_remaining()) is not None:
                spent = timer.time_elapsed()
                done.append(spent / (spent + left))
        # clocks of several processes differ, and so would their rates, and then their weights
        return min(1.0, float(self.trainer.strategy.broadcast(max(done))))

    def rate(self, step: int) -> float:
        """Share of the peak learning rate at a step of the cosine."""
        falling = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self.progress()))
        return min(1.0, (step + 1) / self.warmup_steps) * falling

    def require_end(self) -> None:
        """Refuse a run whose length is open: a schedule needs an end."""
        trainer = self.trainer
        timed = any(isinstance(callback, Timer) for callback in trainer.callbacks)  # type: ignore[attr-defined]
        if trainer.max_steps < 1 and (trainer.max_epochs or -1) < 1 and not timed:
            raise InputError("The length of the run is open: set trainer.max_steps, max_epochs or max_time.")


def require_positive(name: str, rate: float) -> None:
    """Refuse a learning rate that would not learn, or climb."""
    if not 0 < rate < math.inf:
        raise InputError(f"{name} is {rate}; expected more than 0, such as 1.0e-4.")


def require_a_loss(weights: ReconstructionWeights) -> None:
    """Refuse weights that leave nothing to learn from."""
    if not any(vars(weights).values()):
        raise InputError("All weights of the loss are 0, so there is nothing to learn from; give one, such as l1: 1.0.")


def on_plateau(optimizer: Optimizer) -> ReduceLROnPlateau:
    """The schedule "plateau" of `SRModule`, to be told the validation's PSNR."""
    return ReduceLROnPlateau(optimizer, mode="max", factor=0.25, patience=3)


class SISRModule(SRModule):
    """The PSNR stage: trains a `SISR` model by reconstruction. See `SRModule`.

    Args:
        config: of a new model.
        init_from: instead, the model to start from.
        fusion: makes a MISR model of that.
        weights: of the reconstruction terms.
        learning_rate: at its peak.
        warmup_steps: to reach it.
        schedule: "cosine" or "plateau".
        weight_decay: of AdamW.
    """

    def __init__(
        self,
        config: SISRConfig | None = None,
        init_from: str | None = None,
        fusion: FusionConfig | None = None,
        weights: ReconstructionWeights = ReconstructionWeights(),  # frozen
        learning_rate: float = 8e-4,
        warmup_steps: int = 200,
        schedule: Schedule = "cosine",
        weight_decay: float = 0.0,
    ) -> None:
        require_a_loss(weights)
        if weight_decay < 0:
            raise InputError(f"weight_decay is {weight_decay}; expected 0 or more.")
        super().__init__(config, init_from, fusion, weights, learning_rate, warmup_steps, schedule)
        self.weight_decay = weight_decay

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """One batch; stops with the term's name at the first loss that is not finite."""
        self.require_data(batch)
        loss = self.reconstruction(self.inner(self(batch)), self.inner(batch["hr"]))
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW and the schedule."""
        self.require_end()
        optimizer = torch.optim.AdamW(self.parameters(), self.learning_rate, weight_decay=self.weight_decay)
        if self.schedule == "plateau":
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": on_plateau(optimizer), "monitor": "val/psnr"}}
        schedule = LambdaLR(optimizer, self.rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
