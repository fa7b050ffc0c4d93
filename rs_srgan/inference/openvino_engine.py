"""Running a model with OpenVINO, which needs the extra `cpu`."""

import hashlib
import logging
import shutil
import tempfile
import threading
from collections.abc import Sequence
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

    def __init__(self, model: SISR, encodings: Sequence[Encoding], precision: str, threads: int | None = None) -> None:
        self._encodings = [value.numpy() for each in encodings for value in encoding_tensors(each).values()]
        self._dtypes = [np.dtype(encoding.dtype) for encoding in encodings]
        self.model, self.precision = model.cpu().float().eval(), precision
        self.kind = f"openvino {precision} on cpu"
        self.threads = threads or torch.get_num_threads()
        self.workers = min(_WORKERS, self.threads)
        self._core = openvino.Core()
        self._graphs = _cached_graphs(self.model, len(encodings) > 1, self._core)
        self._lock = threading.Lock()
        self._compiled = lru_cache(maxsize=1)(self._compile)

    def __str__(self) -> str:
        return f"{self.kind}, {self.threads} threads"

    def versions(self) -> str:
        """See `Engine`."""
        return f"rs_srgan {__version__}, torch {torch.__version__}, openvino {openvino.__version__}"

    def __call__(self, lr: FloatImage, guide: FloatImage | None = None) -> list[Image]:
        """See `Engine`."""
        with memory_errors():
            with self._lock:
                compiled = self._compiled(*lr.shape[1:])
            network = compiled.take()
            try:
                images = [np.ascontiguousarray(image[None]) for image in (lr, guide) if image is not None]
                for index, image in enumerate(images):
                    network.set_input_tensor(index, _tensor(image))
                network.infer()
                with compiled.finishing:
                    return self._finish(compiled.finish, images[0], network)
            finally:
                compiled.idle.put(network)

    def _finish(self, finish: InferRequest, lr: FloatImage, network: InferRequest) -> list[Image]:
        finish.set_input_tensor(0, _tensor(lr))
        finish.set_input_tensor(1, network.get_output_tensor())
        # memory of its own, since the next window is computed while this one is written
        results: list[Image] = []
        for index, dtype in enumerate(self._dtypes):
            results.append(np.empty(finish.get_output_tensor(index).get_shape(), dtype))
            finish.set_output_tensor(index, _tensor(results[-1]))
        finish.infer()
        require_finite(float(finish.get_output_tensor(len(results)).data), self.model)
        return [dn[0].transpose(2, 0, 1) for dn in results]

    def _compile(self, height: int, width: int) -> "_Compiled":
        config, scale = self.model.config, self.model.scale
        bands = len(config.bands)
        network, finish = self._graphs[_NETWORK].clone(), self._graphs[_FINISH].clone()
        shapes = {0: PartialShape([1, bands, height, width])}
        if config.guide_bands:
            shapes[1] = PartialShape([1, len(config.guide_bands), height * scale, width * scale])
        network.reshape(shapes)
        encodings = {index: PartialShape(each.shape) for index, each in enumerate(self._encodings, start=2)}
        channels = len(self._dtypes) * bands * scale**2
        finish.reshape({0: shapes[0], 1: PartialShape([1, channels, height, width]), **encodings})
        between = PrePostProcessor(network)
        _channels_last(between.output(), _TYPES[self.precision])
        after = PrePostProcessor(finish)
        _channels_last(after.input(1), _TYPES[self.precision])
        for index, dtype in enumerate(self._dtypes):
            _channels_last(after.output(index), Type(dtype))
        hints = {_NETWORK: _HINTS[self.precision], _FINISH: _HINTS["fp32"]}
        network, finish = (
            self._core.compile_model(graph.build(), "CPU", self._options(hint))
            for graph, hint in zip((between, after), hints.values(), strict=True)
        )
        return _Compiled(network, finish, self._encodings)

    def _options(self, precision_hint: str) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": precision_hint,
            "INFERENCE_NUM_THREADS": self.threads,
            "NUM_STREAMS": self.workers,
            "ENABLE_CPU_PINNING": False,  # others want the cores too
        }


