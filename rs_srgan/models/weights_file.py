"""model.safetensors of a model's folder: read strictly, written with nothing but tensors."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rs_srgan.errors import InputError


def write_weights(path: Path, model: nn.Module) -> None:
    """Write the tensors of a model."""
    tensors: dict[str, Tensor] = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, path, metadata={"format": "pt"})


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model from a safetensors file, which must hold every tensor in the right shape and no other.

    Raises:
        InputError: the file is no safetensors file, or tensors are missing, unexpected, misshapen or not finite.
    """
    try:
        found = load_file(path)
    except SafetensorError as error:
        raise InputError(f"{path} is not a whole safetensors file ({error}). Download or save it again.") from None
    expected = model.state_dict()
    problems = [
        *(f"missing {name}" for name in expected.keys() - found.keys()),
        *(f"unexpected {name}" for name in found.keys() - expected.keys()),
        *(
            f"{name} is {tuple(found[name].shape)}, expected {tuple(expected[name].shape)}"
            for name in expected.keys() & found.keys()
            if found[name].shape != expected[name].shape
        ),
        *(
            f"{name} holds {found[name].dtype}, expected {expected[name].dtype}"
            for name in expected.keys() & found.keys()
            if found[name].is_floating_point() != expected[name].is_floating_point()
        ),
        *(f"{name} has values that are not finite" for name, tensor in found.items() if not _finite(tensor)),
    ]
    if problems:
        shown = "; ".join(sorted(problems)[:3]) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else "")
        raise InputError(
            f"{path} does not fit the {type(model).__name__} its config.json describes: {shown}. "
            "Download or save the model again."
        )
    model.load_state_dict(found, strict=True)


def _finite(tensor: Tensor) -> bool:
    """Return whether all values are finite in float32, in which they are used: 1e300 is not."""
    return bool(tensor.to(torch.float32).isfinite().all())
