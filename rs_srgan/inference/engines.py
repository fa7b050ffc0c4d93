"""What runs a model on a window of pixels: PyTorch anywhere, OpenVINO on CPUs."""

from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from rs_srgan.errors import InputError
from rs_srgan.models import SISR
from rs_srgan.radiometry import FloatImage

ENGINES = ("auto", "torch", "openvino")
PRECISIONS = ("auto", "fp32", "bf16")

_MAX_THREADS = 1024
# OpenVINO takes some seconds to convert a model; PyTorch has done a smaller image by then.
_WORTH_CONVERTING_PX = 512 * 512


class Engine(Protocol):
    """Runs a model; its string says how, for people."""

    def __call__(self, window: FloatImage) -> FloatImage:
        """Reflectance (C, h, w) with a halo of the receptive field, to (C, H, W) without it."""
        ...


def make_engine(
    model: SISR, lr_px: int, tile: int, name: str = "auto", precision: str = "auto", threads: int | None = None
) -> Engine:
    """The engine of that name, or the fastest that is installed.

    Args:
        model: in evaluation mode; its weights may be moved to another device.
        lr_px: how many there are to do.
        tile: LR pixels along each side of the largest core that will come.
        name: one of ENGINES. "auto": PyTorch on a GPU or for a small image, else OpenVINO where it is installed.
        precision: "fp32"; "bf16" for the network's arithmetic, never for the radiometry; "auto": bf16 on GPUs that have
            it, else fp32.
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
    cuda = torch.cuda.is_available()
    installed = find_spec("openvino") is not None
    if name == "openvino" and not installed:
        raise InputError("OpenVINO is not installed: pip install rs_srgan[cpu], or take --engine torch.")
    if name == "auto":
        name = "openvino" if installed and not cuda and lr_px >= _WORTH_CONVERTING_PX else "torch"
    if precision == "auto":
        precision = "bf16" if name == "torch" and cuda and torch.cuda.is_bf16_supported() else "fp32"
    return (
        OpenVinoEngine(model, tile, precision, threads)
        if name == "openvino"
        else TorchEngine(model, precision, threads)
    )


class TorchEngine:
    """Runs a model with PyTorch, on the GPU where there is one. See `make_engine`."""

    def __init__(self, model: SISR, precision: str, threads: int | None = None) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.precision = precision
        self.model = model.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __str__(self) -> str:
        threads = f", {torch.get_num_threads()} threads" if self.device.type == "cpu" else ""
        return f"torch {self.precision} on {self.device.type}{threads}"

    @torch.inference_mode()
    def __call__(self, window: FloatImage) -> FloatImage:
        """Reflectance (C, h, w) with a halo of the receptive field, to (C, H, W) without it."""
        lr = torch.from_numpy(window)[None].to(self.device, memory_format=torch.channels_last)
        # TF32, the default on NVIDIA's GPUs, is no fp32
        with (
            torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"),
            torch.backends.cudnn.flags(enabled=True, allow_tf32=False),
        ):
            sr = self.model(lr)
        return _core(sr[0].float().cpu().numpy(), self.model)


class OpenVinoEngine:
    """Runs a model with OpenVINO, for windows of up to one fixed size. See `make_engine`.

    The network and what follows it are two graphs, so that the first may run in bf16 and the second, which carries the
    radiometry, never does.
    """

    def __init__(self, model: SISR, tile: int, precision: str, threads: int | None = None) -> None:
        import openvino  # an extra

        self.model = model.float()
        self.precision, self.threads = precision, threads or torch.get_num_threads()
        self.side = tile + 2 * model.receptive_field
        bands, scale = len(model.config.bands), model.scale
        lr = torch.zeros(1, bands, self.side, self.side)
        sr = torch.zeros(1, bands, self.side * scale, self.side * scale)
        core = openvino.Core()

        def compiled(step: nn.Module, inputs: tuple[Tensor, ...], hint: str) -> Any:  # noqa: ANN401
            graph = openvino.convert_model(step, example_input=inputs, input=[tuple(each.shape) for each in inputs])
            options = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": self.threads}
            return core.compile_model(graph, "CPU", options | {"PERFORMANCE_HINT": "LATENCY"})

        self._residual = compiled(_Residual(model), (lr,), {"fp32": "f32", "bf16": "bf16"}[precision])
        self._finish = compiled(_Finish(model), (lr, sr), "f32")

    def __str__(self) -> str:
        return f"openvino {self.precision} on cpu, {self.threads} threads"

    def __call__(self, window: FloatImage) -> FloatImage:
        """Reflectance (C, h, w) with a halo of the receptive field, to (C, H, W) without it."""
        height, width = window.shape[1:]
        # what is added lies beyond the halo of everything that is kept
        fixed = np.pad(window, ((0, 0), (0, self.side - height), (0, self.side - width)), mode="edge")[None]
        sr = self._finish([fixed, self._residual(fixed)[0]])[0][0]
        return _core(sr[:, : height * self.model.scale, : width * self.model.scale], self.model)


class _Residual(nn.Module):
    def __init__(self, model: SISR) -> None:
        super().__init__()
        self.model = model

    def forward(self, lr: Tensor) -> Tensor:
        return self.model.residual(lr)


class _Finish(nn.Module):
    def __init__(self, model: SISR) -> None:
        super().__init__()
        self.model = model

    def forward(self, lr: Tensor, residual: Tensor) -> Tensor:
        return self.model.finish(lr, residual)


def _core(sr: FloatImage, model: SISR) -> FloatImage:
    halo = model.receptive_field * model.scale
    core = sr[:, halo:-halo, halo:-halo]
    if not np.isfinite(core).all():
        raise InputError(f"{model.name} makes values that are not finite: its weights are damaged.")
    return core
