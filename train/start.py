"""Start of a run: a new model, or the weights of an earlier one."""

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.models.loading import load_model

logger = logging.getLogger(__name__)

# Fields of a configuration that change only the last layers.
_LAST = ("scale", "uncertainty")
# Fields of a configuration that change no weight.
_FREE = (
    *("output", "consistent", "mtf_nyquist", "reflectance_mean", "reflectance_std", "base_model", "sensor"),
    *("sharpen_limit", "sharpen_reach_lr_px", "psf_width_lr_px"),
)


@dataclass(frozen=True)
class FusionConfig:
    """Fusion that makes a model for several revisits of a model for one image.

    Attributes:
        name: kind of fusion; see `fusion` of `MISRConfig`.
        channels: width of its layers; see `fusion_channels` of `MISRConfig`.
        blocks: number of its residual blocks; see `fusion_blocks` of `MISRConfig`.
    """

    name: Literal["innovation", "recursive"] = "innovation"
    channels: int = 48
    blocks: int = 3


def start(
    config: SISRConfig | None, init_from: str | None, fusion: FusionConfig | None, keep_quantized: bool = False
) -> SISR | MISR:
    """Return the model to train, in training mode.

    Args:
        config: configuration of a new model. With `init_from` it may change sensor, normalisation, projection, scale.
            With another scale the last layers start from random weights, and all others from those of `init_from`.
        init_from: bundled name, folder or Hub id of a trained model.
        fusion: fusion to add to a SISR model. The MISR model gives the same result as that model at first.
        keep_quantized: False if training changes weights: ranges of a quantised model would not fit them any more, so
            the model is no longer quantised.

    Raises:
        InputError: no `config` and no `init_from`, weights of another architecture, or a fusion for a MISR model.
    """
    if config is None and init_from is None:
        raise InputError(
            "config and init_from are missing: give config for a new model, or init_from for a trained one."
        )
    if config and config.quantized:
        raise InputError("quantized is True; expected False: train the model first, then use train/configs/int8.yaml.")
    model = SISR(config or SISRConfig()) if init_from is None else load_model(init_from)
    if isinstance(model, SISR) and model.config.quantized and not keep_quantized:
        model = _not_quantized(model)
    if config and vars(config) != vars(model.config):
        model = _with_config(model, config)
    if fusion:
        if isinstance(model, MISR):
            raise InputError(f"{init_from} is a MISR model, which has a fusion already. Leave fusion out.")
        config = MISRConfig(
            **vars(model.config), fusion=fusion.name, fusion_channels=fusion.channels, fusion_blocks=fusion.blocks
        )
        model = MISR.from_sisr(model, config)
    return model.train()


def _not_quantized(model: SISR) -> SISR:
    """Return a model with the same weights that runs in full precision only."""
    logger.info("Training changes %s, which then cannot run in int8 until train/configs/int8.yaml ran.", model.name)
    plain = SISR(dataclasses.replace(model.config, quantized=False))
    weights = model.state_dict()
    plain.load_state_dict({name: weights[name] for name in plain.state_dict()})
    plain.name = model.name
    return plain


def with_mtf(model: SISR | MISR, mtf_nyquist: Sequence[float]) -> SISR | MISR:
    """Return a model with another MTF and the same weights, which are trained or fixed as before.

    Args:
        model: the model.
        mtf_nyquist: MTF of the sensor at Nyquist, one value per band, in (0, 1); see `SISRConfig`.

    Raises:
        InputError: the number of values is not that of the bands, or a value is out of range.
    """
    changed = type(model)(dataclasses.replace(model.config, mtf_nyquist=tuple(mtf_nyquist)))  # type: ignore[arg-type]
    changed.load_state_dict(model.state_dict())
    for own, other in zip(changed.parameters(), model.parameters(), strict=True):
        own.requires_grad_(other.requires_grad)
    changed.name = model.name
    return changed.train(model.training)


def _with_config(model: SISR | MISR, config: SISRConfig) -> SISR:
    """Return a model with another configuration and the same weights, but new last layers where their shape differs."""
    given, own = vars(config), vars(model.config)
    differing = [key for key in given if given[key] != own[key] and key not in _FREE + _LAST]
    if isinstance(model, MISR) or differing:
        what = "; ".join(f"{key} is {own[key]!r}, not {given[key]!r}" for key in differing) or "it is a MISR model"
        raise InputError(f"{model.name} has another architecture than config: {what}. Leave config out.")
    changed = SISR(config)
    weights = changed.state_dict()
    kept = {name: weight for name, weight in model.state_dict().items() if _fits(weight, weights.get(name))}
    changed.load_state_dict(weights | kept)
    if anew := sorted(weights.keys() - kept.keys()):
        logger.info("The last layers differ from %s and start from random weights: %s.", model.name, ", ".join(anew))
    return changed


def _fits(weight: Tensor, place: Tensor | None) -> bool:
    return place is not None and weight.shape == place.shape
