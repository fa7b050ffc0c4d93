"""The pipeline: a raster in, its super-resolved GeoTIFF out, in bounded memory."""

import dataclasses
import hashlib
import logging
import operator
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL
from rs_srgan.inference.engine import Engine
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.inputs import Inputs, SingleImage
from rs_srgan.inference.pipeline import overlapped
from rs_srgan.inference.series import Series, open_series
from rs_srgan.models import MISR, SISR
from rs_srgan.models.loading import named_model
from rs_srgan.pixels.nodata import fill_reach
from rs_srgan.pixels.radiometry import Encoding, Image, Mask
from rs_srgan.pixels.windows import Tile, plan_tiles
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.region import Region, find_region
from rs_srgan.version import __version__
from rs_srgan.writing.geotiff import block_px, check_target, whole_blocks
from rs_srgan.writing.result import Result
from rs_srgan.writing.unfinished import Unfinished

logger = logging.getLogger(__name__)

# A run that is killed loses what it did since the last of them.
CHECKPOINT_SECONDS = 5.0
# Of one image, and of several, for which the network looks further and keeps more in memory.
_TILE_LR_PX, _REVISITS_TILE_LR_PX = 512, 256
# Tiles are taken column by column in bands of so many rows: few of a product's blocks, JPEG 2000 of 1024 pixels, are
# then wanted again after a raster has given them up.
_BAND_PX = 3 * 1024
# Half-widths of intervals in DN: from a tenth of a Sentinel-2 product's DN to reflectance 0.65.
_UNCERTAINTY_GAIN = 1e-5


@dataclass(frozen=True)
class Progress:
    """How far a run is, in LR pixels and seconds.

    Attributes:
        done_px: LR pixels that are done.
        total_px: LR pixels that there are.
        seconds: since this run began.
        resumed_px: those of `done_px` that an earlier run did.
    """

    done_px: int
    total_px: int
    seconds: float
    resumed_px: int = 0

    @property
    def seconds_left(self) -> float:
        """At the pace so far."""
        pace_px = self.done_px - self.resumed_px
        return self.seconds * (self.total_px - self.done_px) / pace_px if pace_px else float("inf")


