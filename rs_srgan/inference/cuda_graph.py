"""`CudaGraph`: replays a network's kernels on a GPU without Python between them."""

from collections.abc import Callable

import torch
from torch import Tensor

# PyTorch's manual asks for some runs on another stream before a capture: libraries set themselves up in them.
_WARM_UP = 3


class CudaGraph:
    """A function of tensors of one shape, captured once.

    Args:
        function: a function that takes no decision by values: a capture holds only the work of the GPU.
        examples: tensors on the GPU with the shapes, types and memory layouts of later calls.
    """

    def __init__(self, function: Callable[..., tuple[Tensor, ...]], examples: list[Tensor]) -> None:
        self._inputs = [example.clone() for example in examples]
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP):
                function(*self._inputs)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._output = function(*self._inputs)

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the function's results, in memory that the next call overwrites."""
        for own, given in zip(self._inputs, inputs, strict=True):
            own.copy_(given)
        self._graph.replay()
        return self._output
