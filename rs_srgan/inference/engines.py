"""What runs a model on a window of pixels: PyTorch anywhere, OpenVINO on CPUs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.inference.cuda_graph import CudaGraph
from rs_srgan.models import MISR, SISR
from rs_srgan.radiometry import Encoding, FloatImage, Image
from rs_srgan.version import __version__

ENGINES = ("auto", "torch", "openvino")
PRECISIONS = ("auto", "fp32", "bf16")

_MAX_THREADS = 1024
# What PyTorch says on CPUs and on GPUs, and OpenVINO in two places.
_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "bad_alloc", "Failed to allocate")
# LR pixels of a scene. OpenVINO takes a second to get ready; PyTorch has done a smaller scene by then.
WORTH_COMPILING_PX = 512 * 512


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


def make_engine(
    model: SISR | MISR,
    encodings: Sequence[Encoding],
    scene_px: int,
    name: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
) -> Engine:
    """The engine of that name, or the fastest that is installed.

    Args:
        model: in evaluation mode; its weights may be moved to another device.
        encodings: of the result, an integer type; and of its uncertainty, if that is wanted.
        scene_px: LR pixels of the whole scene, also if only a part is wanted: it is to be that part of the whole.
        name: one of ENGINES. "auto": PyTorch on a GPU or for a small scene, else OpenVINO where it is installed.
        precision: "fp32"; "bf16" for the network's arithmetic, never for the radiometry; "auto": bf16 where the
            hardware computes with it, else fp32.
        threads: of the CPU; by default all cores.

    Raises:
        InputError: an unknown name or precision, an engine that is not installed, or threads out of range.
    """
    if name not in ENGINES:
        raise InputError(f"Unknown engine {name!r}; expected one of {', '.join(ENGINES)}.")
    if precision not in PRECISIONS:
        raise InputError(f"Unknown precision {precision!r}; expected one of {', '.join(PRECISIONS)}.")
    if threads is not None and not 1 <= threads <= _MAX_THREADS:
        raise InputError(f"threads is {threads}; expected 1 to {_MAX_THREADS}.")
    device = default_device()
    installed = find_spec("openvino") is not None
    if name == "openvino" and not installed:
        raise InputError("OpenVINO is not installed: pip install rs_srgan[cpu], or take --engine torch.")
    if name == "auto":
        worth = scene_px >= WORTH_COMPILING_PX
        name = "openvino" if installed and device == "cpu" and worth else "torch"
    if precision == "auto":
        precision = "bf16" if computes_in_bf16("cpu" if name == "openvino" else device) else "fp32"
    if name == "torch":
        return TorchEngine(model, encodings, precision, threads)
    from rs_srgan.inference.openvino_engine import OpenVinoEngine  # an extra

    return OpenVinoEngine(model, encodings, precision, threads)


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


class TorchEngine:
    """Runs a model with PyTorch, on the GPU where there is one. See `make_engine`.

    On NVIDIA's GPUs the kernels are captured once for each shape of window, and replayed.
    """

    def __init__(
        self, model: SISR | MISR, encodings: Sequence[Encoding], precision: str, threads: int | None = None
    ) -> None:
        self.threads = threads or torch.get_num_threads()
        self.workers = 1
        self.device = torch.device(default_device())
        self.precision = precision
        self.kind = f"torch {precision} on {self.device.type}"
        self.model = model.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._encodings = [
            {name: value.to(self.device) for name, value in encoding_tensors(encoding).items()}
            for encoding in encodings
        ]
        self._dtypes = [getattr(torch, encoding.dtype) for encoding in encodings]
        self._captured = lru_cache(maxsize=1)(self._capture)

    def __str__(self) -> str:
        threads = f", {self.threads} threads" if self.device.type == "cpu" else ""
        return f"{self.kind}{threads}"

    def versions(self) -> str:
        """See `Engine`."""
        return f"rs_srgan {__version__}, torch {torch.__version__}"

    @torch.inference_mode()
    def __call__(self, *images: FloatImage) -> list[Image]:
        """See `Engine`."""
        inputs = [_channels_last(torch.from_numpy(image)[None].to(self.device)) for image in images]
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            with memory_errors():
                results = self._forward(*inputs) if self.device.type != "cuda" else self._replay(inputs)
                require_finite(sum(result.sum().item() for result in results), self.model)
                return [
                    to_dn(result, **encoding)[0].cpu().to(dtype).numpy()
                    for result, encoding, dtype in zip(results, self._encodings, self._dtypes, strict=True)
                ]
        finally:
            torch.set_num_threads(before)

    def _replay(self, inputs: list[Tensor]) -> tuple[Tensor, ...]:
        return self._captured(*(image.shape for image in inputs))(*inputs)

    def _capture(self, *shapes: torch.Size) -> CudaGraph:
        examples = [_channels_last(torch.zeros(shape, device=self.device)) for shape in shapes]
        return CudaGraph(self._forward, examples)

    def _forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        bf16 = self.precision == "bf16"
        # TF32, the default on NVIDIA's GPUs, is no fp32; weights cast once would not be in a captured graph
        with (
            torch.autocast(self.device.type, torch.bfloat16, enabled=bf16, cache_enabled=False),
            torch.backends.cudnn.flags(enabled=True, allow_tf32=False),
        ):
            margin = self.model.receptive_field
            if len(self._encodings) > 1:
                assert isinstance(self.model, SISR)
                lr, guide = inputs if len(inputs) > 1 else (inputs[0], None)
                sr, half_width = self.model.with_uncertainty(lr, guide, margin=margin)
                return sr, half_width
            return (self.model(*inputs, margin=margin),)


def _channels_last(images: Tensor) -> Tensor:
    """As the network's layers like it; of several views only the network's own copies are."""
    return images.contiguous(memory_format=torch.channels_last) if images.dim() == 4 else images


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
