"""Running a model with OpenVINO, which needs the extra `cpu`."""

import hashlib
import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from rs_srgan.errors import InputError
from rs_srgan.inference.engines import encoding_tensors, memory_errors, require_finite, to_dn
from rs_srgan.models import MISR, SISR
from rs_srgan.models.innovation import InnovationFusion
from rs_srgan.radiometry import Encoding, FloatImage, Image
from rs_srgan.version import __version__

logger = logging.getLogger(__name__)

_HINTS = {"fp32": "f32", "bf16": "bf16"}
_TYPES = {"fp32": Type.f32, "bf16": Type.bf16}
# Windows at once: each takes memory for itself, so no more than two.
_WORKERS = 2
# What the last step makes, for people and files.
_FINISH = "finish"


@dataclass(frozen=True)
class _Step:
    """One graph: what it takes, images of the engine's or results of earlier steps, and what it makes.

    Attributes:
        name: of its result, and of its file.
        inputs: names of what it takes.
        module: the same in PyTorch.
        radiometric: it works on reflectance, so always in float32.
    """

    name: str
    inputs: tuple[str, ...]
    module: nn.Module
    radiometric: bool = False


class OpenVinoEngine:
    """Runs a model with OpenVINO. See `make_engine`.

    The network and what follows it are two graphs, so that the first may run in bf16 and the second, which carries the
    radiometry, never does; of several revisits the network is three, since what compares them with the first result
    works on reflectance, too. The pixels between them stay in the order in which they are left, channels last.

    Two windows are computed at once, each by half of the threads: one window by all of them would wait at every layer
    for the thread whose core is just reading or compressing.

    The conversion from PyTorch is kept in Hugging Face's cache; compiled is anew for each shape of window, of which a
    scene has four: within, at its right edge, at its lower edge, and in the corner.
    """

    def __init__(
        self, model: SISR | MISR, encodings: Sequence[Encoding], precision: str, threads: int | None = None
    ) -> None:
        self._encodings = [value.numpy() for each in encodings for value in encoding_tensors(each).values()]
        self._dtypes = [np.dtype(encoding.dtype) for encoding in encodings]
        self.model, self.precision = model.cpu().float().eval(), precision
        self.kind = f"openvino {precision} on cpu"
        self.threads = threads or torch.get_num_threads()
        self.workers = min(_WORKERS, self.threads)
        self._core = openvino.Core()
        self._steps = _steps(self.model, len(encodings) > 1)
        self._graphs = _cached_graphs(self.model, self._steps, len(encodings) > 1, self._core)
        self._lock = threading.Lock()
        self._compiled = lru_cache(maxsize=1)(self._compile)

    def __str__(self) -> str:
        return f"{self.kind}, {self.threads} threads"

    def versions(self) -> str:
        """See `Engine`."""
        return f"rs_srgan {__version__}, torch {torch.__version__}, openvino {openvino.__version__}"

    def __call__(self, *images: FloatImage) -> list[Image]:
        """See `Engine`."""
        with memory_errors():
            with self._lock:
                compiled = self._compiled(*(image.shape for image in images))
            chain = compiled.take()
            try:
                tensors = self._named(images)
                held = [np.ascontiguousarray(image) for image in tensors.values()]  # OpenVINO reads their memory
                values = {name: _tensor(image) for name, image in zip(tensors, held, strict=True)}
                for step, request in zip(self._steps, chain, strict=False):
                    for index, name in enumerate(step.inputs):
                        request.set_input_tensor(index, values[name])
                    request.infer()
                    values[step.name] = request.get_output_tensor()
                with compiled.finishing:
                    return self._finish(compiled.finish, values)
            finally:
                compiled.idle.put(chain)

    def _named(self, images: Sequence[FloatImage]) -> dict[str, FloatImage]:
        """All with four dimensions: of a batch of one, or of views."""
        if isinstance(self.model, MISR):
            views, mask, offsets = images
            return {"lr": views[:1], "views": views, "mask": mask[:, None], "offsets": offsets}
        return {name: image[None] for name, image in zip(("lr", "guide"), images, strict=False)}

    def _finish(self, finish: InferRequest, values: dict[str, openvino.Tensor]) -> list[Image]:
        for index, name in enumerate(self._steps[-1].inputs):
            finish.set_input_tensor(index, values[name])
        # memory of its own, since the next window is computed while this one is written
        results: list[Image] = []
        for index, dtype in enumerate(self._dtypes):
            results.append(np.empty(finish.get_output_tensor(index).get_shape(), dtype))
            finish.set_output_tensor(index, _tensor(results[-1]))
        finish.infer()
        require_finite(float(finish.get_output_tensor(len(results)).data), self.model)
        return [dn[0].transpose(2, 0, 1) for dn in results]

    def _compile(self, *shapes: tuple[int, ...]) -> "_Compiled":
        sizes = {
            name: image.shape for name, image in self._named([np.empty(shape, np.float32) for shape in shapes]).items()
        }
        made: dict[str, openvino.Model] = {}
        compiled = []
        for step in self._steps:
            graph = self._graphs[step.name].clone()
            graph.reshape(
                {index: PartialShape([*sizes[name]]) for index, name in enumerate(step.inputs)}
                | {len(step.inputs) + index: PartialShape(each.shape) for index, each in self._numbered(step)}
            )
            sizes[step.name] = tuple(graph.output(0).get_partial_shape().to_shape())
            ports = PrePostProcessor(graph)
            for index, name in enumerate(step.inputs):
                if name in made:  # what an earlier step has left
                    _channels_last(ports.input(index), _TYPES[self.precision])
            if step.name == _FINISH:
                for index, dtype in enumerate(self._dtypes):
                    _channels_last(ports.output(index), Type(dtype))
            else:
                _channels_last(ports.output(), _TYPES[self.precision])
            made[step.name] = graph
            hint = _HINTS["fp32" if step.radiometric else self.precision]
            compiled.append(self._core.compile_model(ports.build(), "CPU", self._options(hint)))
        return _Compiled(compiled, dict(self._numbered(self._steps[-1])), len(self._steps[-1].inputs))

    def _numbered(self, step: _Step) -> Iterator[tuple[int, FloatImage]]:
        """What the last step takes beside its inputs."""
        yield from enumerate(self._encodings) if step.name == _FINISH else ()

    def _options(self, precision_hint: str) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": precision_hint,
            "INFERENCE_NUM_THREADS": self.threads,
            "NUM_STREAMS": self.workers,
            "ENABLE_CPU_PINNING": False,  # others want the cores too
        }


