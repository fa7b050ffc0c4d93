"""What a run begins with: a new model, or the weights of an earlier one."""

import logging
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.models.loading import load_model

logger = logging.getLogger(__name__)

# Fields of a configuration that only the last layers depend on.
_LAST = ("scale", "uncertainty")
# Fields of a configuration that no weight depends on.
_FREE = ("output", "consistent", "mtf_nyquist", "reflectance_mean", "reflectance_std", "base_model")


@dataclass(frozen=True)
class FusionConfig:
    """What makes a model for several revisits of one for a single image.

    Attributes:
        name: how views are brought together, see `MISRConfig`.
        channels: see `MISRConfig`.
        blocks: see `MISRConfig`.
    """

    name: Literal["innovation", "recursive"] = "innovation"
    channels: int = 48
    blocks: int = 3


def start(config: SISRConfig | None, init_from: str | None, fusion: FusionConfig | None) -> SISR | MISR:
    """The model to train, in training mode.

    Args:
        config: of a new model; with `init_from`, what that must be, but for normalisation and projection, and for its
            scale: then the layers that make the pixels begin anew, and what comes before them does not.
        init_from: bundled name, folder, or Hub id of a trained model.
        fusion: to be added to a SISR model, which makes a MISR model of it that begins as what it was.

    Raises:
        InputError: neither config nor init_from, weights of another architecture, or a fusion for a MISR model.
    """
    if config is None and init_from is None:
        raise InputError("Give config, for a new model, or init_from, for the weights to start from.")
    model = SISR(config or SISRConfig()) if init_from is None else load_model(init_from)
    if config and vars(config) != vars(model.config):
        model = _with_config(model, config)
    if fusion:
        if isinstance(model, MISR):
            raise InputError(f"{init_from} is a MISR model and has its fusion. Leave fusion out.")
        config = MISRConfig(
            **vars(model.config), fusion=fusion.name, fusion_channels=fusion.channels, fusion_blocks=fusion.blocks
        )
        model = MISR.from_sisr(model, config)
    return model.train()


def _with_config(model: SISR | MISR, config: SISRConfig) -> SISR:
    """The same weights under another configuration, which may differ in what at most the last layers depend on."""
    given, own = vars(config), vars(model.config)
    differing = [key for key in given if given[key] != own[key] and key not in _FREE + _LAST]
    if isinstance(model, MISR) or differing:
        what = "; ".join(f"{key} {given[key]!r}, not {own[key]!r}" for key in differing) or "it is for several views"
        raise InputError(f"{model.name} is of another architecture than config: {what}. Leave config out.")
    changed = SISR(config)
    weights = changed.state_dict()
    kept = {name: weight for name, weight in model.state_dict().items() if _fits(weight, weights.get(name))}
    changed.load_state_dict(weights | kept)
    if anew := sorted(weights.keys() - kept.keys()):
        logger.info("%s has other last layers; these begin anew: %s.", model.name, ", ".join(anew))
    return changed


def _fits(weight: Tensor, place: Tensor | None) -> bool:
    return place is not None and weight.shape == place.shape
