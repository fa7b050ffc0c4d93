"""SRModule, the base class of all stages of training, and SISRModule, the PSNR stage: one generator, one optimiser."""

import logging
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import lightning as L
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISR, SISRConfig
from rs_srgan.sensors.mtf import wald_mtf
from rs_srgan.sensors.projection import back_projected_bicubic, bicubic
from train.comparison import PlaceFigures, by_place, gains
from train.data.batch import Batch
from train.data.module import SRDataModule
from train.losses import ReconstructionWeights, reconstruction_terms, require_a_loss
from train.schedule import Schedule, cosine, on_plateau, require_end, require_positive, run_progress, take_rates
from train.start import FusionConfig, start, with_changes
from train.stopping import last_checkpoint
from train.teacher import Teacher, TeacherConfig
from train.validation import ImageFigures, figures_of, from_all_processes, group_means, logged, number_of

logger = logging.getLogger(__name__)

# Width of the border of a crop that the loss leaves out, LR pixels: there the projection sees replicated pixels.
BORDER_LR_PX = 2
# Fields of a model's configuration that a run may measure from its data.
_MEASURED = ("mtf_nyquist", "reflectance_mean", "reflectance_std")
# Measures of the same data on two processors may differ by their rounding; greater differences are other data.
_SAME_MEASURE = 0.01


