"""Normalisation measured from the data: what the network subtracts from reflectance, and divides by."""

import numpy as np

from rs_srgan.errors import InputError
from train.data.crops import Crops

# Crops that are read: the mean of so many is known to a few percent.
_CROPS = 128
# Smaller standard deviations, reflectance, are those of flat images.
_FLAT = 1e-5


def measure(crops: Crops) -> tuple[float, float]:
    """Return the mean and the standard deviation of training images, reflectance, over all bands together.

    Args:
        crops: the training crops; the first ones of the first epoch are read, so that every process finds the same.

    Raises:
        InputError: all of them are flat.
    """
    read = (crops[index] for index in range(min(len(crops), _CROPS)))
    values = np.concatenate([(each["lr"] if "lr" in each else each["hr"]).numpy().ravel() for each in read])
    mean, std = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    if std < _FLAT:
        raise InputError(
            f"The training crops have the standard deviation {std:.2g}; expected at least {_FLAT:g} to measure the "
            "normalisation. Set reflectance_mean to keep, or check the images."
        )
    return float(f"{mean:.4g}"), float(f"{std:.4g}")
