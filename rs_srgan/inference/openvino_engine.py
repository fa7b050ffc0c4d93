"""`OpenVinoEngine`: runs a model with OpenVINO, which needs the extra `cpu`."""

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import torch

from rs_srgan.inference.engine import (
    default_threads,
    describe_threads,
    encoding_tensors,
    in_type,
    memory_errors,
    require_finite,
)
from rs_srgan.inference.openvino_graphs import Step, cached_graphs, image_shapes, steps_of
from rs_srgan.inference.openvino_import import openvino
from rs_srgan.inference.processor import computes_in_bf16
from rs_srgan.models import MISR, SISR
from rs_srgan.pixels.radiometry import Encoding, FloatImage, Image
from rs_srgan.version import __version__

_HINTS = {"fp32": "f32", "bf16": "bf16"}
_TYPES = {"fp32": openvino.Type.f32, "bf16": openvino.Type.bf16}
# Windows that are computed at once. Each needs its own memory, so no more than two.
_WORKERS = 2

_Tensors = dict[str, openvino.Tensor]


class OpenVinoEngine:
    """Runs a model with OpenVINO. See `make_engine`.

    The network and the arithmetic behind it are separate graphs: the network may run in bf16 or int8, and the second
    graph, which carries the radiometry, always runs in float32. In int8 the network's first and last layers, and the
    sums between its blocks, are in bf16 or fp32. A model of several revisits has five graphs for the network,
    because the comparison of the views with the first result works on reflectance, too. The views are taken one after
    the other, so any number of them needs the memory of one. Pixels between graphs keep their memory layout, channels
    last.

    Two windows are computed at once, each by half of the threads. With one window and all threads, each layer would
    wait for the thread whose core is reading or compressing at that moment.

    Hugging Face's cache keeps the models converted from PyTorch. They are compiled again for each shape of window; a
    scene has four: inside, at its right edge, at its lower edge, and in the corner.
    """

    def __init__(
        self, model: SISR | MISR, encodings: Sequence[Encoding], precision: str, threads: int | None = None
    ) -> None:
        self._encodings = encodings
        # a copy, where the weights would change their number format
        self.model = model.cpu() if model.dtype == torch.float32 else copy.deepcopy(model).cpu().float()
        self.precision = precision
        int8 = precision == "int8"
        # Layers that are not rounded to 8 bits, and what they give each other. They take little time, so bf16 costs
        # none where it is slower, and it saves memory.
        self._floats = ("bf16" if computes_in_bf16("cpu") else "fp32") if int8 else precision
        self.kind = f"openvino {f'int8 and {self._floats}' if int8 else precision} on cpu"
        self.threads = threads or default_threads()
        self.workers = min(_WORKERS, self.threads)
        self._core = openvino.Core()
        self._steps = steps_of(self.model, len(encodings) > 1)
        self._graphs = cached_graphs(self.model, self._steps, len(encodings) > 1, self._core, int8)
        self._lock = threading.Lock()
        self._shape: tuple[int, ...] | None = None
        self._compiled: _Compiled | None = None

    def __str__(self) -> str:
        return f"{self.kind}, {describe_threads(self.threads)}"

    def versions(self) -> str:
        """Return the versions of rs_srgan, PyTorch and OpenVINO. See `Engine`."""
        return f"rs_srgan {__version__}, torch {torch.__version__}, openvino {openvino.__version__}"

    def __call__(self, *images: FloatImage) -> list[Image]:
        """Super-resolve a window. See `Engine`."""
        with memory_errors():
            compiled = self._compiled_for(images[0].shape[-2:])
            chain = compiled.take()
            try:
                images = tuple(np.ascontiguousarray(image) for image in images)  # OpenVINO reads their memory
                values = self._infer(chain, images)
                with compiled.finishing:
                    return self._finish(compiled.finish, values)
            finally:
                compiled.idle.put(chain)

    def _infer(self, chain: Sequence[openvino.InferRequest], images: Sequence[FloatImage]) -> _Tensors:
        """Run all steps but the last."""
        if self.model.config.several:
            values = {"lr": _tensor(images[0][:1])}
        else:
            values = {name: _tensor(image[None]) for name, image in zip(("lr", "guide"), images, strict=False)}
        for each, group in groupby(zip(self._steps, chain, strict=False), lambda pair: pair[0].each):
            pairs = list(group)
            if each:
                values[pairs[-1][0].name] = _summed(pairs, values, _views(*images))
            else:
                _take(pairs, values)
        return values

    def _finish(self, finish: openvino.InferRequest, values: _Tensors) -> list[Image]:
        """Run the last step."""
        for index, name in enumerate(self._steps[-1].inputs):
            finish.set_input_tensor(index, values[name])
        finish.infer()
        count = len(self._encodings)
        require_finite(float(finish.get_output_tensor(count).data), self.model)
        results = []
        for index, encoding in enumerate(self._encodings):
            dn = finish.get_output_tensor(index).data[0].transpose(2, 0, 1)
            stored = in_type(dn, encoding)
            # the next window takes the request's memory; the order of the values stays, which is quicker
            results.append(dn.copy(order="K") if stored is dn else stored)
        return results

    def _compiled_for(self, shape: tuple[int, ...]) -> "_Compiled":
        with self._lock:
            if self._compiled is None or self._shape != shape:
                self._compiled = None  # frees memory for the next one
                self._compiled, self._shape = self._compile(*shape), shape
            return self._compiled

    def _compile(self, height: int, width: int) -> "_Compiled":
        sizes = image_shapes(self.model, height, width)
        made: dict[str, openvino.Type] = {}  # types of the results of earlier steps
        *network, last = self._steps
        compiled = []
        for step in network:
            graph = self._reshaped(step, sizes)
            sizes[step.name] = tuple(graph.output(0).get_partial_shape().to_shape())
            result = _TYPES["fp32" if step.exact else self._floats]
            compiled.append(self._compile_step(step, graph, made, [result]))
            made[step.name] = result

        tensors = [tensor for each in self._encodings for tensor in encoding_tensors(each).values()]
        graph = self._reshaped(last, sizes, [tensor.shape for tensor in tensors])
        floats = [openvino.Type.f32 for _ in self._encodings]
        finish = self._compile_step(last, graph, made, floats).create_infer_request()
        for index, tensor in enumerate(tensors, start=len(last.inputs)):
            finish.set_input_tensor(index, openvino.Tensor(tensor.numpy()))
        return _Compiled(compiled, finish)

    def _reshaped(
        self, step: Step, sizes: Mapping[str, tuple[int, ...]], numbers: Sequence[tuple[int, ...]] = ()
    ) -> openvino.Model:
        """Return the graph of a step for inputs of these sizes, by name, and numbers of these shapes behind them."""
        graph = self._graphs[step.name].clone()
        shapes = [*(sizes[name] for name in step.inputs), *numbers]
        graph.reshape({index: openvino.PartialShape([*shape]) for index, shape in enumerate(shapes)})
        return graph

    def _compile_step(
        self,
        step: Step,
        graph: openvino.Model,
        made: Mapping[str, openvino.Type],
        results: Sequence[openvino.Type],
    ) -> openvino.CompiledModel:
        """Compile a step.

        Args:
            step: the step.
            graph: its graph, reshaped.
            made: types of the results of earlier steps, by name.
            results: types of its own results.
        """
        ports = openvino.preprocess.PrePostProcessor(graph)
        for index, name in enumerate(step.inputs):
            if name in made:
                _channels_last(ports.input(index), made[name])
        for index, element_type in enumerate(results):
            _channels_last(ports.output(index), element_type)
        hint = _HINTS["fp32" if step.radiometric else self._floats]
        return self._core.compile_model(ports.build(), "CPU", self._options(hint))

    def _options(self, precision_hint: str) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": precision_hint,
            "INFERENCE_NUM_THREADS": self.threads,
            "NUM_STREAMS": self.workers,
            "ENABLE_CPU_PINNING": False,  # reading and compressing need the cores, too
        }


