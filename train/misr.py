"""MISRModule: the stage that trains the fusion of a model for several revisits; the SISR model in it stays as it is."""

from typing import Any

from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISR
from train.module import SISRModule


def require_misr(model: SISR | MISR) -> MISR:
    """Return a model of several images.

    Raises:
        InputError: it takes one image.
    """
    if not isinstance(model, MISR):
        raise InputError(f"The model is a {type(model).__name__}; expected a MISR model: give fusion.")
    return model


class MISRModule(SISRModule):
    """Trains the fusion by reconstruction. See `SRModule`.

    With one view the trained model gives exactly the result of the SISR model that it started from.

    Args:
        learning_rate: peak learning rate.
        **shared: parameters of `SISRModule` and `SRModule`.
    """

    def __init__(
        self,
        *,
        learning_rate: float = 1e-3,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(learning_rate=learning_rate, **shared)
        self.misr.sisr.requires_grad_(False)

    @property
    def misr(self) -> MISR:
        """The model; see `require_misr`."""
        return require_misr(self.model)

    def on_train_epoch_start(self) -> None:
        """Keep the batch statistics of the SISR model."""
        self.misr.sisr.eval()
