"""`Scene`: a raster, or revisits of one place, on the way through a model, one part at a time."""

import dataclasses
import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.inference.engine import Engine
from rs_srgan.inference.ensemble import Ensemble
from rs_srgan.inference.inputs import Inputs, SingleImage
from rs_srgan.inference.job import Job
from rs_srgan.inference.series import open_series
from rs_srgan.models import MISR, SISR
from rs_srgan.pixels.clipping import Clipping, clip_keeping_means
from rs_srgan.pixels.nodata import fill_reach
from rs_srgan.pixels.radiometry import Encoding, Image, Mask
from rs_srgan.pixels.windows import Tile, plan_tiles
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.region import Region, find_region
from rs_srgan.reading.sampling import read_sampling
from rs_srgan.reading.stack import open_stack
from rs_srgan.reading.survey import warn_of_faults
from rs_srgan.version import __version__

logger = logging.getLogger(__name__)

Engines = Callable[[SISR | MISR, tuple[Encoding, ...], int, str, str, int | None], Engine]

# Tiles are taken column by column in bands of that many rows. A raster keeps some decoded blocks: so few of a product's
# JPEG 2000 blocks, 1024 pixels each, are decoded twice.
_BAND_PX = 3 * 1024
# Half-widths of intervals in DN: from a tenth of a Sentinel-2 product's DN to reflectance 0.65.
_UNCERTAINTY_GAIN = 1e-5
_NOT_CLIPPED = Clipping()


@dataclass(frozen=True)
class Pixels:
    """Pixels of one part, before or after the model.

    Attributes:
        images: the engine's inputs with the halo; or DN of the result and its uncertainty.
        valid: True where the result holds data, (C, H, W) SR pixels; None if it does everywhere.
        measured: number of LR values that hold data, for each band, without the halo.
        clipped: number of those of all bands that the result's DN cannot hold.
        clipping: counts of the result's values that its DN cannot hold; of none before the model.
    """

    images: list[Image]
    valid: Mask | None
    measured: tuple[int, ...]
    clipped: int
    clipping: Clipping = _NOT_CLIPPED


