"""What happens beside the steps of training."""

import json
import math
import time
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import WeightAveraging
from lightning.pytorch.trainer.states import TrainerFn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from rs_srgan.errors import InputError
from rs_srgan.hub.names import is_local
from train.module import SRModule
from train.provenance import provenance


def trains(trainer: L.Trainer) -> bool:
    """Whether this process is the one that writes, in training: a validation by itself leaves a run's results alone."""
    return bool(trainer.is_global_zero and trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking)


class Averaging(WeightAveraging):
    """The exponential moving average of the weights; what does not move stays what it is, to the last bit.

    Lightning's own, as a weighted sum, does not: the model for one image within one for several would drift.

    Args:
        decay: from step to step, in [0, 1).
    """

    def __init__(self, decay: float = 0.999) -> None:
        super().__init__(multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]


class SaveModel(L.Callback):
    """After every validation and at the end, save the averaged model as a folder that `load_model` reads.

    Weights that are not finite stop the run, and what was saved before stays.

    Must stand before the averaging callback: that one puts the averaged weights into the model for a validation and
    takes them out again when its turn comes at the end of it.

    Args:
        folder: where; what it holds of an earlier save is replaced.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self._started = time.monotonic()
        self._seconds = 0.0
        self._provenance: dict[str, Any] = {}

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock, and look at the order of the callbacks."""
        self._started = time.monotonic()
        if trainer.is_global_zero:
            self._provenance = provenance(trainer)
        callbacks = trainer.callbacks  # type: ignore[attr-defined]
        if any(isinstance(earlier, WeightAveraging) for earlier in callbacks[: callbacks.index(self)]):
            raise InputError("SaveModel stands after the averaging callback; expected before. Swap them.")

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save while the averaged weights are in the model."""
        if trains(trainer):
            self._save(_ours(pl_module))

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note the metrics, which are complete only now."""
        if trains(trainer):
            self._record(trainer, _ours(pl_module))

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """When training ended, the averaging callback left the averaged weights in the model."""
        if trainer.is_global_zero:
            self._save(_ours(pl_module))
            self._record(trainer, _ours(pl_module))

    def _save(self, pl_module: SRModule) -> None:
        pl_module.require_finite_weights(pl_module.model.state_dict())
        pl_module.model.save_pretrained(self.folder)

    def _record(self, trainer: L.Trainer, pl_module: SRModule) -> None:
        found = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")}
        # a correlation may have no value, and JSON has no NaN
        metrics = {name: value if math.isfinite(value) else None for name, value in found.items()}
        progress = {"steps": pl_module.steps_done, "minutes": round(self._elapsed() / 60, 1)}
        start: dict[str, str] = {}
        if name := pl_module.init_from:  # without the folders of this machine
            start = {"init_from": Path(name).name if is_local(name) else name}
        record = {**start, **progress, **metrics, **self._provenance}
        (self.folder / "training.json").write_text(
            json.dumps(record, indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )

    def _elapsed(self) -> float:
        return self._seconds + time.monotonic() - self._started

    def state_dict(self) -> dict[str, float]:
        """Time already spent, so that a resumed run adds to it."""
        return {"seconds": self._elapsed()}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Go on counting."""
        self._seconds = state_dict["seconds"]


def _ours(module: L.LightningModule) -> SRModule:
    if not isinstance(module, SRModule):
        raise TypeError(f"SaveModel saves an SRModule, not a {type(module).__name__}.")
    return module
