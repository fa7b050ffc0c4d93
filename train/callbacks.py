"""Callbacks of every run: the check of pairs, normalisation, averaged weights and model folder."""

import json
import logging
import math
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import WeightAveraging
from lightning.pytorch.trainer.states import TrainerFn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from rs_srgan.errors import InputError
from rs_srgan.sensors.mtf import wald_mtf
from rs_srgan.whole_files import PREFIX, whole_file, whole_files
from train.data.module import SRDataModule
from train.data.normalisation import measure
from train.data.pair_check import fitted_mtf
from train.module import SISRModule, SRModule
from train.provenance import provenance, without_folders
from train.uncertainty import UncertaintyModule

logger = logging.getLogger(__name__)


def trains(trainer: L.Trainer) -> bool:
    """Return whether this process writes results now.

    Only the first process writes, and only in training: `validate` and a trial (`fast_dev_run`) leave the results of
    earlier runs as they are.
    """
    fitting = trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking
    return bool(trainer.is_global_zero and fitting and not trainer.fast_dev_run)  # type: ignore[attr-defined]


class CheckPairs(L.Callback):
    """Compares LR with HR before the first step, and gives the model the MTF that lies between them, if it fits it.

    It must come before the averaging callback, which copies the model.
    """

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Log the comparison; see `compare` for what is refused.

        Raises:
            InputError: pairs do not belong together.
        """
        data = trainer.datamodule  # type: ignore[attr-defined]
        if stage != "fit" or not isinstance(data, SRDataModule) or not isinstance(pl_module, SRModule):
            return
        found = data.comparison()
        if found is None:
            return
        logger.info("%s", "\n".join(found.lines()))
        own, scale = pl_module.mtf_nyquist, pl_module.scale
        expected = wald_mtf(own, scale)
        mtf = fitted_mtf(found, expected) if pl_module.model.config.consistent else None
        if mtf is None:
            return
        shown = f"MTF at Nyquist {_listed(mtf)}, and the model expects {_listed(expected)}"
        if not pl_module.fits_mtf:
            logger.warning("The blur between HR and LR differs: %s. Set model.mtf_nyquist to fit.", shown)
            return
        # HR is as sharp as the sensor would see the ground with HR's pixels, see `wald_mtf`.
        pl_module.change(mtf_nyquist=tuple(round(value ** (1 / (1 - 1 / scale**2)), 3) for value in mtf))
        logger.info(
            "The blur between HR and LR differs: %s. mtf_nyquist is now %s, fitted to the pairs.",
            shown,
            _listed(pl_module.mtf_nyquist),
        )


class FitNormalisation(L.Callback):
    """Gives the model the mean and the standard deviation of its training images, if the stage wants them.

    It must come before the averaging callback, which copies the model.
    """

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Measure the images, and log what the model gets.

        Raises:
            InputError: the images are flat, or their data module is another than ours.
        """
        if stage != "fit" or not isinstance(pl_module, SISRModule) or not pl_module.fits_normalisation:
            return
        data = trainer.datamodule  # type: ignore[attr-defined]
        if not isinstance(data, SRDataModule):
            raise InputError(
                f"reflectance_mean is fit and the data module is {type(data).__name__}; expected one of train.data. "
                "Set reflectance_mean to keep, and reflectance_mean and reflectance_std of config to your figures."
            )
        before = pl_module.model.config
        mean, std = measure(data.crops)
        pl_module.change(reflectance_mean=mean, reflectance_std=std)
        logger.info(
            "Normalisation measured from the training images: reflectance_mean is now %.4g and reflectance_std %.4g, "
            "before %.4g and %.4g.",
            *(mean, std, before.reflectance_mean, before.reflectance_std),
        )