class Scene:
    """Reads, computes and finishes the parts of an image.

    Args:
        inputs: where the pixels come from.
        model: the model.
        region: the part of the image that is wanted.
        encodings: how the result is stored, and its uncertainty if it is wanted.
        engine: runs the model.

    Attributes:
        grid: the result's grid.
        lr_px: number of LR pixels that are wanted.
        storable: range of reflectance that the result's first band can hold, for people.
    """

    def __init__(
        self, inputs: Inputs, model: SISR | MISR, region: Region, encodings: Sequence[Encoding], engine: Engine
    ) -> None:
        self.inputs, self.model, self.region, self.encodings, self.engine = inputs, model, region, encodings, engine
        encoding = encodings[0]
        self.grid: Grid = inputs.lr.grid.cropped(region.window).scaled(model.scale)
        self.lr_px = region.window.height * region.window.width
        files = (Path(file) for raster in inputs.rasters for file in raster.files)
        self._states = [(file, _state_of(file)) for file in files]
        info = np.finfo(encoding.dtype) if encoding.floats else np.iinfo(encoding.dtype)
        gain, bias = np.array(encoding.gain), np.array(encoding.bias)
        low, high = float(info.min), float(info.max)
        self.storable = f"{low * gain[0] + bias[0]:g}..{high * gain[0] + bias[0]:g}"
        # reflectance of each band: an input of floats may hold values that the result's DN cannot store
        ends = np.array([low, high] if encoding.floats else [low - 0.5, high + 0.5])[:, None]
        self._limits = (ends * gain + bias).astype(np.float32)[..., None, None]

    def __str__(self) -> str:
        raster, window = self.inputs.lr, self.region.window
        size = f"{window.width} x {window.height} pixels"
        bands = f"{', '.join(raster.band_names)} {raster.named}".rstrip()
        return f"{raster.name}: {bands}; {size}, {raster.encoding}; x{self.model.scale} with {self.engine}"

    def plan(self, tile_lr_px: int, aoi: str | Path | None = None) -> list[Tile]:
        """Return the parts in the order of the work.

        Args:
            tile_lr_px: side of a tile, LR pixels.
            aoi: the file that the region's area comes from, for people.

        Raises:
            InputError: an area of interest so small that it holds no pixel of the result.
        """
        if not self.model.exact_tiling:
            logger.warning("The result depends on the tile size: %s has no exact tiling.", self.model.name)
        window, halo = self.region.window, self.model.receptive_field
        tiles = plan_tiles(window.height, window.width, tile_lr_px, halo)
        parts = in_order(tiles, _BAND_PX // (self.model.scale if self.model.config.guide_bands else 1))
        if aoi is not None and not any(self._holds_some_of(part) for part in parts):
            raise InputError(
                f"{Path(aoi).name} contains no pixel centre of the result, because it is too small. Draw it larger, or "
                "give a bounding box instead (bbox, --bbox)."
            )
        return parts

    def request(self) -> dict[str, object]:
        """Return what decides on the pixels of the result, by names that people know."""
        return {
            "input": [[file.name, *state] for file, state in self._states],
            "scaling": [dataclasses.asdict(raster.encoding) for raster in self.inputs.rasters],
            "data type": self.encodings[0].dtype,
            "uncertainty": len(self.encodings) > 1,
            "region": [vars(self.region.window), hashlib.sha256(repr(self.region.area).encode()).hexdigest()],
            "model": self.model.fingerprint(),
            "engine": self.engine.kind,
            "version of rs_srgan or its engine": self.engine.versions(),
        } | self.inputs.request()

    def tags(self) -> dict[str, str]:
        """Return the tags of the result's files."""
        return self.inputs.lr.rights | {
            "AREA_OR_POINT": self.inputs.lr.area_or_point,
            "TIFFTAG_SOFTWARE": f"rs_srgan {__version__}",
            "TIFFTAG_DATETIME": datetime.now(UTC).strftime("%Y:%m:%d %H:%M:%S"),
            "SR_MODEL": self.model.name,
            "SR_SCALE": str(self.model.scale),
        }

    def _holds_some_of(self, part: Tile) -> bool:
        """Return whether a part has pixels in the area that is wanted."""
        inside = self._inside(part)
        return inside is None or bool(inside.any())

    def _inside(self, part: Tile) -> Mask | None:
        return self.region.mask(self.grid.cropped(part.core.scaled(self.model.scale)))

    def read(self, part: Tile) -> Pixels | None:
        """Read what the model needs for a part; return None where the result holds no data.

        Raises:
            ReadError: a file is truncated or corrupt there.
            InputError: a file has changed since the scene was opened.
        """
        scale, reach = self.model.scale, fill_reach(self.model.receptive_field)
        inside = self._inside(part)
        if inside is not None and not inside.any():
            return None
        window = part.window.moved(self.region.window)
        images, measured = self.inputs.read(window, reach)
        self._require_unchanged()
        lr = images[0] if images[0].ndim == 3 else images[0][0]  # the first of several revisits is the reference
        core = part.core.relative_to(part.window).slices
        measured = measured[:, *core]
        if not measured.any():
            return None
        low, high = self._limits
        clipped = measured & ((lr[:, *core] < low) | (lr[:, *core] > high))
        valid = None if measured.all() else measured.repeat(scale, axis=1).repeat(scale, axis=2)
        if inside is not None:
            valid = np.broadcast_to(inside, (len(lr), *inside.shape)) if valid is None else valid & inside
        counts = tuple(measured.sum((1, 2)).tolist())
        return Pixels(images, valid, counts, int(clipped.sum()))

    def _require_unchanged(self) -> None:
        """Raise InputError if a file has changed since the scene was opened: the result would be a mixture of both."""
        for file, before in self._states:
            try:
                now = _state_of(file)
            except OSError:  # the name is gone, the open file is not
                continue
            if now != before:
                raise InputError(
                    f"{file.name} changed while it was read ({before[0]} bytes before, {now[0]} now); expected an "
                    "image that stays as it is. Run again when it is complete."
                )

    def compute(self, pixels: Pixels) -> Pixels:
        """Run the model on what was read, and bring the results into the range of their DN."""
        images, counts = [], []
        for dn, encoding in zip(self.engine(*pixels.images), self.encodings, strict=True):
            valid = dn.size if pixels.valid is None else int(pixels.valid.sum())
            counts.append(Clipping(valid))
            if dn.dtype != encoding.dtype:  # the engine found values beyond the range
                dn, counts[-1] = clip_keeping_means(dn, *encoding.limits, self.model.scale, pixels.valid)
            images.append(dn.astype(encoding.dtype, copy=False))
        return dataclasses.replace(pixels, images=images, clipping=counts[0])

    def with_nodata(self, part: Tile, pixels: Pixels | None) -> list[Image]:
        """Return DN of all results of a part, with the nodata value where there is no data."""
        if pixels is None:
            core = part.core.scaled(self.model.scale)
            shape = (len(self.model.config.bands), core.height, core.width)
            return [np.full(shape, encoding.nodata or 0, encoding.dtype) for encoding in self.encodings]
        for dn, encoding in zip(pixels.images, self.encodings, strict=True):
            low, high = encoding.limits
            if encoding.nodata is not None and low < encoding.nodata < high:  # at the limits no data can have the value
                dn[dn == encoding.nodata] += 1
            if pixels.valid is not None:
                dn[~pixels.valid] = encoding.nodata
        return pixels.images


def _state_of(file: Path) -> tuple[int, int]:
    """Return the size of a file, bytes, and the time of its last change, nanoseconds."""
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns


def open_scene(job: Job, engines: Engines, files: ExitStack) -> Scene:
    """Open the images of a job and prepare its engine; `files` closes the images.

    Raises:
        InputError: an image or an option that cannot be used.
    """
    inputs, model, region = _open_series(job, files) if job.several else _open_image(job, files)
    floats = job.options.dtype == "float32"
    own = inputs.lr.output_encoding(masked=region.area is not None)
    encodings = [Encoding.float32(len(own.gain)) if floats else own]
    if job.options.uncertainty is not None:
        half_widths = _uncertainty_encoding(model)
        encodings.append(encodings[0] if floats else half_widths)
    scene_px = inputs.lr.grid.height * inputs.lr.grid.width
    options = job.options
    engine = engines(model, tuple(encodings), scene_px, options.engine, options.precision, options.threads)
    if options.ensemble:
        engine = Ensemble(engine, encodings)
    scene = Scene(inputs, model, region, encodings, engine)
    logger.info("%s", scene)
    for raster in inputs.rasters:
        warn_of_faults(raster)
    _warn_of_aliasing(inputs.lr, region, options.soften)
    return scene


def _warn_of_aliasing(lr: Raster, region: Region, soften: bool) -> None:
    """Log a warning if nearest neighbour has thinned out or moved the pixels, and nothing makes up for it."""
    sampling = read_sampling(lr, region.window)
    if sampling is not None and (advice := sampling.advice()) and not (soften and sampling.thinned_out):
        logger.warning("%s: %s", lr.name, advice)


def _open_image(job: Job, files: ExitStack) -> tuple[Inputs, SISR, Region]:
    options = job.options
    model = job.model.alone()
    lr = files.enter_context(_open_raster(job, model.config.bands))
    guide = None
    if model.config.guide_bands:
        guide = files.enter_context(_open_raster(job, model.config.guide_bands))
    inputs = SingleImage(lr, guide, model, options.soften)
    return inputs, model, find_region(lr.grid, lr.name, options.bbox, options.aoi)


def _open_raster(job: Job, bands: tuple[str, ...]) -> AbstractContextManager[Raster]:
    """Return the only image of a job, or the image that its files make together."""
    if job.options.stack:
        return open_stack(job.sources, bands, job.options.stated(), job.sensor)
    return open_raster(job.sources[0], bands, job.options.stated(), job.sensor)


def _open_series(job: Job, files: ExitStack) -> tuple[Inputs, SISR | MISR, Region]:
    options, model = job.options, job.model
    assert isinstance(model, MISR)  # see `resolve`
    series = files.enter_context(
        open_series(
            job.sources,
            model,
            masks=options.masks,
            reference=job.reference,
            max_days=options.max_days,
            stated=options.stated(),
            bbox=options.bbox,
            aoi=options.aoi,
            sensor=job.sensor,
        )
    )
    for summary in series.summaries:
        logger.info("%s", summary)
    if series.views:
        return series, model, series.region
    return SingleImage(series.lr, None, model.alone()), model.alone(), series.region


def _uncertainty_encoding(model: SISR | MISR) -> Encoding:
    """Return how the half-widths of intervals are stored.

    Raises:
        InputError: a model without an uncertainty head.
    """
    if model.config.several:
        raise InputError(f"{model.name} takes several images, so it has no uncertainty head. Use a model of one image.")
    model.alone().uncertainty_head()
    bands = len(model.config.bands)
    return Encoding("uint16", (_UNCERTAINTY_GAIN,) * bands, (0.0,) * bands, nodata=0, tagged=True)


def in_order(plan: Iterable[Tile], band_px: int = _BAND_PX) -> list[Tile]:
    """Sort tiles by the shape of their windows, since engines prepare for each shape, then column by column in bands.

    Args:
        plan: the tiles.
        band_px: LR rows of a band.
    """
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
