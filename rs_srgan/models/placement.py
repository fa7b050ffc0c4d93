"""Where the weights of a model go, and in which number format: checked before anything is loaded."""

import torch

from rs_srgan.errors import InputError

_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def checked_device(map_location: str | torch.device | None, device: str | torch.device | None) -> torch.device | None:
    """Return the device that two arguments of the same meaning name; None for the CPU.

    Args:
        map_location: a device, or None.
        device: a device, or None.

    Raises:
        InputError: the two differ, or this machine has no such device.
    """
    targets = [_usable(given) for given in (device, map_location) if given is not None]
    if len(set(targets)) > 1:
        raise InputError(f"map_location is {map_location} and device is {device}. Give one of them.")
    return targets[0] if targets else None


def _usable(given: str | torch.device) -> torch.device:
    """Return a device of this machine by its name."""
    try:
        target = torch.device(given)
        torch.empty(0, device=target)
    except (RuntimeError, AssertionError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"The device {given!r} cannot be used ({reason:.100}). Give another one, for example 'cpu'."
        ) from None
    return target


def check_dtype(dtype: torch.dtype | str | None) -> None:
    """Check the number format of the weights.

    Raises:
        InputError: it is none of float32, float64, float16, bfloat16, "auto" and None.
    """
    if dtype is not None and dtype != "auto" and dtype not in _DTYPES:
        names = ", ".join(map(str, _DTYPES))
        raise InputError(f"torch_dtype is {dtype!r}; expected one of {names}, 'auto' or None.")