def _listed(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


class Averaging(WeightAveraging):
    """Exponential moving average of the weights that keeps constant weights exact to the last bit.

    The average of Lightning is a weighted sum, whose rounding would change the frozen SISR model in a MISR model.

    Args:
        decay: decay per step, in [0, 1).
    """

    def __init__(self, decay: float = 0.999) -> None:
        super().__init__(multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]


class SaveModel(L.Callback):
    """Saves the averaged model after every validation and at the end, as a folder that `load_model` reads.

    The model of the best validation stays beside it, in a folder with "_best" added to the name. Weights that are not
    finite stop the run, and the model saved before is kept.

    The averaging callback must come after this one. It puts the averaged weights into the model for a validation, and
    takes them out at the end of the validation, when its turn comes.

    Args:
        folder: the model folder; its files are replaced.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self._started = time.monotonic()
        self._seconds = 0.0
        self._provenance: dict[str, Any] = {}
        self._began = False
        self._best = -math.inf

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock, and check the order of the callbacks.

        Raises:
            InputError: the averaging callback comes first.
        """
        self._started = time.monotonic()
        if trainer.is_global_zero:
            self._provenance = provenance(trainer)
        callbacks = trainer.callbacks  # type: ignore[attr-defined]
        if any(isinstance(earlier, WeightAveraging) for earlier in callbacks[: callbacks.index(self)]):
            raise InputError("SaveModel comes after the averaging callback; expected before. Swap them.")

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note that there is something to train; Lightning does not come here with the checkpoint of a finished run."""
        self._began = True

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save the model, which has the averaged weights now."""
        if trains(trainer):
            self._save(_ours(pl_module))

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write training.json; the metrics are complete now."""
        if trains(trainer):
            self._record(trainer, _ours(pl_module))
            self._keep_best(trainer, _ours(pl_module))

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save the model, in which the averaging callback left the averaged weights.

        A run that was finished before leaves its files as they are: nothing was averaged in this session.
        """
        if not trains(trainer):
            return
        if not self._began:
            logger.info(
                "Nothing is left to do: %s has all steps of this run. All files stay as they are. To train on, raise "
                "max_epochs, max_steps or max_time of the trainer.",
                trainer.ckpt_path,
            )
            return
        self._save(_ours(pl_module))
        self._record(trainer, _ours(pl_module))

    def _save(self, pl_module: SRModule) -> None:
        pl_module.require_finite_weights(pl_module.model.state_dict())
        pl_module.model.save_pretrained(self.folder)

    def _record(self, trainer: L.Trainer, pl_module: SRModule) -> None:
        found = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")}
        # A correlation can be NaN, which JSON does not have.
        metrics = {name: value if math.isfinite(value) else None for name, value in found.items()}
        progress = {"steps": pl_module.steps_done, "minutes": round(self._elapsed() / 60, 1)}
        start: dict[str, str] = {}
        if name := pl_module.init_from:
            start["init_from"] = without_folders(name)
        if isinstance(pl_module, SISRModule) and pl_module.teacher:
            start["teacher"] = without_folders(pl_module.teacher.config.model)
        if isinstance(pl_module, UncertaintyModule) and pl_module.calibrate_on:
            start["calibrate_on"] = pl_module.calibrate_on  # benchmarks judge this group by leaving one site out
        record = {**start, **progress, **metrics, **self._provenance}
        text = json.dumps(record, indent=2, allow_nan=False) + "\n"
        with whole_file(self.folder / "training.json") as fresh:
            fresh.write_text(text, encoding="utf-8")

    def _keep_best(self, trainer: L.Trainer, pl_module: SRModule) -> None:
        figure = trainer.callback_metrics.get(pl_module.best_by or "")
        if figure is None or not float(figure) > self._best:
            return
        self._best = float(figure)
        with whole_files(self.folder.with_name(f"{self.folder.name}_best")) as fresh:
            shutil.copytree(self.folder, fresh, ignore=shutil.ignore_patterns(f"{PREFIX}*"), dirs_exist_ok=True)

    def _elapsed(self) -> float:
        return self._seconds + time.monotonic() - self._started

    def state_dict(self) -> dict[str, float]:
        """Return the training time so far, to which a resumed run adds, and the best figure."""
        return {"seconds": self._elapsed(), "best": self._best}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Restore the training time and the best figure."""
        self._seconds = state_dict["seconds"]
        self._best = state_dict.get("best", -math.inf)  # earlier versions did not save it


def _ours(module: L.LightningModule) -> SRModule:
    if not isinstance(module, SRModule):
        raise TypeError(f"SaveModel got a {type(module).__name__}; expected an SRModule.")
    return module