class _Compiled:
    """All graphs of a model, compiled for one shape of window.

    Requests take memory. There are as many requests of the network as were in use at once: one at a scene's edges.
    The last graph is fast and works on all fine pixels, so it has a single request.

    Args:
        network: all graphs but the last.
        finish: the request of the last graph.
    """

    def __init__(self, network: list[openvino.CompiledModel], finish: openvino.InferRequest) -> None:
        self._network = network
        self.idle: SimpleQueue[list[openvino.InferRequest]] = SimpleQueue()
        self.finish, self.finishing = finish, threading.Lock()

    def take(self) -> list[openvino.InferRequest]:
        """Return idle requests of the network, or new ones."""
        try:
            return self.idle.get_nowait()
        except Empty:
            return [step.create_infer_request() for step in self._network]


def _views(views: FloatImage, mask: FloatImage, offsets: FloatImage) -> Iterator[_Tensors]:
    """Yield the inputs of each view but the reference, unless it is masked everywhere; see `Engine`."""
    for at in range(1, len(views)):
        if mask[at].any():
            given = {"view": views[at], "mask": mask[at][None], "offsets": offsets[at]}
            yield {name: _tensor(image[None]) for name, image in given.items()}


def _take(pairs: Sequence[tuple[Step, openvino.InferRequest]], values: _Tensors) -> None:
    """Run steps one after the other, and add their results to `values`, by name."""
    for step, request in pairs:
        for index, name in enumerate(step.inputs):
            request.set_input_tensor(index, values[name])
        request.infer()
        values[step.name] = request.get_output_tensor()


def _summed(
    pairs: Sequence[tuple[Step, openvino.InferRequest]], values: _Tensors, views: Iterator[_Tensors]
) -> openvino.Tensor:
    """Run steps for every view; return the sum of the last step's results."""
    last, request = pairs[-1]
    total = np.zeros(request.get_output_tensor().get_shape(), np.float32)
    for view in views:
        seen = values | view
        _take(pairs, seen)
        total += seen[last.name].data
    return _tensor(total)


def _tensor(pixels: FloatImage) -> openvino.Tensor:
    """Wrap an array without a copy; the tensor keeps the array alive."""
    return openvino.Tensor(pixels, shared_memory=True)


def _channels_last(port: Any, element_type: openvino.Type) -> None:  # noqa: ANN401
    port.model().set_layout(openvino.Layout("NCHW"))
    port.tensor().set_layout(openvino.Layout("NHWC")).set_element_type(element_type)
