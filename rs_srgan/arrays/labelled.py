"""Arrays with labels, `xarray.DataArray`: bands by their names, and results with coordinates, CRS and attributes."""

import sys
import warnings
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from affine import Affine

from rs_srgan.errors import InputError, require_extra
from rs_srgan.reading.bands import pick_bands
from rs_srgan.sensors import Sensor
from rs_srgan.sensors.band_words import are_ordinals

if TYPE_CHECKING:
    import xarray

Pixels = np.ndarray[Any, np.dtype[np.float32]]

_ENCODINGS = ("scale_factor", "add_offset", "_FillValue", "missing_value", "valid_range", "valid_min", "valid_max")


def is_labelled(image: object) -> "TypeGuard[xarray.DataArray]":
    """Return whether an image is a DataArray; xarray is not imported for this.

    Raises:
        InputError: it is a Dataset, whose variables may be anything.
    """
    package = sys.modules.get("xarray")
    if package is not None and isinstance(image, package.Dataset):
        raise InputError(
            f"The image is a Dataset of {', '.join(map(str, image))}; expected a DataArray: "
            'dataset[["B04", "B03", "B02", "B08"]].to_dataarray("band").'
        )
    return package is not None and isinstance(image, package.DataArray)


def files_of_labelled(image: "xarray.DataArray") -> list[str]:
    """Return the names of the files that an array comes from, as far as xarray notes them."""
    notes = (image.encoding.get(key) for key in ("source", "original_source"))
    return [note for note in notes if isinstance(note, str)]


class Labelled:
    """A DataArray as (C, H, W) reflectance in a model's bands.

    Args:
        image: a DataArray with a dimension of bands and two of space, in any order; see `predict`.
        bands: names of the model's bands.
        sensor: the sensor that took the image.

    Attributes:
        array: the bands in the model's order, (C, H, W), with their labels.

    Raises:
        InputError: the dimensions or bands do not fit, or the values are integers without a scale.
    """

    def __init__(self, image: "xarray.DataArray", bands: tuple[str, ...], sensor: Sensor) -> None:
        array, labels = bands_first(image)
        self._band, self._y, self._x = map(str, array.dims)
        self.array = array.isel({self._band: _find(array.shape[0], self._band, labels, bands, sensor)})
        self._nodata = image.rio.nodata
        self._gain, self._bias = float(image.attrs.get("scale_factor", 1)), float(image.attrs.get("add_offset", 0))
        if not np.issubdtype(image.dtype, np.floating) and (self._gain, self._bias) == (1, 0):
            raise InputError(
                f"The array holds {image.dtype} without scale_factor; expected reflectance as float: "
                "(dn + offset) / 10000, where offset is -1000 for Sentinel-2 products since baseline 04.00, else 0."
            )

    def reflectance(self, pixels: np.ndarray[Any, Any]) -> Pixels:
        """Return reflectance, NaN without data, of pixels of the array."""
        known = np.isfinite(pixels) if np.issubdtype(pixels.dtype, np.floating) else np.ones(pixels.shape, bool)
        if self._nodata is not None and np.isfinite(self._nodata):
            known &= pixels != self._nodata
        values = pixels.astype(np.float32)
        if not np.issubdtype(pixels.dtype, np.floating):
            values = values * np.float32(self._gain) + np.float32(self._bias)
        return np.where(known, values, np.float32(np.nan))

    def result(self, pixels: Any, scale: int) -> "xarray.DataArray":  # noqa: ANN401  # of numpy or dask
        """Return a DataArray of a result, with the coordinates, CRS and attributes of the array.

        Args:
            pixels: (C, H * scale, W * scale).
            scale: pixels out per pixel in.
        """
        import xarray

        array = self.array
        coordinates = {
            name: value for name, value in array.coords.items() if not {self._y, self._x} & set(map(str, value.dims))
        }
        attributes = {key: value for key, value in array.attrs.items() if key not in _ENCODINGS}
        made = xarray.DataArray(pixels, dims=(self._band, self._y, self._x), name=array.name, attrs=attributes)
        made = made.assign_coords(coordinates)
        transform = transform_of(array)
        for dim, size, start, step in (
            (self._y, made.sizes[self._y], transform.f, transform.e / scale),
            (self._x, made.sizes[self._x], transform.c, transform.a / scale),
        ):
            if dim in array.coords:
                values = start + step * (np.arange(size) + 0.5)
                made = made.assign_coords({dim: (dim, values, dict(array.coords[dim].attrs))})
        made = made.rio.set_spatial_dims(x_dim=self._x, y_dim=self._y)
        if array.rio.crs is not None:
            made = made.rio.write_crs(array.rio.crs)
        a, b, c, d, e, f = tuple(transform)[:6]
        made = made.rio.write_transform(Affine(a / scale, b / scale, c, d / scale, e / scale, f))
        written: xarray.DataArray = made.rio.write_nodata(np.nan)
        return written


def transform_of(array: "xarray.DataArray") -> Affine:
    """Return the transform from pixels to coordinates."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", PendingDeprecationWarning
        )  # rioxarray multiplies transforms in affine's old way
        transform: Affine = array.rio.transform()
    return transform


def bands_first(image: "xarray.DataArray") -> tuple["xarray.DataArray", list[str]]:
    """Return an array as (bands, y, x), and the names of its bands; none if they have no names.

    Raises:
        InputError: the array has no such dimensions, or others.
    """
    require_extra("rioxarray", "Arrays with labels", extra="xarray")
    import rioxarray  # noqa: F401  # adds `rio` to arrays

    shown = ", ".join(map(str, image.dims))
    try:
        space = (str(image.rio.y_dim), str(image.rio.x_dim))
    except Exception as error:  # MissingSpatialDimensionError has moved between versions
        raise InputError(
            f"The array has the dimensions {shown}; expected bands, y and x. Rename the dimensions, or name them: "
            f"array.rio.set_spatial_dims ({type(error).__name__})."
        ) from None
    others = [str(dim) for dim in image.dims if str(dim) not in space]
    if len(others) != 1:
        raise InputError(
            f"The array has the dimensions {shown}; expected one of bands, and y and x. Select one time: "
            "array.isel(time=0)."
        )
    return image.transpose(others[0], *space), _labels(image, others[0])


def _find(count: int, dim: str, labels: list[str], bands: tuple[str, ...], sensor: Sensor) -> list[int]:
    """Return the positions of a model's bands: by the labels of the bands, else by their order."""
    if not are_ordinals(labels):
        return pick_bands(
            "the array", labels, bands, sensor, f"rename the bands in their order: array.assign_coords({dim}=[...])"
        )
    if count != len(bands):
        raise InputError(
            f"The array has {count} bands without names; expected {len(bands)}: {', '.join(bands)}. Name them: "
            f"array.assign_coords({dim}=[...])."
        )
    return list(range(count))


def _labels(image: "xarray.DataArray", dim: str) -> list[str]:
    """Return labels of the bands: the coordinate if it is text, else the attribute `long_name`."""
    if dim in image.coords and image.coords[dim].dtype.kind in "UOT":
        return [str(label) for label in image.coords[dim].values]
    given = image.attrs.get("long_name", ())
    labels = [given] if isinstance(given, str) else [str(label) for label in given]
    return labels if len(labels) == image.sizes[dim] else []
