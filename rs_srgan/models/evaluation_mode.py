"""`evaluation_mode`: a prediction must not use or change the batch statistics of a model in training."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from weakref import WeakKeyDictionary

from torch import nn

# Predictions that run now, for example one for each chunk of an array of dask, and the parts to put back after them.
_running: WeakKeyDictionary[nn.Module, tuple[int, list[nn.Module]]] = WeakKeyDictionary()
_lock = Lock()


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode within a `with` block, and every part back into its own mode after it.

    Blocks of several threads may overlap: the last one that ends puts the modes back.
    """
    with _lock:
        count, training = _running.get(model, (0, []))
        if count == 0:
            training = [module for module in model.modules() if module.training]
            model.eval()
        _running[model] = (count + 1, training)
    try:
        yield
    finally:
        with _lock:
            count, training = _running.pop(model)
            if count > 1:
                _running[model] = (count - 1, training)
            else:
                for module in training:
                    module.training = True
