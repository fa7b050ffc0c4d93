"""Quantisation: convolutions whose inputs and weights can be rounded to 8 bits, for processors with int8 instructions.

A quantised model holds the range of the input of each such convolution as a tensor of its checkpoint. It computes in
full precision until `in_int8` switches the rounding on.

Source: Jacob et al. 2018 for the arithmetic and for the training with rounded values.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.errors import InputError
from rs_srgan.models.generators import Generator

# Inputs are rounded to 0..255 with a zero in between, weights to -127..127 around zero.
_INPUT_LEVELS = 255
_WEIGHT_LEVELS = 127
# Smallest range of an input, and smallest largest weight of a channel: they avoid divisions by zero.
_SMALLEST = 1e-6


class QuantizedConv2d(nn.Conv2d):
    """A convolution that can round its input and its weights to 8 bits; see `in_int8`.

    Each output channel has its own step for the weights, by the largest of them. The input has one step, by its range.
    Channels with small values are enlarged before and their weights are reduced, so that one step suits all channels
    (Xiao et al. 2023, SmoothQuant). The result of the convolution is not rounded.

    Attributes:
        input_gain: factor of each input channel before it is rounded, (C,), above 0.
        input_range: smallest and largest input that is not clipped, after the gain, (2,).
        levels: step and number of the level of zero, by which `forward` rounds its input; None for no rounding.
    """

    input_gain: Tensor
    input_range: Tensor

    def __init__(self, convolution: nn.Conv2d) -> None:
        """Take over the weights of a convolution; rounding is off, and ranges are those of a new model."""
        super().__init__(
            convolution.in_channels,
            convolution.out_channels,
            convolution.kernel_size,  # type: ignore[arg-type]  # PyTorch types sizes as tuples of any length
            padding=convolution.padding,  # type: ignore[arg-type]
            bias=convolution.bias is not None,
        )
        self.weight, self.bias = convolution.weight, convolution.bias
        self.register_buffer("input_gain", torch.ones(convolution.in_channels))
        self.register_buffer("input_range", torch.tensor([-1.0, 1.0]))
        self.levels: tuple[float, int] | None = None

    def input_levels(self) -> tuple[float, int]:
        """Return step and number of the level of zero for `input_range`; zero is a level, since zeros pad borders."""
        low, high = self.input_range.tolist()
        step = max(high - low, _SMALLEST) / _INPUT_LEVELS
        return step, min(max(round(-low / step), 0), _INPUT_LEVELS)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of `x`, (B, C, h, w), with rounded input and weights inside `in_int8`."""
        if self.levels is None:
            return super().forward(x)
        x = x.float() * self.input_gain[:, None, None]
        rounded = torch.fake_quantize_per_tensor_affine(x, *self.levels, 0, _INPUT_LEVELS)
        return F.conv2d(rounded, self._rounded_weight(), self.bias, padding=self.padding)

    def _rounded_weight(self) -> Tensor:
        weight = self.weight / self.input_gain[:, None, None]
        steps = weight.detach().abs().amax((1, 2, 3)).clamp(min=_SMALLEST) / _WEIGHT_LEVELS
        zeros = torch.zeros_like(steps, dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(weight, steps, zeros, 0, -_WEIGHT_LEVELS, _WEIGHT_LEVELS)


def quantize(generator: Generator) -> None:
    """Replace, in place, the dense convolutions of a generator's body by ones that can round to 8 bits.

    The first and the last layer stay in full precision: their share of the work is small, and their rounding would be
    seen most where an image is dark and smooth.

    Raises:
        InputError: the generator has no such convolutions.
    """
    found = [
        (parent, name, child)
        for parent in getattr(generator, "body", nn.Identity()).modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Conv2d) and child.groups == 1 and min(child.kernel_size) > 1
    ]
    if not found:
        raise InputError(
            f"The generator {type(generator).__name__} has no convolutions to quantise; expected one with a body of "
            "residual blocks, for example edsr. Set quantized to false."
        )
    for parent, name, child in found:
        setattr(parent, name, QuantizedConv2d(child))


def quantized_layers(model: nn.Module) -> list[QuantizedConv2d]:
    """Return the convolutions of a model that can round, in their order."""
    return [each for each in model.modules() if isinstance(each, QuantizedConv2d)]


@contextmanager
def in_int8(model: nn.Module) -> Iterator[None]:
    """Switch the rounding to 8 bits on, for the convolutions of a model that can round."""
    layers = quantized_layers(model)
    before = [layer.levels for layer in layers]
    for layer in layers:
        layer.levels = layer.input_levels()
    try:
        yield
    finally:
        for layer, levels in zip(layers, before, strict=True):
            layer.levels = levels
