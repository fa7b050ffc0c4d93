"""The protocol that every engine follows, and what engines share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rs_srgan.cores import cpu_quota, usable_cores
from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISR
from rs_srgan.pixels.radiometry import Encoding, FloatImage, Image

# Floats are rounded to multiples of that, reflectance: a hundredth of a Sentinel-2 DN. A power of two, so it is exact.
FLOAT_STEP = 2.0**-20
# Words of the messages of PyTorch, on CPUs and on GPUs, of OpenVINO, in three places, and of oneDNN. A promise is
# broken by a thread of OpenVINO's compiler that found no memory.
_OUT_OF_MEMORY = (
    "can't allocate memory",
    "out of memory",
    "bad_alloc",
    "Failed to allocate",
    "Broken promise",
    "could not create a primitive",
)


class Engine(Protocol):
    """Runs a model, and returns DN as the result's file stores them. Its string describes it for people.

    Attributes:
        kind: library, precision and device, for people; without the number of threads.
        workers: number of threads that may call it at the same time.
    """

    kind: str
    workers: int

    def versions(self) -> str:
        """Return the versions of all software on which the rounding of a pixel depends."""
        ...

    def __call__(self, *images: FloatImage) -> list[Image]:
        """Super-resolve a window that has a halo of the receptive field, and crop the halo.

        Args:
            images: the inputs of the model's `forward`, without the batch. `SISR` takes reflectance, (C, h, w), and
                with guide bands reflectance of the guide, (G, h * scale, w * scale). `MISR` takes the views,
                (T, C, h, w), with the reference first, their masks, (T, h, w), and their offsets, (T, 2, h, w).

        Returns:
            DN of the result, (C, H, W), rounded; and DN of its uncertainty, if it has an encoding. Each is in the
            type of its encoding or, if that cannot hold all values, in float32; see `clip_keeping_means`.

        Raises:
            InputError: the model computes values that are not finite.
            MemoryError: the window is too large.
        """
        ...


def default_threads() -> int:
    """Return the number of CPU threads that an engine uses by default: PyTorch's, or fewer by the container's quota."""
    return min(torch.get_num_threads(), usable_cores())


def describe_threads(threads: int) -> str:
    """Return the number of threads for people, with the container's CPU quota if there is one."""
    words = "1 thread" if threads == 1 else f"{threads} threads"
    quota = cpu_quota()
    return words if quota is None else f"{words} (CPU quota: {quota:g} cores)"


def to_dn(sr: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    """Convert reflectance, (B, C, H, W), to rounded DN, still as floats; see `encoding_tensors`."""
    return ((sr - bias) / gain).round()


def encoding_tensors(encoding: Encoding) -> dict[str, Tensor]:
    """Return gain and bias, (C, 1, 1), as `to_dn` takes them.

    Args:
        encoding: how the result is stored. Floats are made in steps of FLOAT_STEP: see `in_type`.
    """
    gain = (FLOAT_STEP,) * len(encoding.gain) if encoding.floats else encoding.gain
    per_band = {"gain": gain, "bias": encoding.bias}
    return {name: torch.tensor(value, dtype=torch.float32)[:, None, None] for name, value in per_band.items()}


def in_type(dn: FloatImage, encoding: Encoding) -> Image:
    """Return rounded DN in the type of their encoding, or as they are if the type cannot hold all of them.

    Args:
        dn: the result of `to_dn`, (C, H, W).
        encoding: how the result is stored.
    """
    if encoding.floats:
        return dn * np.float32(FLOAT_STEP)
    low, high = encoding.limits
    return dn.astype(encoding.dtype) if low <= dn.min() and dn.max() <= high else dn


def require_finite(total: float, model: SISR | MISR) -> None:
    """Check the sum of a model's results: a single infinity or NaN makes the sum infinite or NaN.

    Raises:
        InputError: the sum is not finite.
    """
    if not np.isfinite(total):
        raise InputError(
            f"{model.name} computes values that are not finite: its weights are damaged. Get the model again."
        )


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turn the RuntimeErrors by which PyTorch and OpenVINO report a full memory into MemoryErrors."""
    try:
        yield
    except RuntimeError as error:
        if any(words in str(error) for words in _OUT_OF_MEMORY):
            raise MemoryError("The memory is full.") from error
        raise
