"""Start of a run: a new model, or the weights of an earlier one."""

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.models.generators import GENERATORS
from rs_srgan.models.loading import load_model

logger = logging.getLogger(__name__)

# Fields of a configuration that change only the last layers.
_LAST = ("scale", "uncertainty")
# Layers whose shape depends on the number of bands.
_HEAD, _TAIL = "generator.head.weight", ("generator.tail.weight", "generator.tail.bias")
# Start of the names of the weights of a residual block of EDSR; a last convolution follows the blocks.
_BLOCK = "generator.body.{}."
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
        config: configuration of a new model. With `init_from` it may change sensor, normalisation, projection, scale
            and bands; a warning names what it changes, also where a field was left out. With another scale the last
            layers start from random weights, and all others from those of `init_from`. With other bands the first and
            last layers are remade. A generator that extends that of `init_from`, as edsr_lka does edsr, begins with its
            result; so does edsr with more blocks.
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


def with_changes(model: SISR | MISR, **changes: tuple[float, ...] | float) -> SISR | MISR:
    """Return a model with other values in its configuration and the same weights, trained or fixed as before.

    Args:
        model: the model.
        **changes: fields of `SISRConfig` that change the shape of no weight: the MTF and the normalisation.

    Raises:
        InputError: a value is out of range.
    """
    changed = type(model)(dataclasses.replace(model.config, **changes))  # type: ignore[arg-type]
    changed.load_state_dict(model.state_dict())
    for own, other in zip(changed.parameters(), model.parameters(), strict=True):
        own.requires_grad_(other.requires_grad)
    changed.name = model.name
    return changed.train(model.training)


def _with_config(model: SISR | MISR, config: SISRConfig) -> SISR:
    """Return a model with another configuration and the same weights, but new last layers where their shape differs."""
    given, own = vars(config), vars(model.config)
    other_bands = given["bands"] != own["bands"] and not own["guide_bands"] and _HEAD in model.state_dict()
    extended = issubclass(GENERATORS[given["generator"]], GENERATORS[own["generator"]])
    deeper = given["generator"] == own["generator"] == "edsr" and given["blocks"] > own["blocks"]
    changes = {"bands": other_bands, "generator": extended, "blocks": deeper}
    accepted = (*_FREE, *_LAST, *(field for field, possible in changes.items() if possible))
    differing = [key for key in given if given[key] != own[key] and key not in accepted]
    if isinstance(model, MISR) or differing:
        what = "; ".join(f"{key} is {own[key]!r}, not {given[key]!r}" for key in differing) or "it is a MISR model"
        raise InputError(
            f"{model.name} has another architecture than config: {what}. Leave config out, or leave "
            "init_from out to begin with a new model."
        )
    logger.warning(
        "config changes the start, %s: %s. A field that config does not name has its usual value, not that of the "
        "start: name those that should stay.",
        model.name,
        "; ".join(f"{key} is {own[key]!r} and becomes {given[key]!r}" for key in given if given[key] != own[key]),
    )
    changed = SISR(config)
    weights, known = changed.state_dict(), model.state_dict()
    if deeper:
        known = _with_blocks(known, own["blocks"], given["blocks"])
    if other_bands:
        known |= _with_bands(known, model.config, config)
    kept = {name: weight for name, weight in known.items() if _fits(weight, weights.get(name))}
    changed.load_state_dict(weights | kept)
    if anew := sorted(weights.keys() - kept.keys()):
        logger.info("Layers that %s does not have start anew: %s.", model.name, ", ".join(anew))
    return changed


def _with_bands(weights: Mapping[str, Tensor], own: SISRConfig, config: SISRConfig) -> dict[str, Tensor]:
    """Return the first and the last layer of a model for other bands.

    Bands of the model keep their weights; new ones get the mean of all. The first layer is scaled by the ratio of the
    numbers of bands, so that its result stays as large.

    Args:
        weights: weights of the model.
        own: configuration of the model.
        config: configuration with other bands.

    Source: segmentation_models.pytorch and timm, which do so for other numbers of channels.
    """
    places = [own.bands.index(band) if band in own.bands else None for band in config.bands]

    def remade(layer: Tensor) -> Tensor:
        return torch.stack([layer.mean(0) if place is None else layer[place] for place in places])

    head = remade(weights[_HEAD].transpose(0, 1)).transpose(0, 1) * (len(own.bands) / len(config.bands))
    tails = {name: weights[name] for name in _TAIL if name in weights}
    last = {}
    for name, each in tails.items():
        last[name] = remade(each.reshape(len(own.bands), -1, *each.shape[1:])).flatten(0, 1)
    new = [band for band, place in zip(config.bands, places, strict=True) if place is None]
    logger.info(
        "Bands with weights of the start: %s. Bands that begin with the mean of its weights: %s.",
        ", ".join(band for band in config.bands if band not in new) or "none",
        ", ".join(new) or "none",
    )
    return {_HEAD: head.contiguous(), **{name: each.contiguous() for name, each in last.items()}}


def _with_blocks(weights: Mapping[str, Tensor], own: int, blocks: int) -> dict[str, Tensor]:
    """Return the weights of an EDSR with more residual blocks behind its own, which add nothing at first.

    Args:
        weights: weights of the model.
        own: number of its blocks.
        blocks: number of blocks to have.
    """
    after, last = _BLOCK.format(own), "body.2."
    moved = {name.replace(after, _BLOCK.format(blocks)): weight for name, weight in weights.items()}
    for number in range(own, blocks):
        for part in ("weight", "bias"):
            moved[f"{_BLOCK.format(number)}{last}{part}"] = torch.zeros_like(weights[f"{_BLOCK.format(0)}{last}{part}"])
    return moved


def _fits(weight: Tensor, place: Tensor | None) -> bool:
    return place is not None and weight.shape == place.shape
