"""model.safetensors of a model's folder: read strictly, written with nothing but tensors."""

import logging
import os
import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rs_srgan.errors import InputError

logger = logging.getLogger(__name__)

# How safetensors quotes an error of the operating system.
_SYSTEM_ERROR = re.compile(r"(?:os error|code:) (\d+)")


def write_weights(path: Path, model: nn.Module) -> None:
    """Write the tensors of a model.

    Args:
        path: the file.
        model: the model.

    Raises:
        OSError: the disk is full, or the file cannot be written.
    """
    tensors: dict[str, Tensor] = {name: value.contiguous() for name, value in model.state_dict().items()}
    try:
        save_file(tensors, path, metadata={"format": "pt"})
    except SafetensorError as error:
        if (found := _SYSTEM_ERROR.search(str(error))) is None:
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number), str(path)) from None


def load_weights(model: nn.Module, path: Path, strict: bool = True) -> torch.dtype:
    """Fill a model from a safetensors file, which must hold every tensor in the right shape and no other.

    Args:
        model: the model.
        path: the file.
        strict: False to log a warning of missing and unexpected tensors instead.

    Returns:
        the number format of the first floating-point tensor of the file; float32 if there is none.

    Raises:
        InputError: the file is no safetensors file, or tensors are missing, unexpected, misshapen or not finite.
    """
    try:
        found = load_file(path)
    except SafetensorError as error:
        raise InputError(f"{path} is not a whole safetensors file ({error}). Download or save it again.") from None
    expected = model.state_dict()
    absent = [
        *(f"missing {name}" for name in expected.keys() - found.keys()),
        *(f"unexpected {name}" for name in found.keys() - expected.keys()),
    ]
    if absent and not strict:
        logger.warning("%s was loaded without strict: %s.", path, _shown(absent))
    problems = [
        *(absent if strict else []),
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
        raise InputError(
            f"{path} does not fit the {type(model).__name__} its config.json describes: {_shown(problems)}. "
            "Download or save the model again."
        )
    model.load_state_dict(found, strict=strict)
    return next((tensor.dtype for tensor in found.values() if tensor.is_floating_point()), torch.float32)


def _shown(problems: list[str]) -> str:
    return "; ".join(sorted(problems)[:3]) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else "")


def _finite(tensor: Tensor) -> bool:
    """Return whether all values are finite in float32, in which they are used: 1e300 is not."""
    return bool(tensor.to(torch.float32).isfinite().all())
