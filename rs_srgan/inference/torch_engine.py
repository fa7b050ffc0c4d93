"""`TorchEngine`: runs a model with PyTorch, on the GPU if there is one."""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from rs_srgan.inference.cuda_graph import CudaGraph
from rs_srgan.inference.engine import (
    FLOAT_STEP,
    default_threads,
    describe_threads,
    encoding_tensors,
    memory_errors,
    require_finite,
    to_dn,
)
from rs_srgan.inference.processor import default_device
from rs_srgan.models import MISR, SISR
from rs_srgan.pixels.radiometry import Encoding, FloatImage, Image
from rs_srgan.version import __version__


class TorchEngine:
    """Runs a model with PyTorch, on the GPU if there is one. See `make_engine`.

    On NVIDIA's GPUs it captures the kernels once for each shape of window, and replays them.
    """

    def __init__(
        self, model: SISR | MISR, encodings: Sequence[Encoding], precision: str, threads: int | None = None
    ) -> None:
        self.threads = threads or default_threads()
        self.workers = 1
        self.device = torch.device(default_device())
        self.precision = precision
        self.kind = f"torch {precision} on {self.device.type}"
        self.model = model.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._encodings = encodings
        self._tensors = [
            {name: value.to(self.device) for name, value in encoding_tensors(encoding).items()}
            for encoding in encodings
        ]
        self._captured = lru_cache(maxsize=1)(self._capture)

    def __str__(self) -> str:
        threads = f", {describe_threads(self.threads)}" if self.device.type == "cpu" else ""
        return f"{self.kind}{threads}"

    def versions(self) -> str:
        """Return the versions of rs_srgan and PyTorch. See `Engine`."""
        return f"rs_srgan {__version__}, torch {torch.__version__}"

    @torch.inference_mode()
    def __call__(self, *images: FloatImage) -> list[Image]:
        """Super-resolve a window. See `Engine`."""
        inputs = [_channels_last(torch.from_numpy(image)[None].to(self.device)) for image in images]
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            with memory_errors():
                results = self._forward(*inputs) if self.device.type != "cuda" else self._replay(inputs)
                require_finite(sum(result.sum().item() for result in results), self.model)
                return [
                    self._stored(to_dn(result, **tensors)[0], encoding)
                    for result, tensors, encoding in zip(results, self._tensors, self._encodings, strict=True)
                ]
        finally:
            torch.set_num_threads(before)

    def _stored(self, dn: Tensor, encoding: Encoding) -> Image:
        """Do what `in_type` does, on the device."""
        if encoding.floats:
            return (dn * FLOAT_STEP).cpu().numpy()
        low, high = encoding.limits
        smallest, largest = (each.item() for each in dn.aminmax())
        fits = low <= smallest and largest <= high
        # the transfer from a GPU first: it has no unsigned integers of 16 bits
        return dn.cpu().to(getattr(torch, encoding.dtype) if fits else torch.float32).numpy()

    def _replay(self, inputs: list[Tensor]) -> tuple[Tensor, ...]:
        return self._captured(*(image.shape for image in inputs))(*inputs)

    def _capture(self, *shapes: torch.Size) -> CudaGraph:
        examples = [_channels_last(torch.zeros(shape, device=self.device)) for shape in shapes]
        return CudaGraph(self._forward, examples)

    def _forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        bf16 = self.precision == "bf16"
        # TF32, the default on NVIDIA's GPUs, is not fp32; a captured graph would lack the cast of cached weights
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
    """Return images in the memory layout that the layers compute fastest; views, (B, T, C, h, w), stay as they are."""
    return images.contiguous(memory_format=torch.channels_last) if images.dim() == 4 else images
