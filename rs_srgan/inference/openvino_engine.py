"""Running a model with OpenVINO, which needs the extra `cpu`."""

import hashlib
import logging
import shutil
import tempfile
import threading
from functools import lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import openvino
import torch
from huggingface_hub import cached_assets_path
from openvino import CompiledModel, InferRequest, Layout, PartialShape, Type
from openvino.preprocess import PrePostProcessor
from torch import Tensor, nn

import rs_srgan
from rs_srgan.inference.engines import encoding_tensors, memory_errors, require_finite, to_dn
from rs_srgan.models import SISR
from rs_srgan.radiometry import Encoding, FloatImage, Image
from rs_srgan.version import __version__

logger = logging.getLogger(__name__)

_HINTS = {"fp32": "f32", "bf16": "bf16"}
_TYPES = {"fp32": Type.f32, "bf16": Type.bf16}
# Windows at once: each takes memory for itself, so no more than two.
_WORKERS = 2
# The names of the two graphs and of their files.
_NETWORK, _FINISH = "network", "finish"


class OpenVinoEngine:
    """Runs a model with OpenVINO. See `make_engine`.

    The network and what follows it are two graphs, so that the first may run in bf16 and the second, which carries the
    radiometry, never does. The pixels between them stay in the order in which the first leaves them, channels last.

    Two windows are computed at once, each by half of the threads: one window by all of them would wait at every layer
    for the thread whose core is just reading or compressing.

    The conversion from PyTorch is kept in Hugging Face's cache; compiled is anew for each shape of window, of which a
    scene has four: within, at its right edge, at its lower edge, and in the corner.
    """

    def __init__(self, model: SISR, encoding: Encoding, precision: str, threads: int | None = None) -> None:
        self._encoding = [value.numpy() for value in encoding_tensors(encoding).values()]
        self._dtype = np.dtype(encoding.dtype)
        self.model, self.precision = model.cpu().float().eval(), precision
        self.kind = f"openvino {precision} on cpu"
        self.threads = threads or torch.get_num_threads()
        self.workers = min(_WORKERS, self.threads)
        self._core = openvino.Core()
        self._graphs = _cached_graphs(self.model, self._core)
        self._lock = threading.Lock()
        # two shapes alternate along a row of tiles
        self._compiled = lru_cache(maxsize=2)(self._compile)

    def __str__(self) -> str:
        return f"{self.kind}, {self.threads} threads"

    def versions(self) -> str:
        """See `Engine`."""
        return f"rs_srgan {__version__}, torch {torch.__version__}, openvino {openvino.__version__}"

    def __call__(self, lr: FloatImage, guide: FloatImage | None = None) -> Image:
        """See `Engine`."""
        with memory_errors():
            with self._lock:
                compiled = self._compiled(*lr.shape[1:])
            requests = compiled.take()
            try:
                return self._run(*requests, [image[None] for image in (lr, guide) if image is not None])
            finally:
                compiled.idle.put(requests)

    def _run(self, network: InferRequest, finish: InferRequest, images: list[FloatImage]) -> Image:
        images = [np.ascontiguousarray(image) for image in images]
        for index, image in enumerate(images):
            network.set_input_tensor(index, _tensor(image))
        network.infer()
        finish.set_input_tensor(0, _tensor(images[0]))
        finish.set_input_tensor(1, network.get_output_tensor())
        # memory of its own, since the next window is computed while this one is written
        dn = np.empty(finish.get_output_tensor(0).get_shape(), self._dtype)
        finish.set_output_tensor(0, _tensor(dn))
        finish.infer()
        require_finite(float(finish.get_output_tensor(1).data), self.model)
        core: Image = dn[0].transpose(2, 0, 1)
        return core

    def _compile(self, height: int, width: int) -> "_Compiled":
        config, scale = self.model.config, self.model.scale
        bands = len(config.bands)
        network, finish = self._graphs[_NETWORK].clone(), self._graphs[_FINISH].clone()
        shapes = {0: PartialShape([1, bands, height, width])}
        if config.guide_bands:
            shapes[1] = PartialShape([1, len(config.guide_bands), height * scale, width * scale])
        network.reshape(shapes)
        encoding = {index: PartialShape(each.shape) for index, each in enumerate(self._encoding, start=2)}
        finish.reshape({0: shapes[0], 1: PartialShape([1, bands * scale**2, height, width]), **encoding})
        between = PrePostProcessor(network)
        _channels_last(between.output(), _TYPES[self.precision])
        after = PrePostProcessor(finish)
        _channels_last(after.input(1), _TYPES[self.precision])
        _channels_last(after.output(0), Type(self._dtype))
        hints = {_NETWORK: _HINTS[self.precision], _FINISH: _HINTS["fp32"]}
        network, finish = (
            self._core.compile_model(graph.build(), "CPU", self._options(hint))
            for graph, hint in zip((between, after), hints.values(), strict=True)
        )
        return _Compiled(network, finish, self._encoding)

    def _options(self, precision_hint: str) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": precision_hint,
            "INFERENCE_NUM_THREADS": self.threads,
            "NUM_STREAMS": self.workers,
            "ENABLE_CPU_PINNING": False,  # others want the cores too
        }


