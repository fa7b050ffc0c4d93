"""The stage that makes a model for several revisits: its fusion learns, the SISR model in it stays what it was."""

from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISRConfig
from train.losses import ReconstructionWeights
from train.module import Schedule, SISRModule
from train.start import FusionConfig


class MISRModule(SISRModule):
    """Trains the fusion by reconstruction. See `SISRModule`.

    With one view the model goes on to give exactly what the SISR model gives that it was started from.

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
        learning_rate: float = 1e-3,
        warmup_steps: int = 200,
        schedule: Schedule = "cosine",
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(config, init_from, fusion, weights, learning_rate, warmup_steps, schedule, weight_decay)
        if not isinstance(self.model, MISR):
            raise InputError("This stage trains a MISR model: give fusion, or the folder of one as init_from.")
        self.model.sisr.requires_grad_(False)

    def on_train_epoch_start(self) -> None:
        """Batch statistics are weights, too."""
        assert isinstance(self.model, MISR)  # checked when it was made
        self.model.sisr.eval()
