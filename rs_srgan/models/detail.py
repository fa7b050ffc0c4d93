"""Interpolate weights between a model and the model that its training began with: the detail of a GAN model."""

import math

import torch
from torch import nn

from rs_srgan.errors import InputError
from rs_srgan.models.misr import MISR
from rs_srgan.models.sisr import SISR

# Fields of a configuration that may differ between the two: they do not affect the interpolated weights.
_OWN = ("base_model", "uncertainty", "quantized")


def set_detail(model: SISR, base: SISR, detail: float) -> None:
    """Give a GAN model, in place, more or less of the detail that it adds; see `interpolate`.

    Args:
        model: the GAN model, which is changed.
        base: the model that its training began with.
        detail: 0 for the weights of `base`, 1 for those of `model`.

    Raises:
        InputError: the detail is out of range, or the models have different classes or architectures.
    """
    if not (isinstance(detail, int | float) and math.isfinite(detail) and 0 <= detail <= 1):
        raise InputError(f"The detail is {detail!r}; expected a number from 0 to 1.")
    interpolate(model, base, detail)


def interpolate(model: SISR | MISR, base: SISR | MISR, share: float) -> None:
    """Interpolate, in place, the weights of a model with those of the model that its training began with.

    The uncertainty stays that of `model`.

    Args:
        model: the trained model, which is changed.
        base: the model that its training began with.
        share: 0 for the weights of `base`, 1 for those of `model`, more to go on beyond them.

    Raises:
        InputError: the models have different classes or architectures.

    Source: network interpolation, Wang et al. 2018 (ESRGAN).
    """
    differing = [
        key for key, value in vars(model.config).items() if key not in _OWN and vars(base.config).get(key) != value
    ]
    if type(model) is not type(base):
        differing = ["class"]
    if differing:
        raise InputError(
            f"{model.name} and {base.name} differ in {', '.join(differing)}; expected models of one architecture. "
            "Give no detail."
        )
    for own, other in zip(_networks(model), _networks(base), strict=True):
        start = other.state_dict()
        with torch.no_grad():
            mixed = {
                name: torch.lerp(start[name], value, share) if value.is_floating_point() else value
                for name, value in own.state_dict().items()
            }
        own.load_state_dict(mixed)


def _networks(model: SISR | MISR) -> tuple[nn.Module, ...]:
    return (model.generator,) if isinstance(model, SISR) else (model.sisr.generator, model.fusion)
