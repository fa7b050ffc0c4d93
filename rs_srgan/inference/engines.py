"""What runs a model on a window of pixels."""

import numpy as np
import torch

from rs_srgan.errors import InputError
from rs_srgan.models import SISR
from rs_srgan.radiometry import FloatImage

PRECISIONS = ("auto", "fp32", "bf16")

_MAX_THREADS = 1024


class TorchEngine:
    """Runs a model with PyTorch, on the GPU where there is one.

    Args:
        model: in evaluation mode; its weights are moved to the device.
        precision: "fp32", "bf16", or "auto", which is bf16 on GPUs that have it and fp32 elsewhere.
        threads: of the CPU; by default all cores.

    Raises:
        InputError: an unknown precision, threads out of range, or (when called) a model whose output is not finite.
    """

    def __init__(self, model: SISR, precision: str = "auto", threads: int | None = None) -> None:
        if precision not in PRECISIONS:
            raise InputError(f"Unknown precision {precision!r}; expected one of {', '.join(PRECISIONS)}.")
        if threads is not None and not 1 <= threads <= _MAX_THREADS:
            raise InputError(f"threads is {threads}; expected 1 to {_MAX_THREADS}.")
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if precision == "auto":
            precision = "bf16" if self.device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
        self.precision = precision
        self.model = model.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __str__(self) -> str:
        threads = f", {torch.get_num_threads()} threads" if self.device.type == "cpu" else ""
        return f"torch {self.precision} on {self.device.type}{threads}"

    @torch.inference_mode()
    def __call__(self, window: FloatImage) -> FloatImage:
        """Reflectance (C, h, w) with a halo of the receptive field, to (C, H, W) without it."""
        halo = self.model.receptive_field * self.model.scale
        lr = torch.from_numpy(window)[None].to(self.device, memory_format=torch.channels_last)
        # TF32, the default on NVIDIA's GPUs, is no fp32
        with (
            torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"),
            torch.backends.cudnn.flags(enabled=True, allow_tf32=False),
        ):
            sr = self.model(lr)
        core: FloatImage = sr[0, :, halo:-halo, halo:-halo].float().cpu().numpy()
        if not np.isfinite(core).all():
            raise InputError(f"{self.model.name} makes values that are not finite: its weights are damaged.")
        return core
