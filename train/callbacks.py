"""What happens beside the steps of training."""

import json
import time
from pathlib import Path

import lightning as L

from train.module import SISRModule


class SaveModel(L.Callback):
    """After every validation and at the end, save the averaged model as a folder that `load_model` reads.

    Args:
        folder: where; what it holds of an earlier save is replaced.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self._started = time.monotonic()
        self._seconds = 0.0

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Averaged weights are swapped in during validation: that is when to save."""
        if not trainer.sanity_checking:
            self._save(trainer, pl_module)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """The averaging callback, which must stand before this one, has left the averaged weights in the model."""
        self._save(trainer, pl_module)

    def _save(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if not isinstance(pl_module, SISRModule):
            raise TypeError(f"SaveModel saves a SISRModule, not a {type(pl_module).__name__}.")
        pl_module.model.save_pretrained(self.folder)
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")}
        record = {"steps": trainer.global_step, "minutes": round(self._elapsed() / 60, 1), **metrics}
        (self.folder / "training.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")

    def _elapsed(self) -> float:
        return self._seconds + time.monotonic() - self._started

    def state_dict(self) -> dict[str, float]:
        """Time already spent, so that a resumed run adds to it."""
        return {"seconds": self._elapsed()}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Go on counting."""
        self._seconds = state_dict["seconds"]
