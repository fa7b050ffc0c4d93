"""`super_resolve`: a raster, or revisits of one place, in; a super-resolved GeoTIFF out, in bounded memory."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rs_srgan.arrays.files import in_memory_file
from rs_srgan.arrays.kinds import Opened, files_of, is_opened, named
from rs_srgan.arrays.labelled import files_of_labelled, is_labelled
from rs_srgan.arrays.times import split_times
from rs_srgan.catalogues.scene import Scene as CatalogueScene
from rs_srgan.errors import InputError, require_path, shown
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.in_place import cut_for
from rs_srgan.inference.job import Source, resolve
from rs_srgan.inference.option_docs import with_documented_options
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.outline import outline_of
from rs_srgan.inference.scene import Engines, open_scene
from rs_srgan.inference.work import work
from rs_srgan.models import MISR, SISR
from rs_srgan.models.evaluation_mode import evaluation_mode
from rs_srgan.models.loading import named_model
from rs_srgan.progress.bar import reporting
from rs_srgan.progress.cancel import Cancel, check_cancel, stop_if
from rs_srgan.progress.state import Progress, Report
from rs_srgan.reading.virtual import VirtualFile
from rs_srgan.writing.guard import require_unread
from rs_srgan.writing.target import check_target

if TYPE_CHECKING:
    import xarray

    Given = Opened | xarray.DataArray | CatalogueScene


@with_documented_options
def super_resolve(
    source: "Given | Sequence[Given]",
    target: str | Path,
    model: Source | SISR | MISR | None = None,
    options: PredictOptions | None = None,
    *,
    progress: Report | bool | None = None,
    cancel: Cancel | None = None,
    **keywords: object,
) -> Path:
    """Super-resolve a GeoTIFF, JP2, PNG or NPY file, a Sentinel-2 product, or revisits of one place, into a GeoTIFF.

    The result has the input's scaling, nodata value, CRS, footprint and band descriptions. It does not depend on the
    tile size if the model has `exact_tiling`, as all bundled models do. The target appears when it is complete; the
    work of a stopped run stays beside it for `resume`.

    Args:
        source: the image to read, with the model's bands; a model with guide bands needs a product. A path, an address
            (http, https, s3, gs, or a name that begins with /vsi), an open dataset of rasterio, a MemoryFile, a
            DataArray, or a scene of `rs_srgan.catalogues.search`, whose area is then the `bbox` or `aoi`. A `MISR`
            model takes several, or a DataArray with a dimension of time: images of one place in any order. Their grids
            may differ, as grids of neighbouring orbits and UTM zones do, and each may cover only a part of the
            reference.
        target: the GeoTIFF to write.
        model: a model, or what `load_model` takes; by default sisr-x4-rgbn, and misr-x4-rgbn for several images.
        options: the options below as one object that type checkers understand; keywords take precedence.
        progress: a function that is called with the state after every tile; True for a progress bar, False for none,
            None for one in a notebook or on a terminal if there are several tiles.
        cancel: a function that returns True, or an event of `threading` that is set, to stop before the next tile.
            Finished work is kept for `resume`, as after an exception that `progress` raises.
        **keywords: the options.

    Returns:
        the target's path.

    Raises:
        InputError: the input, the model or an option cannot be used; no file is left behind.
        Cancelled: `cancel` stopped the work.
        ReadError: an `InputError`, too: a part of the input could not be read; finished work is kept.
        OSError: the disk is full, or the target was created by somebody else meanwhile; finished work is kept.
        MemoryError: a tile does not fit into the memory; smaller tiles need less.
    """
    if options is not None and not isinstance(options, PredictOptions):
        raise InputError(f"options is {shown(options)}; expected PredictOptions. Give options by name: tile=256.")
    target = require_path("The target", target)
    chosen = (options or PredictOptions()).replace(keywords)
    with ExitStack() as files:
        images = _images(source)
        if any(isinstance(each, CatalogueScene) for each in images):
            check_target(target, [], chosen.overwrite, chosen.resume)  # before anything is read over the network
            images, model, chosen = _in_place(images, model, chosen)
        sources = [_named(each, files) for each in images]
        written = [target, *([chosen.uncertainty] if chosen.uncertainty is not None else [])]
        require_unread(written, [file for each in images for file in _files_of(each)])
        if chosen.resume and (unknown := [each for each in sources if isinstance(each, VirtualFile)]):
            raise InputError(
                f"resume needs images in files, whose changes can be noticed, but {unknown[0]} is in memory or behind "
                "an address. Leave resume out, or save the image to a file."
            )
        check_cancel(cancel)
        stop_if(cancel)
        if isinstance(model, SISR | MISR):
            files.enter_context(evaluation_mode(model))
        report = files.enter_context(reporting(progress))
        # closed at once, whatever happens: its threads still read and write
        steps = files.enter_context(closing(run(sources, target, model, chosen)))
        for state in steps:
            if report:
                report(state)
            if state.done_px < state.total_px:
                stop_if(cancel)
    return target


def _images(source: "Given | Sequence[Given]") -> "list[Given]":
    """Return the images as a list."""
    if is_labelled(source):
        return list(split_times(source))
    if is_opened(source) or isinstance(source, CatalogueScene):
        return [source]
    if isinstance(source, np.ndarray):
        raise InputError(
            f"The image is an array, {source.shape}, which has no grid. Use model.predict(array), or give a DataArray."
        )
    if not isinstance(source, Iterable):
        raise InputError(f"The image is {shown(source)}; expected a path, an address, an open raster or a DataArray.")
    return list(source)


def _in_place(
    images: "list[Given]", model: Source | SISR | MISR | None, options: PredictOptions
) -> "tuple[list[Given], SISR | MISR, PredictOptions]":
    """Return products in the place of scenes, the loaded model, whose bands were read, and options for both."""
    loaded = named_model(model or (DEFAULT_MODEL if len(images) == 1 else REVISITS_MODEL), options.detail)
    scenes = [each for each in images if isinstance(each, CatalogueScene)]
    products, options = cut_for(scenes, loaded, options.replace({"detail": None}), several=len(images) > 1)
    cut = iter(products)
    return [next(cut) if isinstance(each, CatalogueScene) else each for each in images], loaded, options


def _named(image: "Given", files: ExitStack) -> Source:
    """Return a name by which `run` can open an image; `files` closes what has to be made for it."""
    if is_labelled(image):
        return in_memory_file(image, files)
    if is_opened(image):
        return named(image, files)
    raise InputError(f"The image is {shown(image)}; expected a path, an address, an open raster or a DataArray.")


def _files_of(image: "Given") -> list[str]:
    """Return the files behind an image that is given open; `run` knows those that are given by name."""
    if is_labelled(image):
        return files_of_labelled(image)
    return files_of(image) if is_opened(image) else []


def run(
    sources: Source | Sequence[Source],
    target: str | Path,
    model: Source | SISR | MISR | None = None,
    options: PredictOptions = PredictOptions(),
    engines: Engines = make_engine,
) -> Generator[Progress]:
    """Do what `super_resolve` does, and yield after every tile; closing the generator stops the work.

    Args:
        sources: see `super_resolve`.
        target: see `super_resolve`.
        model: see `super_resolve`.
        options: the options.
        engines: makes the engine, as `make_engine` does, or returns the one of an earlier run.
    """
    job = resolve(sources, target, model, options)
    with ExitStack() as files:
        scene = open_scene(job, engines, files)
        outline = outline_of(job, scene)
        results = outline.open_results(job.targets, files, options.resume, options.overwrite)
        with _memory_advice(job.tile_lr_px):
            yield from work(scene, outline.parts, results)
        outline.publish(results)


@contextmanager
def _memory_advice(tile_lr_px: int) -> Iterator[None]:
    """Turn a MemoryError into one that names a remedy."""
    try:
        yield
    except MemoryError as error:
        raise MemoryError(
            f"The memory is full with tiles of {tile_lr_px} x {tile_lr_px} pixels. Use smaller tiles (tile, --tile) "
            "or fewer threads (threads, --threads)."
        ) from error
