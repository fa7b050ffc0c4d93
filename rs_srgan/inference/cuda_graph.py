"""Replaying a network's kernels on a GPU, without Python between them."""

from collections.abc import Callable

import torch
from torch import Tensor

# Before a capture, PyTorch wants some runs on another stream: libraries get ready in them.
_WARM_UP = 3


class CudaGraph:
    """A function of tensors of one shape, captured once.

    Args:
        function: without a decision that depends on values, since only what the GPU does is captured.
        examples: on the GPU; of the shapes, types and memory layouts to come.
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
        """The function's results, in memory that the next call writes to."""
        for own, given in zip(self._inputs, inputs, strict=True):
            own.copy_(given)
        self._graph.replay()
        return self._output
