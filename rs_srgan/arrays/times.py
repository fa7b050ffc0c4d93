"""Times: an array with a dimension of time as one image for each time, and back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray

# Names of a dimension or coordinate of time.
TIME_NAMES = ("time", "date", "t")


def time_dim(image: "xarray.DataArray") -> str | None:
    """Return the name of an array's dimension of time; None if it has none.

    It is called time, date or t, or its coordinate holds dates.
    """
    for dim in map(str, image.dims):
        dated = dim in image.coords and np.issubdtype(image.coords[dim].dtype, np.datetime64)
        if dim in TIME_NAMES or dated:
            return dim
    return None


def split_times(image: "xarray.DataArray") -> "list[xarray.DataArray]":
    """Return one image for each time, in their order; an array without a dimension of time is its only image."""
    dim = time_dim(image)
    return [image] if dim is None else [image.isel({dim: index}) for index in range(image.sizes[dim])]


def joined_times(images: "Sequence[xarray.DataArray]", like: "xarray.DataArray") -> "xarray.DataArray":
    """Put images, one for each time of `like`, into one array with its dimension of time as the first."""
    import xarray

    dim = time_dim(like)
    assert dim is not None
    dates = like.coords.get(dim, dim)
    joined: xarray.DataArray = xarray.concat(images, dim=dates, combine_attrs="override")
    return joined