class _Compiled:
    """Both graphs, compiled for one shape of window.

    Requests take memory: of the network there are as many as were in use at once, at a scene's edges one; of what
    follows, which is quick and works on all the fine pixels, only one.
    """

    def __init__(self, network: CompiledModel, finish: CompiledModel, encodings: list[FloatImage]) -> None:
        self._network, self._encodings = network, encodings
        self.idle: SimpleQueue[InferRequest] = SimpleQueue()
        self.finish, self.finishing = finish.create_infer_request(), threading.Lock()
        for index, each in enumerate(encodings, start=2):
            self.finish.set_input_tensor(index, _tensor(each))

    def take(self) -> InferRequest:
        """An idle request of the network, or a new one."""
        try:
            return self.idle.get_nowait()
        except Empty:
            return self._network.create_infer_request()


def _tensor(pixels: FloatImage) -> openvino.Tensor:
    """The array's own memory, for OpenVINO; the array must outlive its use."""
    return openvino.Tensor(pixels, shared_memory=True)


def _channels_last(port: Any, element_type: Type) -> None:  # noqa: ANN401
    port.model().set_layout(Layout("NCHW"))
    port.tensor().set_layout(Layout("NHWC")).set_element_type(element_type)


class _Network(nn.Module):
    """What the generator makes, and behind it, as more channels, what the uncertainty head makes, if that is wanted."""

    def __init__(self, model: SISR, uncertainty: bool) -> None:
        super().__init__()
        self.model, self.uncertainty = model, uncertainty

    def forward(self, lr: Tensor, guide: Tensor | None = None) -> Tensor:
        residual = self.model.residual(lr, guide)
        return torch.cat([residual, self.model.doubt(lr, residual)], dim=1) if self.uncertainty else residual


class _Finish(nn.Module):
    """DN of each result, each by its four tensors of an encoding, and the sum of them all before that."""

    def __init__(self, model: SISR, uncertainty: bool) -> None:
        super().__init__()
        self.model, self.uncertainty = model, uncertainty

    def forward(self, lr: Tensor, between: Tensor, *encodings: Tensor) -> tuple[Tensor, ...]:
        model, margin = self.model, self.model.receptive_field
        if self.uncertainty:
            residual, logarithm = between.chunk(2, dim=1)
            results = [model.finish(lr, residual, margin), model.finish_doubt(logarithm, margin)]
        else:
            results = [model.finish(lr, between, margin)]
        dn = [to_dn(result, *encodings[4 * index :][:4]) for index, result in enumerate(results)]
        return (*dn, torch.stack([result.sum() for result in results]).sum())


def _cached_graphs(model: SISR, uncertainty: bool, core: openvino.Core) -> dict[str, openvino.Model]:
    """Both graphs of a model, for windows of any size: from the cache, or converted and put there."""
    key = _fingerprint(model) + ("-uncertainty" if uncertainty else "")
    try:
        return _read(cached_assets_path("rs_srgan", namespace="openvino", subfolder=key), core)
    except (OSError, RuntimeError, ValueError):  # not there, damaged, or a cache that is none
        graphs = _convert(model, uncertainty)
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
def _convert(model: SISR, uncertainty: bool) -> dict[str, openvino.Model]:
    bands, guides, scale = len(model.config.bands), len(model.config.guide_bands), model.scale
    side = 2 * model.receptive_field + 8  # any that leaves something within the margin
    results = 1 + uncertainty
    lr, between = torch.zeros(1, bands, side, side), torch.zeros(1, results * bands * scale**2, side, side)
    guide = [torch.zeros(1, guides, side * scale, side * scale)] if guides else []

    encodings = list(encoding_tensors(Encoding("uint16", (1e-4,) * bands, (0.0,) * bands, 0)).values()) * results

    def converted(step: nn.Module, *inputs: Tensor) -> openvino.Model:
        shapes = [[1, each.shape[1], -1, -1] if each.dim() == 4 else list(each.shape) for each in inputs]
        return openvino.convert_model(step.eval(), example_input=inputs, input=shapes)

    finish = converted(_Finish(model, uncertainty), lr, between, *encodings)
    return {_NETWORK: converted(_Network(model, uncertainty), lr, *guide), _FINISH: finish}


def _fingerprint(model: SISR) -> str:
    """Of everything that the graphs are made from: configuration, weights, code, OpenVINO."""
    digest = hashlib.sha256((model.fingerprint() + torch.__version__ + openvino.__version__).encode())
    package = Path(rs_srgan.__file__).parent
    sources = [package / "physics.py", *package.glob("inference/*engine*.py"), *package.glob("models/*.py")]
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:32]