class _Compiled:
    """All graphs, compiled for one shape of window.

    Requests take memory: of the network there are as many as were in use at once, at a scene's edges one; of what
    follows, which is quick and works on all the fine pixels, only one.
    """

    def __init__(self, steps: list[CompiledModel], encodings: dict[int, FloatImage], first: int) -> None:
        self._network = steps[:-1]
        self._encodings = encodings
        self.idle: SimpleQueue[list[InferRequest]] = SimpleQueue()
        self.finish, self.finishing = steps[-1].create_infer_request(), threading.Lock()
        for index, each in encodings.items():
            self.finish.set_input_tensor(first + index, _tensor(each))

    def take(self) -> list[InferRequest]:
        """Idle requests of the network, or new ones."""
        try:
            return self.idle.get_nowait()
        except Empty:
            return [step.create_infer_request() for step in self._network]


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


class _Look(nn.Module):
    """What the generator makes of the reference, and behind it its features."""

    def __init__(self, model: MISR) -> None:
        super().__init__()
        self.model = model

    def forward(self, lr: Tensor) -> Tensor:
        features, residual = self.model.look(lr)
        return torch.cat([residual, features], dim=1)


class _Compare(nn.Module):
    """What the fusion sees of the other views, (T - 1, channels, h, w)."""

    def __init__(self, model: MISR) -> None:
        super().__init__()
        self.model = model

    def forward(self, views: Tensor, mask: Tensor, offsets: Tensor, looked: Tensor) -> Tensor:
        residual = looked[:, : len(self.model.config.bands) * self.model.scale**2]
        return self.model.compare(residual, views[None], mask[None, :, 0], offsets[None])[0]


class _Correct(nn.Module):
    """What the generator makes, corrected by what the fusion makes of that."""

    def __init__(self, model: MISR) -> None:
        super().__init__()
        self.model = model

    def forward(self, compared: Tensor, lr: Tensor, looked: Tensor) -> Tensor:
        made = len(self.model.config.bands) * self.model.scale**2
        residual, features = looked[:, :made], looked[:, made:]
        corrected: Tensor = residual + self.model.fusion(compared[None], self.model.sisr.normalised(lr), features)
        return corrected


