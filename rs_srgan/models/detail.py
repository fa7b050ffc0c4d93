"""Detail: interpolate weights between the PSNR model and the GAN model."""

import math

import torch

from rs_srgan.errors import InputError
from rs_srgan.models.sisr import SISR

# Fields of a configuration that may differ between the two: they do not affect the generator.
_OWN = ("base_model", "uncertainty", "quantized")


def set_detail(model: SISR, base: SISR, detail: float) -> None:
    """Interpolate, in place, the weights of a GAN-trained model with those of the model that its training began with.

    Args:
        model: the GAN-trained model, which is changed.
        base: the model that its training began with.
        detail: 0 for the weights of `base`, 1 for those of `model`.

    Raises:
        InputError: the detail is out of range, or the models have different architectures.

    Source: network interpolation, Wang et al. 2018 (ESRGAN).
    """
    if not (isinstance(detail, int | float) and math.isfinite(detail) and 0 <= detail <= 1):
        raise InputError(f"The detail is {detail!r}; expected a number from 0 to 1.")
    differing = [
        key for key, value in vars(model.config).items() if key not in _OWN and getattr(base.config, key) != value
    ]
    if differing:
        raise InputError(
            f"{model.name} and {base.name} differ in {', '.join(differing)}; expected models of one architecture. "
            "Give no detail."
        )
    own, other = model.generator.state_dict(), base.generator.state_dict()
    with torch.no_grad():
        mixed = {
            name: torch.lerp(other[name], value, detail) if value.is_floating_point() else value
            for name, value in own.items()
        }
    model.generator.load_state_dict(mixed)
