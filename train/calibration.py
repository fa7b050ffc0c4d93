"""Calibration: the gains and the range of the input of every convolution that can round to 8 bits, by examples."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from rs_srgan.models.quantization import QuantizedConv2d, quantized_layers

# Share of the inputs that are not clipped. The few largest ones are many times larger than all others, and steps wide
# enough for them would cost all others more.
_KEPT_SHARE = 0.9999
# Exponent of the channels' largest values in the gains: half of the differences go into the weights. Source: Xiao et
# al. 2023.
_BALANCE = 0.5
# Pixels that count, along each axis: neighbours are alike.
_STRIDE = 3
_SMALLEST = 1e-4


def calibrate(model: nn.Module, batches: Iterable[tuple[Tensor, ...]]) -> None:
    """Set gains and ranges of a quantised model, in place, by what its layers see in full precision.

    Args:
        model: the model.
        batches: inputs of its `forward`, of all brightnesses that it must compute well.
    """
    layers = quantized_layers(model)
    seen: dict[nn.Module, list[Tensor]] = {layer: [] for layer in layers}

    def record(layer: nn.Module, inputs: tuple[Tensor]) -> None:
        seen[layer].append(inputs[0][..., ::_STRIDE, ::_STRIDE].float().cpu())

    hooks = [layer.register_forward_pre_hook(record) for layer in layers]
    try:
        with torch.no_grad():
            for inputs in batches:
                model(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    for layer in layers:
        _set(layer, torch.cat([each.movedim(1, 0).flatten(1) for each in seen.pop(layer)], dim=1))


def _set(layer: QuantizedConv2d, values: Tensor) -> None:
    """Set gains and range of a layer by values of its input, (C, n)."""
    gain = values.abs().amax(1).clamp(min=_SMALLEST) ** -_BALANCE
    gain /= gain.mean()
    ordered = (values * gain[:, None]).flatten().sort().values
    clipped = round((1 - _KEPT_SHARE) / 2 * len(ordered))
    # zero must be within the range, because zeros pad the borders
    low, high = ordered[clipped].clamp(max=0), ordered[-1 - clipped].clamp(min=0)
    layer.input_gain.copy_(gain)
    layer.input_range.copy_(torch.stack([low, high]))