class _Finish(nn.Module):
    """DN of each result, each by its four tensors of an encoding, and the sum of them all before that."""

    def __init__(self, model: SISR, margin: int, uncertainty: bool) -> None:
        super().__init__()
        self.model, self.margin, self.uncertainty = model, margin, uncertainty

    def forward(self, lr: Tensor, between: Tensor, *encodings: Tensor) -> tuple[Tensor, ...]:
        if self.uncertainty:
            residual, logarithm = between.chunk(2, dim=1)
            doubt = self.model.finish_doubt(logarithm, self.margin)
            results = [self.model.finish(lr, residual, self.margin), doubt]
        else:
            results = [self.model.finish(lr, between, self.margin)]
        dn = [to_dn(result, *encodings[4 * index :][:4]) for index, result in enumerate(results)]
        return (*dn, torch.stack([result.sum() for result in results]).sum())


def _steps(model: SISR | MISR, uncertainty: bool) -> list[_Step]:
    """Of a model, in the order in which they are taken."""
    if isinstance(model, SISR):
        inputs = ("lr", "guide") if model.config.guide_bands else ("lr",)
        network = [_Step("network", inputs, _Network(model, uncertainty))]
    elif isinstance(model.fusion, InnovationFusion):
        network = [
            _Step("look", ("lr",), _Look(model)),
            _Step("compare", ("views", "mask", "offsets", "look"), _Compare(model), radiometric=True),
            _Step("correct", ("compare", "lr", "look"), _Correct(model)),
        ]
    else:
        raise InputError(f"{model.name} has the fusion {model.config.fusion!r}, which PyTorch runs: --engine torch.")
    single = model if isinstance(model, SISR) else model.sisr
    finish = _Finish(single, model.receptive_field, uncertainty)
    return [*network, _Step(_FINISH, ("lr", network[-1].name), finish, radiometric=True)]


def _cached_graphs(
    model: SISR | MISR, steps: Sequence[_Step], uncertainty: bool, core: openvino.Core
) -> dict[str, openvino.Model]:
    """The graphs of a model, for windows of any size: from the cache, or converted and put there."""
    key = _fingerprint(model) + ("-uncertainty" if uncertainty else "")
    names = [step.name for step in steps]
    try:
        return _read(cached_assets_path("rs_srgan", namespace="openvino", subfolder=key), names, core)
    except (OSError, RuntimeError, ValueError):  # not there, damaged, or a cache that is none
        graphs = _convert(model, steps, uncertainty)
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
        return _read(Path(converted), names, core)


def _read(folder: Path, names: Sequence[str], core: openvino.Core) -> dict[str, openvino.Model]:
    return {name: core.read_model(folder / f"{name}.xml") for name in names}


@torch.inference_mode()
def _convert(model: SISR | MISR, steps: Sequence[_Step], uncertainty: bool) -> dict[str, openvino.Model]:
    bands, scale, views = len(model.config.bands), model.scale, 3
    side = 2 * model.receptive_field + 8  # any that leaves something within the margin
    examples = {
        "lr": torch.zeros(1, bands, side, side),
        "guide": torch.zeros(1, len(model.config.guide_bands), side * scale, side * scale),
        "views": torch.zeros(views, bands, side, side),
        "mask": torch.ones(views, 1, side, side),
        "offsets": torch.zeros(views, 2, side, side),
    }
    encoding = Encoding("uint16", (1e-4,) * bands, (0.0,) * bands, 0)
    encodings = list(encoding_tensors(encoding).values()) * (1 + uncertainty)
    graphs = {}
    for step in steps:
        inputs = [examples[name] for name in step.inputs] + (encodings if step.name == _FINISH else [])
        several = {"views", "mask", "offsets", "compare"}
        names = [*step.inputs, *[""] * len(encodings)]
        shapes = [
            [-1 if name in several else 1, each.shape[1], -1, -1] if each.dim() == 4 else list(each.shape)
            for name, each in zip(names, inputs, strict=False)
        ]
        step.module.eval()
        if step.name != _FINISH:
            examples[step.name] = step.module(*inputs)
        graphs[step.name] = openvino.convert_model(step.module, example_input=tuple(inputs), input=shapes)
    return graphs


def _fingerprint(model: SISR | MISR) -> str:
    """Of everything that the graphs are made from: configuration, weights, code, OpenVINO."""
    digest = hashlib.sha256((model.fingerprint() + torch.__version__ + openvino.__version__).encode())
    package = Path(rs_srgan.__file__).parent
    sources = [package / "physics.py", *package.glob("inference/*engine*.py"), *package.glob("models/*.py")]
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:32]
