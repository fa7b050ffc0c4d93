"""The protocol that every engine follows, and what engines share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISR
from rs_srgan.pixels.radiometry import Encoding, FloatImage, Image

# What PyTorch says on CPUs and on GPUs, and OpenVINO in two places.
_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "bad_alloc", "Failed to allocate")


class Engine(Protocol):
    """Runs a model, and stores what it makes as the result will; its string says how, for people.

    Attributes:
        kind: what it computes with, for people; threads are no part of it.
        workers: threads that may call it at the same time.
    """

    kind: str
    workers: int

    def versions(self) -> str:
        """Of all that may make a pixel round otherwise."""
        ...

    def __call__(self, *images: FloatImage) -> list[Image]:
        """Super-resolve a window that has a halo of the receptive field, and leave that out.

        Args:
            images: what the model's `forward` takes, without the batch. Of `SISR` reflectance, (C, h, w), and for a
                model that wants it the guide's, (G, h * scale, w * scale). Of `MISR` the views, (T, C, h, w), the
                reference first, where each counts, (T, h, w), and their offsets, (T, 2, h, w).

        Returns:
            DN, (C, H, W), rounded and clipped to the encoding's limits: of the result; and of its uncertainty, if there
            is an encoding for that.

        Raises:
            InputError: the model makes values that are not finite.
            MemoryError: the window is too large.
        """
        ...


def default_device() -> str:
    """What PyTorch computes on here: "cuda", "mps" or "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def computes_in_bf16(device: str) -> bool:
    """Whether a device of that kind has instructions for bf16, or only emulates it, many times slower than fp32."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # other CPUs emulate it, slower than fp32; Apple's GPUs gain nothing from it
    if device != "cpu":
        return False
    return any((torch.cpu._is_avx512_bf16_supported(), torch.cpu._is_amx_tile_supported()))


def to_dn(sr: Tensor, gain: Tensor, bias: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Reflectance (B, C, H, W) to DN, still as floats; gain and bias (C, 1, 1) and the limits are an encoding's."""
    return ((sr - bias) / gain).round().clamp(low, high)


def encoding_tensors(encoding: Encoding) -> dict[str, Tensor]:
    """What `to_dn` takes."""
    low, high = encoding.limits
    per_band = {"gain": encoding.gain, "bias": encoding.bias}
    values = {name: torch.tensor(value, dtype=torch.float32)[:, None, None] for name, value in per_band.items()}
    return values | {"low": torch.tensor(float(low)), "high": torch.tensor(float(high))}


def require_finite(total: float, model: SISR | MISR) -> None:
    """Check the sum of all that a model made: a single infinity or NaN shows in it.

    Raises:
        InputError: it is not finite.
    """
    if not np.isfinite(total):
        raise InputError(f"{model.name} makes values that are not finite: its weights are damaged.")


@contextmanager
def memory_errors() -> Iterator[None]:
    """What PyTorch and OpenVINO call a RuntimeError is a MemoryError where it is one."""
    try:
        yield
    except RuntimeError as error:
        if any(words in str(error) for words in _OUT_OF_MEMORY):
            raise MemoryError("The memory is full.") from error
        raise