class _Compiled:
    """Both graphs, compiled for one shape of window, with as many pairs of requests as were in use at once."""

    def __init__(self, network: CompiledModel, finish: CompiledModel, encoding: list[FloatImage]) -> None:
        self._network, self._finish, self._encoding = network, finish, encoding
        self.idle: SimpleQueue[tuple[InferRequest, InferRequest]] = SimpleQueue()

    def take(self) -> tuple[InferRequest, InferRequest]:
        """An idle pair, or a new one: each takes memory, and at a scene's edges one is enough."""
        try:
            return self.idle.get_nowait()
        except Empty:
            network, finish = self._network.create_infer_request(), self._finish.create_infer_request()
            for index, each in enumerate(self._encoding, start=2):
                finish.set_input_tensor(index, _tensor(each))
            return network, finish


def _tensor(pixels: FloatImage) -> openvino.Tensor:
    """The array's own memory, for OpenVINO; the array must outlive its use."""
    return openvino.Tensor(pixels, shared_memory=True)


def _channels_last(port: Any, element_type: Type) -> None:  # noqa: ANN401
    port.model().set_layout(Layout("NCHW"))
    port.tensor().set_layout(Layout("NHWC")).set_element_type(element_type)


class _Network(nn.Module):
    def __init__(self, model: SISR) -> None:
        super().__init__()
        self.model = model

    def forward(self, lr: Tensor, guide: Tensor | None = None) -> Tensor:
        return self.model.residual(lr, guide)


class _Finish(nn.Module):
    def __init__(self, model: SISR) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, lr: Tensor, residual: Tensor, gain: Tensor, bias: Tensor, low: Tensor, high: Tensor
    ) -> tuple[Tensor, Tensor]:
        sr = self.model.finish(lr, residual, margin=self.model.receptive_field)
        return to_dn(sr, gain, bias, low, high), sr.sum()


def _cached_graphs(model: SISR, core: openvino.Core) -> dict[str, openvino.Model]:
    """Both graphs of a model, for windows of any size: from the cache, or converted and put there."""
    key = _fingerprint(model)
    try:
        return _read(cached_assets_path("rs_srgan", namespace="openvino", subfolder=key), core)
    except (OSError, RuntimeError, ValueError):  # not there, damaged, or a cache that is none
        graphs = _convert(model)
    with tempfile.TemporaryDirectory(prefix="rs_srgan_") as converted:
        for name, graph in graphs.items():
            openvino.save_model(graph, Path(converted) / f"{name}.xml", compress_to_fp16=False)
        try:
            folder = cached_assets_path("rs_srgan", namespace="openvino", subfolder=key)
            with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as fresh:
                shutil.copytree(converted, Path(fresh) / key)
                shutil.rmtree(folder, ignore_errors=True)
                (Path(fresh) / key).rename(folder)
        except (OSError, ValueError) as error:
            logger.warning("The converted model cannot be kept (%s): the next run converts it again.", error)
        # as the next run will: a graph that is read rounds otherwise than the one that was saved
        return _read(Path(converted), core)


def _read(folder: Path, core: openvino.Core) -> dict[str, openvino.Model]:
    return {name: core.read_model(folder / f"{name}.xml") for name in (_NETWORK, _FINISH)}


@torch.inference_mode()
def _convert(model: SISR) -> dict[str, openvino.Model]:
    bands, guides, scale = len(model.config.bands), len(model.config.guide_bands), model.scale
    side = 2 * model.receptive_field + 8  # any that leaves something within the margin
    lr, residual = torch.zeros(1, bands, side, side), torch.zeros(1, bands * scale**2, side, side)
    guide = [torch.zeros(1, guides, side * scale, side * scale)] if guides else []

    encoding = list(encoding_tensors(Encoding("uint16", (1e-4,) * bands, (0.0,) * bands, 0)).values())

    def converted(step: nn.Module, *inputs: Tensor) -> openvino.Model:
        shapes = [[1, each.shape[1], -1, -1] if each.dim() == 4 else list(each.shape) for each in inputs]
        return openvino.convert_model(step.eval(), example_input=inputs, input=shapes)

    finish = converted(_Finish(model), lr, residual, *encoding)
    return {_NETWORK: converted(_Network(model), lr, *guide), _FINISH: finish}


def _fingerprint(model: SISR) -> str:
    """Of everything that the graphs are made from: configuration, weights, code, OpenVINO."""
    digest = hashlib.sha256((model.fingerprint() + torch.__version__ + openvino.__version__).encode())
    package = Path(rs_srgan.__file__).parent
    sources = [package / "physics.py", *package.glob("inference/*engine*.py"), *package.glob("models/*.py")]
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:32]