class SRModule(L.LightningModule):
    """Base class of the stages: start, validation, learning rate and checkpoints of a `SISR` or `MISR` model.

    A batch is a dictionary; see `Batch` in train/data/batch.py.

    Args:
        config: configuration of a new model.
        init_from: bundled name, folder or Hub id of a model to start from, instead of `config`.
        fusion: fusion to add, which makes a MISR model of a SISR model.
        mtf_nyquist: MTF of the sensor at the Nyquist frequency, one value per band. "fit": of pairs of LR and HR it is
            estimated before the first step, if another blur than the model's lies between them. "keep": the model's.
        weights: weights of the reconstruction terms.
        learning_rate: peak learning rate.
        warmup_steps: number of steps to reach the peak.
        schedule: "cosine" falls to 1 % at the end of the run, which is trainer.max_steps, max_epochs or max_time,
            whichever comes first; with max_time the schedule is complete on any machine. "plateau" starts at the peak
            and quarters the rate when the PSNR of the validation has not risen for more than three validations.
    """

    # Whether the stage leaves the weights of the generator as they are, so that a quantised model stays quantised.
    keeps_generator: ClassVar[bool] = False

    def __init__(
        self,
        *,
        config: SISRConfig | None = None,
        init_from: str | None = None,
        fusion: FusionConfig | None = None,
        mtf_nyquist: tuple[float, ...] | Literal["fit", "keep"] = "fit",
        weights: ReconstructionWeights = ReconstructionWeights(),  # frozen
        learning_rate: float = 8e-4,
        warmup_steps: int = 200,
        schedule: Schedule = "cosine",
    ) -> None:
        super().__init__()
        if warmup_steps < 1:
            raise InputError(f"warmup_steps is {warmup_steps}; expected at least 1.")
        require_positive("learning_rate", learning_rate)
        model = start(config, init_from, fusion, self.keeps_generator)
        self.init_from: str | None = init_from
        self.model: SISR | MISR = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.fits_mtf = mtf_nyquist == "fit" and self.model.config.consistent
        self.weights = weights
        self.learning_rate, self.warmup_steps, self.schedule = learning_rate, warmup_steps, schedule
        self.at_start: dict[str, float] = {}  # PSNR of the start by place, dB
        self.latest: dict[str, PlaceFigures] = {}  # figures of the last validation by place
        self._resumed_rates: list[float] | None = None
        self._recent: dict[str, deque[Tensor]] = {}
        # The command line passes these to the data module.
        self.scale, self.bands = self.model.scale, self.model.config.bands
        self.mtf_nyquist, self.sensor = self.model.config.mtf_nyquist, self.model.config.sensor
        if not isinstance(mtf_nyquist, str):
            self.change(mtf_nyquist=mtf_nyquist)

    def forward(self, batch: Batch) -> Tensor:
        """Return SR of a batch, reflectance, (B, C, h * scale, w * scale).

        Raises:
            InputError: the batch has several views and the model takes one, or the other way round.
        """
        several = batch["lr"].dim() == 5
        if several != self.model.config.several:
            raise InputError(
                f"The data has {'several views' if several else 'one view'} of each place and the model is a "
                f"{type(self.model).__name__}; expected several views for a MISR model and one view for a SISR model. "
                "Change views or revisits of the data, or fusion of the model."
            )
        if isinstance(self.model, MISR):
            # losses leave the border out, so that no time goes into pixels beyond it
            sr: Tensor = self.model(batch["lr"], mask=batch.get("mask"), offsets=batch.get("offsets"), pad=False)
        else:
            sr = self.model(batch["lr"], guide=batch.get("guide"), pad=False)
        return sr

    def change(self, **changes: tuple[float, ...] | float) -> None:
        """Give the model another MTF or normalisation, before training begins; see `with_changes`."""
        changed = with_changes(self.model, **changes)
        self.model = changed.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mtf_nyquist = self.model.config.mtf_nyquist

    @property
    def steps_done(self) -> int:
        """Steps of the generator so far, for people to read."""
        return self.global_step

    @property
    def best_by(self) -> str | None:
        """Name of the figure by which the best model of a run is kept; None: only the last one is kept."""
        return "val/psnr"

    def log_means(self, values: Mapping[str, Tensor], prog_bar: bool = False) -> None:
        """Log the means of losses over the steps between two entries of the log, because single steps scatter.

        Args:
            values: losses of one step by their names.
            prog_bar: also show them in the progress bar.
        """
        for name, value in values.items():
            recent = self._recent.setdefault(name, deque(maxlen=max(1, self.trainer.log_every_n_steps)))  # type: ignore[attr-defined]
            recent.append(value.detach().float())
            self.log(name, torch.stack(list(recent)).mean(), prog_bar=prog_bar)

    def reference(self, batch: Batch) -> Tensor:
        """Return the LR image that SR shows, (B, C, h, w)."""
        return batch["lr"][:, 0] if batch["lr"].dim() == 5 else batch["lr"]

    def baseline(self, batch: Batch) -> Tensor:
        """Return what the best classical method makes of the same input, of the shape of SR.

        With a guide this is MTF-GLP, if the model has it, else back-projected bicubic.
        """
        guide, lr = batch.get("guide"), self.reference(batch)
        if isinstance(self.model, SISR) and self.model.glp and guide is not None:
            return self.model.classical(lr, guide)
        return back_projected_bicubic(lr, self.scale, wald_mtf(self.mtf_nyquist, self.scale))

    def inner(self, image: Tensor) -> Tensor:
        """Return the part of a fine image that the loss counts.

        Raises:
            InputError: the crop is too small.
        """
        border = BORDER_LR_PX * self.scale
        if min(image.shape[-2:]) <= 2 * border:
            raise InputError(
                f"The training crops have {min(image.shape[-2:]) // self.scale} LR pixels, and the loss leaves out "
                f"{BORDER_LR_PX} at each side; expected crop_lr_px of more than {2 * BORDER_LR_PX}."
            )
        return image[..., border:-border, border:-border]

    def reconstruction(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Return the sum of the reconstruction terms, and log each term.

        Raises:
            FloatingPointError: a term is not finite.
        """
        terms = reconstruction_terms(sr, hr, self.weights)
        self.require_finite(terms)
        self.log_means({f"train/{name}": value for name, value in terms.items()})
        # The zero is for a GAN whose only reconstruction loss is the perceptual distance.
        return torch.stack([sr.new_zeros(()), *terms.values()]).sum()

    def require_data(self, batch: Batch) -> None:
        """Stop the run at a batch with values that are not finite, before they reach the weights.

        Raises:
            FloatingPointError: an image has such values.
        """
        for name, images in (("lr", batch["lr"]), ("hr", batch["hr"]), ("guide", batch.get("guide"))):
            if images is not None and not torch.isfinite(images.sum()):
                raise self.stopped(
                    f"The {name} images of step {self.steps_done} have values that are not finite. Look for nodata in "
                    "the training data."
                )

    def require_finite(self, terms: Mapping[str, Tensor]) -> None:
        """Stop the run at a loss that is not finite.

        Raises:
            FloatingPointError: a loss is not finite; the message names the first one.
        """
        for name, value in terms.items():
            if not torch.isfinite(value):
                raise self.stopped(
                    f"The {name} loss is {value.item()} at step {self.steps_done}. Lower the learning rate."
                )

    def require_finite_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Stop the run before weights that are not finite replace an earlier checkpoint or model folder.

        Raises:
            FloatingPointError: weights are not finite.
        """
        for name, value in weights.items():
            if not torch.isfinite(value).all():
                raise self.stopped(
                    f"The weights {name} are not finite after step {self.steps_done}. Lower the learning rate."
                )

    def stopped(self, why: str) -> FloatingPointError:
        """Return the error that ends a run; its message names the last checkpoint, if there is one."""
        saved = last_checkpoint(self.trainer)
        rest = f"The last good checkpoint is kept: {saved}." if saved else "This run has no checkpoint yet."
        return FloatingPointError(f"{why} {rest}")

    @property
    def peak_rates(self) -> list[float]:
        """Peak learning rate of each optimiser."""
        return [self.learning_rate]

    def on_fit_start(self) -> None:
        """Check the size of the crops before the first step.

        Raises:
            InputError: the losses would leave nothing of a crop.
        """
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        if isinstance(data, SRDataModule) and data.crop_lr_px <= 2 * BORDER_LR_PX:
            raise InputError(
                f"crop_lr_px is {data.crop_lr_px}, and the loss leaves out {BORDER_LR_PX} LR pixels at each side; "
                f"expected more than {2 * BORDER_LR_PX}."
            )

    def on_train_start(self) -> None:
        """Take the learning rate of the request, if a checkpoint has another one."""
        before, self._resumed_rates = self._resumed_rates, None
        if before is None or before == self.peak_rates:
            return
        found = self.lr_schedulers()
        schedulers = found if isinstance(found, list) else [found] if found else []
        taken = take_rates(schedulers, self.peak_rates)
        logger.warning(
            "The peak learning rate of the checkpoint is %s, and that of this run %s. %s",
            *(before, self.peak_rates),
            "The schedule goes on from the new one." if taken else "The schedule plateau goes on with the old one.",
        )

    def on_train_batch_end(self, *_: object) -> None:
        """Let the run validate its last weights, by which it is judged, wherever it ends.

        Lightning validates only at the steps and in the epochs of `val_check_interval` and `check_val_every_n_epoch`.
        This hook comes after those of the callbacks: the timer of `max_time` has decided by then.
        """
        trainer = self.trainer
        last_epoch = 0 < (trainer.max_epochs or -1) <= trainer.current_epoch + 1
        if 0 < trainer.max_steps <= trainer.global_step or (last_epoch and trainer.is_last_batch):
            trainer.should_stop = True  # Lightning validates where it is asked to stop
        if trainer.should_stop and trainer.check_val_every_n_epoch:
            trainer.check_val_every_n_epoch = 1

    def on_validation_epoch_start(self) -> None:
        """Start to collect figures."""
        self._figures: list[ImageFigures] = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect the figures of one whole image of a site that training never sees.

        Raises:
            FloatingPointError: SR is not finite.
        """
        sr = self(batch)
        (group,), (site,) = batch["group"], batch["site"]
        if not torch.isfinite(sr).all():
            raise self.stopped(
                f"SR of the validation image {site} is not finite at step {self.steps_done}. Lower the learning rate, "
                "or look for nodata in the validation data."
            )
        plain = bicubic(self.reference(batch), self.scale)
        figures = figures_of(sr, batch["hr"], self.baseline(batch), plain)
        self._figures.append(ImageFigures(number_of(batch_idx, self.trainer), group, site, figures))

    def on_validation_epoch_end(self) -> None:
        """Log the means over the sites of each group, and over the groups, beside the start and the baselines."""
        figures = from_all_processes(self._figures, self.trainer)
        places, means = by_place(figures), group_means(figures)
        if self.trainer.sanity_checking:
            if self.trainer.ckpt_path is None:
                self.at_start = {site: each.model for site, each in places.items()}
                logger.info("Before the first step, on %s.", _summary(places, "the start"))
            else:
                logger.info("Going on from step %d, on %s.", self.steps_done, _summary(places, "the model so far"))
            return
        self.latest = places
        shown = {"val/psnr", "val/bicubic", "val/baseline"}
        for name, value in logged(means).items():
            self.log(name, value, prog_bar=name in shown)
        if over := gains(places, self.at_start):
            self.log("val/start", sum(self.at_start[site] for site in over) / len(over))
            self.log("val/over_start", sum(over.values()) / len(over), prog_bar=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the name of the stage to a checkpoint; refuse weights that are not finite, averaged or not."""
        for key in checkpoint.keys() & {"state_dict", "current_model_state"}:
            self.require_finite_weights(checkpoint[key])
        checkpoint["stage"], checkpoint["at_start"] = type(self).__name__, self.at_start
        checkpoint["peak_rates"] = self.peak_rates
        checkpoint |= {field: getattr(self.model.config, field) for field in _MEASURED}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Check that a checkpoint is of this stage and architecture.

        Raises:
            InputError: it is not; the message names both.
        """
        own = type(self).__name__
        stage = checkpoint.get("stage", own)  # earlier versions did not save it
        if stage != own:
            raise InputError(
                f"The checkpoint (ckpt_path) is of {stage} and this run is of {own}; expected one of {own}. To start "
                "from the model of that stage, give its model folder as init_from."
            )
        self.at_start, self._resumed_rates = checkpoint.get("at_start", {}), checkpoint.get("peak_rates")
        same_bands = len(checkpoint.get("mtf_nyquist", self.mtf_nyquist)) == len(self.mtf_nyquist)
        for field in _MEASURED if same_bands else ():
            ours = getattr(self.model.config, field)
            theirs = checkpoint.get(field, ours)  # earlier versions did not save it
            if theirs != ours and np.allclose(theirs, ours, rtol=0, atol=_SAME_MEASURE):
                self.change(**{field: theirs})
            elif theirs != ours:
                raise InputError(
                    f"The checkpoint (ckpt_path) has {field} {theirs} and this run {ours}; expected the same. Use the "
                    "configuration and the data of the checkpoint."
                )
        states = checkpoint["state_dict"], self.state_dict()
        there, here = ({name: tuple(value.shape) for name, value in state.items()} for state in states)
        differing = sorted(name for name in there.keys() | here.keys() if there.get(name) != here.get(name))
        if differing:
            name = differing[0]
            raise InputError(
                f"The checkpoint (ckpt_path) is of another architecture than this run's {own}: {name} is "
                f"{there.get(name, 'missing')} there and {here.get(name, 'missing')} here ({len(differing)} differ). "
                "Use the configuration of the checkpoint, or start from its model folder by init_from."
            )

    def progress(self) -> float:
        """Return the share of the run that is done, 0 to 1."""
        return run_progress(self.trainer)

    def rate(self, step: int) -> float:
        """Return the share of the peak learning rate at a step of the schedule "cosine"."""
        return cosine(step, self.warmup_steps, self.progress())

    def scheduled(self, optimizer: Optimizer) -> OptimizerLRScheduler:
        """Return a single optimiser with the schedule of its learning rate, for Lightning."""
        require_end(self.trainer)
        if self.schedule == "plateau":
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": on_plateau(optimizer), "monitor": "val/psnr"}}
        schedule = LambdaLR(optimizer, self.rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _summary(places: Mapping[str, PlaceFigures], title: str) -> str:
    """Return the mean figures of all places for people; `title` says which weights the model has."""
    methods = (("bicubic", "bicubic"), ("without learning", "baseline"), (title, "model"))
    means = [(title, [getattr(each, field) for each in places.values()]) for title, field in methods]
    text = ", ".join(f"{title} {sum(values) / max(1, len(values)):.2f} dB" for title, values in means)
    return f"{len(places)} validation place{'s' * (len(places) != 1)}: PSNR of {text}"


class SISRModule(SRModule):
    """PSNR stage: trains a model by reconstruction. See `SRModule`.

    Args:
        reflectance_mean: "fit" measures what the network subtracts and divides by, `reflectance_mean` and
            `reflectance_std` of the model, from the training images before the first step; "keep": the model's.
        weights: weights of the reconstruction terms.
        weight_decay: weight decay of AdamW.
        teacher: trained model from whose results this one learns, beside HR; null for HR alone.
        **shared: parameters of `SRModule`.
    """

    def __init__(
        self,
        *,
        reflectance_mean: Literal["fit", "keep"] = "keep",
        weights: ReconstructionWeights = ReconstructionWeights(),  # frozen
        weight_decay: float = 0.0,
        teacher: TeacherConfig | None = None,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        require_a_loss(weights)
        if weight_decay < 0:
            raise InputError(f"weight_decay is {weight_decay}; expected 0 or more.")
        super().__init__(weights=weights, **shared)
        self.weight_decay = weight_decay
        self.fits_normalisation = reflectance_mean == "fit"
        if self.fits_normalisation and self.model.config.several:
            raise InputError(
                "reflectance_mean is fit and the model takes several images; expected keep, because the model of one "
                "image in it is trained already. Train that one with fit."
            )
        self.teacher = Teacher(teacher, self.model.config) if teacher else None

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of one batch.

        Raises:
            FloatingPointError: an image or a loss is not finite.
        """
        self.require_data(batch)
        wanted = self.teacher.target(batch) if self.teacher else batch["hr"]
        loss = self.reconstruction(self.inner(self(batch)), self.inner(wanted))
        self.log_means({"train/loss": loss}, prog_bar=True)
        return loss

    def on_train_start(self) -> None:
        """Take the learning rate of the request, and warn of a teacher that expects another blur than the model."""
        super().on_train_start()
        if self.teacher and self.teacher.model.config.mtf_nyquist != self.mtf_nyquist:
            logger.warning(
                "The teacher %s expects mtf_nyquist %s, and the model has %s: its results are too sharp or too soft "
                "for these data. Train a teacher on them first, or leave it out.",
                *(self.teacher.config.model, self.teacher.model.config.mtf_nyquist, self.mtf_nyquist),
            )

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return AdamW and the schedule."""
        return self.scheduled(torch.optim.AdamW(self.parameters(), self.learning_rate, weight_decay=self.weight_decay))
