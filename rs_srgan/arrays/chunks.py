"""Chunks: arrays of dask, which are super-resolved later, chunk by chunk, with the exact halo."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rs_srgan.arrays.labelled import Labelled, Pixels
from rs_srgan.errors import InputError
from rs_srgan.pixels.nodata import fill_reach

if TYPE_CHECKING:
    import xarray

# Takes reflectance and the guide's, both (C, H, W), NaN without data; returns results of one shape.
Compute = Callable[[np.ndarray[Any, Any], np.ndarray[Any, Any] | None], Sequence[Pixels]]


def has_chunks(image: "xarray.DataArray") -> bool:
    """Return whether the pixels of an array are chunks of dask, which are computed later."""
    return image.chunks is not None


def predict_labelled(
    image: Labelled, guide: Labelled | None, scale: int, halo: int, compute: Compute, results: int = 1
) -> "list[xarray.DataArray]":
    """Super-resolve an array with labels; chunk by chunk and later if it, or its guide, is one of dask.

    Args:
        image: the image; if it has no chunks, it gets those of the guide.
        guide: the guide bands; None without.
        scale: pixels out per pixel in.
        halo: receptive field of the model, LR pixels.
        compute: computes the results of pixels in memory.
        results: number of results.

    Raises:
        InputError: see `compute`; or the sizes of image and guide do not fit.
    """
    given = [image] if guide is None else [image, guide]
    if any(has_chunks(each.array) for each in given):
        made: Sequence[Any] = _compute_chunks(image, guide, scale, halo, compute, results)
    else:
        other = None if guide is None else guide.reflectance(guide.array.values)
        made = compute(image.reflectance(image.array.values), other)
    return [image.result(each, scale) for each in made]


def _compute_chunks(
    image: Labelled, guide: Labelled | None, scale: int, halo: int, compute: Compute, results: int
) -> list[Any]:
    """Return arrays of dask whose chunks are the results of the image's chunks; see `predict_labelled`."""
    import dask.array as da

    _, height, width = image.array.shape
    if guide is not None and guide.array.shape[1:] != (height * scale, width * scale):
        raise InputError(
            f"The guide has {guide.array.shape[1]} x {guide.array.shape[2]} pixels, the image {height} x {width}; "
            f"expected {scale} times as many along each axis. Crop both to the same footprint."
        )

    # gaps in the halo are filled from pixels that lie beyond it
    reach = halo + fill_reach(halo)
    coarse = _with_chunks(image, guide, scale)
    depths = {0: 0, 1: min(reach, coarse.shape[1]), 2: min(reach, coarse.shape[2])}
    # an edge of the image has no pixels beyond it: the model itself repeats the outermost ones
    with_halo = da.overlap.overlap(  # type: ignore[no-untyped-call]  # dask has no types
        coarse, depth=depths, boundary="none", allow_rechunk=True
    )
    sides = [_without_halo(with_halo.chunks[axis], depths[axis]) for axis in (1, 2)]
    layers = [with_halo]
    if guide is not None:
        fine = tuple(tuple(side * scale for side in each) for each in sides)
        around = {axis: depth * scale for axis, depth in depths.items()}
        layers.append(
            da.overlap.overlap(  # type: ignore[no-untyped-call]
                da.asarray(guide.array.data).rechunk({0: -1, 1: fine[0], 2: fine[1]}),  # type: ignore[no-untyped-call]
                depth=around,
                boundary="none",
                allow_rechunk=False,
            )
        )

    def part(*pixels: np.ndarray[Any, Any], block_info: Any = None) -> Pixels:  # noqa: ANN401  # of dask
        _, row, col = block_info[0]["chunk-location"]
        other = None if guide is None else guide.reflectance(pixels[1])
        made = np.concatenate(compute(image.reflectance(pixels[0]), other))
        top, left = (row > 0) * depths[1] * scale, (col > 0) * depths[2] * scale
        return made[:, top : top + sides[0][row] * scale, left : left + sides[1][col] * scale]

    bands = with_halo.shape[0]
    out = ((results * bands,), *(tuple(side * scale for side in each) for each in sides))
    # one array for all results: they come from the same computation
    together = da.map_blocks(part, *layers, dtype=np.float32, chunks=out)  # type: ignore[no-untyped-call]
    return [together[which * bands : (which + 1) * bands] for which in range(results)]


def compute_later(images: Sequence[Labelled], shape: tuple[int, ...], compute: Callable[[list[Pixels]], Pixels]) -> Any:  # noqa: ANN401
    """Return an array of dask of one chunk, whose result needs all pixels of several images.

    Args:
        images: the images.
        shape: shape of the result.
        compute: computes the result from the reflectance of all images.
    """
    import dask
    import dask.array as da

    def whole(pixels: list[np.ndarray[Any, Any]]) -> Pixels:
        return compute([image.reflectance(each) for image, each in zip(images, pixels, strict=True)])

    made = dask.delayed(whole, pure=False)([image.array.data for image in images])  # type: ignore[attr-defined]
    return da.from_delayed(made, shape, np.float32)  # type: ignore[no-untyped-call]


def _with_chunks(image: Labelled, guide: Labelled | None, scale: int) -> Any:  # noqa: ANN401  # of dask
    """Return the pixels of an image as an array of dask, with all bands in each chunk."""
    import dask.array as da

    if has_chunks(image.array):
        return image.array.data.rechunk({0: -1})
    assert guide is not None  # one of the two has chunks
    _, rows, cols = (max(max(sides) // scale, 1) for sides in guide.array.data.chunks)
    return da.from_array(image.array.values, chunks=(-1, rows, cols))  # type: ignore[no-untyped-call]


def _without_halo(sides: Sequence[int], depth: int) -> list[int]:
    """Return the sides of chunks without their halo; the first and the last have it on one side."""
    last = len(sides) - 1
    return [side - (index > 0) * depth - (index < last) * depth for index, side in enumerate(sides)]
