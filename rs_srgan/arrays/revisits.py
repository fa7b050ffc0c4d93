"""Revisits with labels: several `xarray.DataArray` of one place, or one with a dimension of time."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rs_srgan.arrays.chunks import compute_later, has_chunks
from rs_srgan.arrays.labelled import Labelled, Pixels, is_labelled, transform_of
from rs_srgan.arrays.times import split_times
from rs_srgan.errors import InputError, shown
from rs_srgan.pixels.radiometry import Mask
from rs_srgan.sensors import Sensor

if TYPE_CHECKING:
    import xarray

# Difference of two grids, pixels, that counts as none.
_SAME_PX = 1e-3


def given_images(images: object, what: str = "images") -> list[Any]:
    """Return revisits, or their masks, as a list: the times of a DataArray, or the elements of a sequence.

    Args:
        images: what a user gave.
        what: what it is, for the message.

    Raises:
        InputError: neither a DataArray nor a sequence.
    """
    if is_labelled(images):
        return list(split_times(images))
    if isinstance(images, str | bytes) or not hasattr(images, "__iter__"):
        raise InputError(f"The {what} are {shown(images)}; expected a list, with one for each image of the place.")
    return list(images)


class LabelledRevisits:
    """Revisits with labels on one grid.

    Args:
        images: the revisits; see `Labelled`.
        bands: names of the model's bands.
        sensor: the sensor that took the images.

    Raises:
        InputError: see `Labelled`; or the images are not all DataArrays, or lie on different grids.
    """

    def __init__(self, images: "Sequence[xarray.DataArray]", bands: tuple[str, ...], sensor: Sensor) -> None:
        for index, image in enumerate(images):
            if not is_labelled(image):
                raise InputError(
                    f"Image {index} is a {type(image).__name__}, another is a DataArray; expected images of one kind."
                )
        self.views = [Labelled(image, bands, sensor) for image in images]
        for index, view in enumerate(self.views[1:], start=1):
            _check_grid(index, view, self.views[0])

    def predict(self, reference: int, scale: int, compute: Callable[[Sequence[Pixels]], Pixels]) -> "xarray.DataArray":
        """Super-resolve the reference, later if one of the images has chunks of dask.

        Args:
            reference: index of the reference.
            scale: pixels out per pixel in.
            compute: computes the result, (C, H * scale, W * scale), from the reflectance of all images.
        """
        shown = self.views[reference]
        if not any(has_chunks(view.array) for view in self.views):
            return shown.result(compute([view.reflectance(view.array.values) for view in self.views]), scale)
        bands, height, width = shown.array.shape
        # registration compares the whole images, so there is one chunk
        return shown.result(compute_later(self.views, (bands, height * scale, width * scale), compute), scale)


def checked_reference(reference: object, images: int) -> int:
    """Return the index of the image that the result shows.

    Args:
        reference: the index.
        images: number of images.

    Raises:
        InputError: there are no images, or none with that index.
    """
    if images == 0:
        raise InputError("There are no images; expected at least one, reflectance of (bands, height, width).")
    if isinstance(reference, bool) or not isinstance(reference, int | np.integer) or not 0 <= reference < images:
        raise InputError(f"The reference is view {shown(reference)} of {images}; expected 0 to {images - 1}.")
    return int(reference)


def checked_masks(masks: object, images: int) -> list[Mask | None] | None:
    """Return one mask for each image; None where an image counts wherever it has data.

    Args:
        masks: a mask, or None, for each image; or a DataArray with a dimension of time; or None.
        images: number of images.

    Raises:
        InputError: there are more or fewer masks than images, or a mask has no two dimensions.
    """
    if masks is None:
        return None
    given = given_images(masks, "masks")
    if len(given) != images:
        raise InputError(f"There are {len(given)} masks for {images} images; give one each, None for none.")
    return [None if mask is None else _mask_pixels(mask) for mask in given]


def _mask_pixels(mask: object) -> Mask:
    """Return a mask as an array, (h, w); a DataArray may have its dimensions in any order, and some of length 1."""
    if not is_labelled(mask):
        return np.asarray(mask)
    plain = mask.squeeze(drop=True)
    if plain.ndim != 2:
        raise InputError(f"A mask has the dimensions {', '.join(map(str, mask.dims))}; expected y and x.")
    return np.asarray(plain.transpose(plain.rio.y_dim, plain.rio.x_dim).values)


def _check_grid(index: int, view: Labelled, first: Labelled) -> None:
    """Check that an image lies on the grid of the first one."""
    array, other = view.array, first.array
    step = np.abs(np.array(transform_of(other))[[0, 1, 3, 4]]).max()
    apart = np.abs(np.array(transform_of(array)) - np.array(transform_of(other))).max() / step
    if array.shape != other.shape or apart > _SAME_PX or array.rio.crs != other.rio.crs:
        raise InputError(
            f"Image {index} has another grid than image 0: {array.sizes[array.dims[1]]} x "
            f"{array.sizes[array.dims[2]]} pixels from {transform_of(array).f:g}, {transform_of(array).c:g}, not "
            f"{other.sizes[other.dims[1]]} x {other.sizes[other.dims[2]]} from {transform_of(other).f:g}, "
            f"{transform_of(other).c:g}. Bring it onto that grid (image.rio.reproject_match), or give the images to "
            "super_resolve, which takes different grids."
        )