def super_resolve(
    source: str | Path | Sequence[str | Path],
    target: str | Path,
    model: str | Path | SISR | MISR | None = None,
    *,
    masks: Sequence[str | Path] | None = None,
    reference: int | None = None,
    bbox: Sequence[float] | None = None,
    aoi: str | Path | None = None,
    tile: int | None = None,
    engine: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    compress: str = "zstd",
    cog: bool = False,
    uncertainty: str | Path | None = None,
    detail: float | None = None,
    offset: float | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Super-resolve a GeoTIFF, JP2, PNG or NPY file, or a Sentinel-2 product, into a GeoTIFF; or revisits of one place.

    The result has the input's scaling, nodata value, CRS, footprint and band descriptions, and where the model has
    `exact_tiling`, as all bundled ones do, it does not depend on `tile`. The target appears when it is whole; what a
    stopped run did is kept beside it for `resume`.

    Args:
        source: what to read, with the model's bands. A model with guide bands needs a product. Or several, for a
            `MISR` model: images of one place in any order, from which the result shows the reference. Their grids may
            differ, as those of neighbouring orbits and zones do; each may cover a part of the reference only.
        target: the GeoTIFF to write.
        model: what `load_model` takes, or a model; by default sisr-x4-rgbn, and misr-x4-rgbn for several images.
        masks: for several images: one for each, "-" for none. A raster of one band on the image's grid or a coarser
            one: a scene classification if "SCL" is in its name, else what is not zero counts. Products have their own.
        reference: index of the image that the result shows, at its date; the one that shows most ground if left out.
        bbox: west, south, east, north of the part that is wanted, degrees of longitude and latitude (WGS 84).
        aoi: a GeoJSON file with polygons instead; what lies outside them has no data in the result.
        tile: LR pixels computed at once, along each axis, rounded up to whole blocks of the result; by default 512, and
            256 of several images, which take more memory.
        engine: "auto", "torch" or "openvino"; "auto" is the fastest that is installed.
        precision: "auto", "fp32" or "bf16"; "auto" is bf16 where the hardware computes with it.
        threads: of the CPU; by default all cores.
        compress: "zstd", "deflate" or "none".
        cog: write a Cloud Optimized GeoTIFF, with overviews. While it is made it is on the disk twice.
        uncertainty: another GeoTIFF to write, of the half-width of the interval that holds 80 % of the truth, by a
            model that knows it: DN with a scale tag of 0.00001, reflectance.
        detail: see `load_model`, for a model that is given by its name.
        offset: DN to add before dividing by 10000, instead of what the file's tags say.
        resume: go on with what an earlier run of the same request left, if it left something.
        overwrite: replace an existing target, and what a stopped run left of it.
        progress: called after every tile.

    Returns:
        the target.

    Raises:
        InputError: something about the input, the model or the options cannot be used; nothing is left behind.
        ReadError: an InputError, too: the input could not be read on; what was done is kept.
        OSError: the disk is full, or the target came into being meanwhile; what was done is kept.
        MemoryError: the memory is full; smaller tiles need less.
    """
    work = run(
        source,
        target,
        model,
        masks=masks,
        reference=reference,
        bbox=bbox,
        aoi=aoi,
        tile=tile,
        engine=engine,
        precision=precision,
        threads=threads,
        compress=compress,
        cog=cog,
        uncertainty=uncertainty,
        detail=detail,
        offset=offset,
        resume=resume,
        overwrite=overwrite,
    )
    with closing(work):  # here and now, whatever happens: threads of it still read and write
        for state in work:
            if progress:
                progress(state)
    return Path(target)


def run(
    source: str | Path | Sequence[str | Path],
    target: str | Path,
    model: str | Path | SISR | MISR | None = None,
    *,
    masks: Sequence[str | Path] | None = None,
    reference: int | None = None,
    bbox: Sequence[float] | None = None,
    aoi: str | Path | None = None,
    tile: int | None = None,
    engine: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    compress: str = "zstd",
    cog: bool = False,
    uncertainty: str | Path | None = None,
    detail: float | None = None,
    offset: float | None = None,
    resume: bool = False,
    overwrite: bool = False,
    engines: Callable[..., Engine] = make_engine,
) -> Generator[Progress]:
    """`super_resolve` by the tile: yields after each; closing it stops the work.

    `engines` makes what `make_engine` makes, or has kept it from an earlier run.
    """
    sources = [source] if isinstance(source, str | Path) else list(source)
    tile = _TILE_LR_PX if tile is None and len(sources) == 1 else tile
    tile = _whole_number("The tile size", _REVISITS_TILE_LR_PX if tile is None else tile)
    threads = None if threads is None else _whole_number("The number of threads", threads)
    if tile < 1:
        raise InputError(f"The tile size is {tile}; expected at least 1 pixel.")
    masks = [masks] if isinstance(masks, str | Path) else masks
    reference = None if reference is None else _whole_number("The reference", reference)
    if not sources:
        raise InputError("There is no image to read; expected one, or several of one place.")
    read = [*sources, *(masks or [])]
    target = check_target(target, read, overwrite)
    targets = [target] if uncertainty is None else [target, check_target(uncertainty, read, overwrite)]
    if targets[1:] == [target]:
        raise InputError(f"The result and its uncertainty are both to be {target}. Choose another name for one.")
    if model is None:
        model = DEFAULT_MODEL if len(sources) == 1 else REVISITS_MODEL
    model = named_model(model, detail)
    tile_px = whole_blocks(tile * model.scale)
    with ExitStack() as files:
        if len(sources) > 1 or masks is not None or reference is not None:
            if not isinstance(model, MISR):
                raise InputError(f"{model.name} takes one image; for several, masks or a reference: {REVISITS_MODEL}.")
            options: dict[str, Any] = {"masks": masks, "reference": reference, "offset": offset}
            inputs: Inputs = files.enter_context(open_series(sources, model, bbox=bbox, aoi=aoi, **options))
            assert isinstance(inputs, Series)
            region = inputs.region
            for summary in inputs.summaries:
                logger.info("%s", summary)
            if not inputs.views:
                model = model.alone()
                inputs = SingleImage(inputs.lr, None, model)
        else:
            (one,) = sources
            lr = files.enter_context(open_raster(one, model.config.bands, offset))
            guide = None
            if model.config.guide_bands:
                guide = files.enter_context(open_raster(one, model.config.guide_bands, offset))
            if isinstance(model, MISR):
                model = model.alone()
            inputs = SingleImage(lr, guide, model)
            region = find_region(lr.grid, lr.name, bbox, aoi)
        lr_px = region.window.height * region.window.width
        encodings = [inputs.lr.output_encoding(masked=region.area is not None)]
        if uncertainty is not None:
            if isinstance(model, MISR):
                raise InputError(f"{model.name} says nothing of its uncertainty; models of one image do.")
            model.uncertainty_head()
            bands = len(model.config.bands)
            encodings.append(Encoding("uint16", (_UNCERTAINTY_GAIN,) * bands, (0.0,) * bands, nodata=0, tagged=True))
        scene_px = inputs.lr.grid.height * inputs.lr.grid.width
        runner = engines(model, tuple(encodings), scene_px, engine, precision, threads)
        scene = _Scene(inputs, model, region, encodings, runner)
        logger.info("%s", scene)
        if not model.exact_tiling:
            logger.warning("The generator of %s looks at whole tiles: the result depends on the tile size.", model.name)
        plan = plan_tiles(region.window.height, region.window.width, tile_px // model.scale, model.receptive_field)
        parts = _in_order(plan, _BAND_PX // (model.scale if model.config.guide_bands else 1))
        if aoi is not None and not any(scene.holds_some_of(part) for part in parts):
            raise InputError(
                f"{Path(aoi).name} holds the centre of no pixel of the result: it is too small. Draw it larger, or "
                "give a bounding box instead (bbox, --bbox)."
            )
        request = scene.request() | {"tile size (LR pixels)": tile_px // model.scale, "compression": compress}
        results = []
        for path, encoding in zip(targets, encodings, strict=True):
            quiet = path != target
            unfinished = files.enter_context(Unfinished(path, request, len(parts), resume, overwrite, quiet))
            names = [f"{name} half-width of 80 %" if quiet else name for name in inputs.lr.descriptions]
            results.append(Result(unfinished, scene.grid, encoding, names, scene.tags(), compress, block_px(tile_px)))
            files.callback(results[-1].close)
        try:
            yield from _work(scene, parts, results, lr_px)
        except MemoryError as error:
            raise MemoryError(
                f"The memory is full with tiles of {tile} x {tile} pixels. Take smaller ones (tile, --tile), or "
                "fewer threads (threads, --threads)."
            ) from error
        for result in reversed(results):
            result.publish(cog)


def _in_order(plan: Iterable[Tile], band_px: int) -> list[Tile]:
    """One shape of window after the other, since engines get ready for each, which takes time and memory."""
    return sorted(
        plan,
        key=lambda part: (
            -part.window.height,
            -part.window.width,
            part.core.row // band_px,
            part.core.col,
            part.core.row,
        ),
    )


def _whole_number(what: str, value: int) -> int:
    try:
        return operator.index(value)  # also of numpy's integers, which no note of a run could hold
    except TypeError:
        raise InputError(f"{what} is {value!r}; expected a whole number.") from None


def _work(scene: "_Scene", parts: Sequence[Tile], results: Sequence[Result], lr_px: int) -> Generator[Progress]:
    started = noted = time.monotonic()
    written = before = min(result.done for result in results)
    empty = before == 0
    measured = clipped = 0

    def write(part: Tile, result: "_Pixels | None") -> None:
        nonlocal written, noted, empty, measured, clipped
        for file, dn in zip(results, scene.with_nodata(part, result), strict=True):
            file.write(part.core.scaled(scene.model.scale), dn)
        written += 1
        if result is not None:
            empty = False
            measured, clipped = measured + result.measured, clipped + result.clipped
        if written == len(parts) or time.monotonic() - noted >= CHECKPOINT_SECONDS:
            settle()
            noted = time.monotonic()

    def settle() -> None:
        for file in results:
            file.settle(written)

    done = resumed = sum(part.core.height * part.core.width for part in parts[:before])
    steps = overlapped(parts[before:], scene.read, scene.compute, write, scene.engine.workers)
    try:
        with closing(steps):
            for part in steps:
                done += part.core.height * part.core.width
                yield Progress(done, lr_px, time.monotonic() - started, resumed)
    finally:
        if written > min(result.done for result in results):  # stopped: nothing that is done need be lost
            settle()
    seconds, million = time.monotonic() - started, (done - resumed) / 1e6
    if million:
        logger.info(
            "%.1f s for %.1f million pixels, %.0f thousand a second.", seconds, million, million * 1e3 / seconds
        )
    if empty:
        logger.warning("%s holds no valid pixel, and so does the result.", scene.inputs.lr.name)
    if clipped:
        logger.warning(
            "%s: %.3g %% of the values are beyond %s, which is what the result's DN can hold, and were clipped.",
            scene.inputs.lr.name,
            100 * clipped / measured,
            scene.storable,
        )


@dataclass(frozen=True)
class _Pixels:
    """Of one part: what the model is given, or what it gave.

    Attributes:
        images: what the engine takes, with the halo; or DN of SR and its uncertainty.
        valid: where the result holds data, (C, H, W) SR pixels; None where it does everywhere.
        measured: values of LR that were, without the halo.
        clipped: those of them that the result's DN cannot hold.
    """

    images: list[Image]
    valid: Mask | None
    measured: int
    clipped: int


class _Scene:
    """A raster on its way through a model: what happens to one part of it."""

    def __init__(
        self, inputs: Inputs, model: SISR | MISR, region: Region, encodings: Sequence[Encoding], engine: Engine
    ) -> None:
        self.inputs, self.model, self.region, self.encodings, self.engine = inputs, model, region, encodings, engine
        encoding = encodings[0]
        self.grid: Grid = inputs.lr.grid.cropped(region.window).scaled(model.scale)
        info, gain, bias = np.iinfo(encoding.dtype), np.array(encoding.gain), np.array(encoding.bias)
        self.storable = f"{info.min * gain[0] + bias[0]:g}..{info.max * gain[0] + bias[0]:g}"
        # of reflectance, by band: floats may be anything, also what no DN of the result stands for
        ends = np.array([info.min - 0.5, info.max + 0.5])[:, None]
        self._limits = (ends * gain + bias).astype(np.float32)[..., None, None]

    def __str__(self) -> str:
        raster, window = self.inputs.lr, self.region.window
        size = f"{window.width} x {window.height} pixels"
        return f"{raster.name}: {size}, {raster.encoding}; x{self.model.scale} with {self.engine}"

    def request(self) -> dict[str, Any]:
        """What decides on the pixels of the result, by the names that people know it by."""
        stats = [(file.name, file.stat()) for raster in self.inputs.rasters for file in raster.files]
        return {
            "input": [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats],
            "scaling": [dataclasses.asdict(raster.encoding) for raster in self.inputs.rasters],
            "uncertainty": len(self.encodings) > 1,
            "region": [vars(self.region.window), hashlib.sha256(repr(self.region.area).encode()).hexdigest()],
            "model": self.model.fingerprint(),
            "engine": self.engine.kind,
            "version of rs_srgan or its engine": self.engine.versions(),
        } | self.inputs.request()

    def tags(self) -> dict[str, str]:
        """Of the result."""
        return {
            "AREA_OR_POINT": self.inputs.lr.area_or_point,
            "TIFFTAG_SOFTWARE": f"rs_srgan {__version__}",
            "TIFFTAG_DATETIME": datetime.now(UTC).strftime("%Y:%m:%d %H:%M:%S"),
            "SR_MODEL": self.model.name,
            "SR_SCALE": str(self.model.scale),
        }

    def holds_some_of(self, part: Tile) -> bool:
        """Whether a part has pixels in the area that is wanted."""
        inside = self._inside(part)
        return inside is None or bool(inside.any())

    def _inside(self, part: Tile) -> Mask | None:
        return self.region.mask(self.grid.cropped(part.core.scaled(self.model.scale)))

    def read(self, part: Tile) -> _Pixels | None:
        """What the model needs for a part; None where the result will hold no data."""
        scale, reach = self.model.scale, fill_reach(self.model.receptive_field)
        inside = self._inside(part)
        if inside is not None and not inside.any():
            return None
        window = part.window.moved(self.region.window)
        images, measured = self.inputs.read(window, reach)
        lr = images[0] if images[0].ndim == 3 else images[0][0]  # of several revisits the reference is the first
        core = part.core.relative_to(part.window).slices
        measured = measured[:, *core]
        if not measured.any():
            return None
        low, high = self._limits
        clipped = measured & ((lr[:, *core] < low) | (lr[:, *core] > high))
        valid = None if measured.all() else measured.repeat(scale, axis=1).repeat(scale, axis=2)
        if inside is not None:
            valid = np.broadcast_to(inside, (len(lr), *inside.shape)) if valid is None else valid & inside
        return _Pixels(images, valid, int(measured.sum()), int(clipped.sum()))

    def compute(self, pixels: _Pixels | None) -> _Pixels | None:
        """What the model makes of it."""
        return pixels and dataclasses.replace(pixels, images=self.engine(*pixels.images))

    def with_nodata(self, part: Tile, result: _Pixels | None) -> list[Image]:
        """DN of all results of a part, and nodata where there is none."""
        if result is None:
            core = part.core.scaled(self.model.scale)
            shape = (len(self.model.config.bands), core.height, core.width)
            return [np.full(shape, encoding.nodata or 0, encoding.dtype) for encoding in self.encodings]
        for dn, encoding in zip(result.images, self.encodings, strict=True):
            low, high = encoding.limits
            if encoding.nodata is not None and low < encoding.nodata < high:  # else no value of data anyway
                dn[dn == encoding.nodata] += 1
            if result.valid is not None:
                dn[~result.valid] = encoding.nodata
        return result.images
