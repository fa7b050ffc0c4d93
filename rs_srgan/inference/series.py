"""`Series`: revisits of one place, registered once, then read window by window. See `Inputs`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage

from rs_srgan.errors import InputError
from rs_srgan.inference.inputs import read_filled
from rs_srgan.models import MISR
from rs_srgan.pixels.radiometry import FloatImage, Image, Mask
from rs_srgan.pixels.windows import Window, replicate, spread
from rs_srgan.reading.positions import Positions
from rs_srgan.reading.region import Region, find_region
from rs_srgan.reading.revisit import NO_MASK, Revisit, open_revisit
from rs_srgan.registration.align import Tones
from rs_srgan.registration.shift import Shift
from rs_srgan.registration.shift_field import LEAST_CONFIDENCE, Read, ShiftField
from rs_srgan.sensors import SENTINEL2, Sensor
from rs_srgan.sensors.offsets import LARGEST_OFFSET_LR_PX

logger = logging.getLogger(__name__)

# Pixels around the wanted area that are registered, too, so that a small area has windows of full size.
_AROUND_PX = 256
# Tones and weights are found from windows of this size, at most that many along each axis.
_SAMPLE_PX = 256
_SAMPLES = 4
# Step between the pixels that are compared, along each axis: neighbours hold the same information.
_STRIDE = 4


@dataclass(frozen=True)
class ViewSummary:
    """Summary of a revisit: what it shows, and how it was used.

    Attributes:
        name: name of the file or product.
        taken: the day in ISO 8601; empty if it is unknown.
        clear: share of the wanted area in which the revisit shows the ground, 0..1.
        shift: median shift against the reference, LR pixels; its confidence is 0 if nothing could be compared.
        weight: weight in the result, 0..1, the mean over samples of the area; the weights of all views add up to 1.
        role: "reference", "used", or the reason why the revisit was not used.
        source: index of the image in the request.
    """

    name: str
    taken: str
    clear: float
    shift: Shift
    weight: float
    role: str
    source: int

    def __str__(self) -> str:
        moved = "" if self.role == "reference" else f", shifted {self.shift.rows:+.2f} {self.shift.cols:+.2f} px"
        weight = f", weight {100 * self.weight:.0f} %" if self.role in ("reference", "used") else ""
        taken = f" ({self.taken})" if self.taken else ""
        return f"{self.name}{taken}: {100 * self.clear:.0f} % clear{moved}{weight}, {self.role}"


@contextmanager
def open_series(
    sources: Sequence[str | Path],
    model: MISR,
    *,
    masks: Sequence[str | Path] | None = None,
    reference: int | None = None,
    offset: float | None = None,
    bbox: Sequence[float] | None = None,
    aoi: str | Path | None = None,
    sensor: Sensor = SENTINEL2,
) -> Iterator["Series"]:
    """Open revisits of one place in any order, and register them.

    Args:
        sources: paths of the images; see `super_resolve`.
        model: the model whose bands are read.
        masks: paths of the masks, one for each image, "-" for none; see `open_revisit`.
        reference: index of the image that the result shows; by default the one that shows most ground.
        offset: see `open_revisit`.
        bbox: see `find_region`.
        aoi: see `find_region`.
        sensor: see `open_revisit`.

    Raises:
        InputError: something about a revisit cannot be used.
    """
    if masks is not None and len(masks) != len(sources):
        raise InputError(f"There are {len(masks)} masks for {len(sources)} images; give one each, {NO_MASK} for none.")
    if reference is not None and not 0 <= reference < len(sources):
        raise InputError(f"The reference is image {reference} of {len(sources)}; they count from 0.")
    with ExitStack() as stack:
        revisits = []
        for index, source in enumerate(sources):
            mask = None if masks is None or str(masks[index]) == NO_MASK else masks[index]
            revisits.append(stack.enter_context(open_revisit(source, model.config.bands, offset, mask, sensor)))
        if reference is None:
            reference = _clearest(revisits, bbox, aoi)
        first = revisits[reference]
        logger.info("%s: registering %d others to it ...", first.raster.name, len(revisits) - 1)
        region = find_region(first.raster.grid, first.raster.name, bbox, aoi)
        order = [reference, *(index for index in range(len(revisits)) if index != reference)]
        yield Series([revisits[index] for index in order], order, region, model)


def _clearest(revisits: Sequence[Revisit], bbox: Sequence[float] | None, aoi: str | Path | None) -> int:
    """Return the index of the revisit that shows most ground."""
    shown = []
    for revisit in revisits:
        try:
            window = find_region(revisit.raster.grid, revisit.raster.name, bbox, aoi).window
        except InputError:
            if len(revisits) == 1:
                raise
            shown.append(-1.0)  # it lies outside the area
        else:
            pixel = abs(revisit.raster.grid.transform.determinant)
            shown.append(_clear_share(revisit, window) * window.height * window.width * pixel)
    if max(shown) < 0:  # raise the error of a single image
        find_region(revisits[0].raster.grid, revisits[0].raster.name, bbox, aoi)
    return int(np.argmax(shown))


def _clear_share(revisit: Revisit, window: Window) -> float:
    """Return the share of a window that shows the ground, from samples of its pixels or all of its class mask."""
    if revisit.clear and not revisit.files:  # a product's own mask, which marks missing data, too
        return revisit.clear.share(window)
    shares = [revisit.read(sample)[1].mean() for sample in _samples(window)]  # a hole in any band is one
    if revisit.clear and revisit.clear.classes and any(shares):  # a class mask in a file, which marks missing data, too
        return revisit.clear.share(window)
    return float(np.mean(shares))


def _samples(window: Window) -> list[Window]:
    """Return windows that are spread over a larger one."""
    height, width = min(_SAMPLE_PX, window.height), min(_SAMPLE_PX, window.width)
    rows, cols = (
        spread(side, size, max(size, -(-(side - size) // (_SAMPLES - 1))))
        for side, size in ((window.height, height), (window.width, width))
    )
    return [Window(row, col, height, width).moved(window) for row in rows for col in cols]


class _View:
    """A revisit on the reference's grid."""

    def __init__(self, revisit: Revisit, reference: "_Reference", origin: Window) -> None:
        self.revisit, self._origin = revisit, origin
        self._positions = Positions(reference.revisit.raster.grid, revisit.raster.grid, revisit.raster.name)
        self.field = ShiftField.find(
            lambda window: reference.gray(window.moved(origin)),
            lambda window: self._gray(window.moved(origin)),
            origin.height,
            origin.width,
        )
        self.reprojected = self._positions.reprojected
        self._turn = self._positions.turn
        self._back = np.linalg.inv(self._turn)
        self._kept: dict[Window, tuple[FloatImage, Mask, FloatImage]] = {}
        self.tones = self._find_tones(reference) if self.registered else None

    @property
    def registered(self) -> bool:
        """True if its shift is known."""
        return self.field.confidence >= LEAST_CONFIDENCE

    def pixels(self, window: Window) -> tuple[FloatImage, Mask, FloatImage]:
        """Return the nearest pixels to those of a window inside the reference.

        Returns:
            reflectance in the reference's tones, (C, h, w); True where they count, (h, w); and the offsets from the
            reference's pixels to the places where they were sampled, LR pixels of the reference, (2, h, w).
        """
        image, counts, offsets = self._nearest(window)
        return (self.tones.apply(image) if self.tones else image), counts, offsets

    def keep(self, windows: Sequence[Window]) -> None:
        """Keep the pixels of windows that are needed several times, instead of those kept so far."""
        self._kept = {window: self._nearest(window) for window in windows}

    def _nearest(self, window: Window) -> tuple[FloatImage, Mask, FloatImage]:
        if window in self._kept:
            return self._kept[window]
        shift = self.field.at(window.relative_to(self._origin))
        positions = self._positions.at(window) + _turned(self._back, shift)
        nearest = np.rint(positions)
        offsets = _turned(self._turn, nearest - positions).astype(np.float32)
        offsets = np.nan_to_num(offsets).clip(-LARGEST_OFFSET_LR_PX, LARGEST_OFFSET_LR_PX)
        image, counts, inside, box = self._read(nearest, 0, self.revisit.read)
        if image is None:
            bands = len(self.revisit.raster.descriptions)
            return np.zeros((bands, window.height, window.width), np.float32), inside, offsets
        row, col = (
            np.where(inside, each, start).astype(np.int64) - start for each, start in zip(nearest, box, strict=True)
        )
        return image[:, row, col], counts[row, col] & inside, offsets

    def _gray(self, window: Window) -> tuple[FloatImage, Mask]:
        """Return one band at the positions that the grids give, interpolated linearly; for registration only."""
        positions = self._positions.at(window)
        image, counts, inside, box = self._read(positions, 1, self.revisit.read_gray)
        if image is None:
            return np.zeros((window.height, window.width), np.float32), inside
        at = np.where(inside, positions, 0) - np.array(box)[:, None, None] * inside
        gray = ndimage.map_coordinates(image, at, order=1, mode="nearest")
        near = np.rint(at).astype(np.int64)
        near = [each.clip(0, side - 1) for each, side in zip(near, counts.shape, strict=True)]
        return gray, counts[*near] & inside

    def _read(
        self, positions: FloatImage, margin: int, read: Read
    ) -> tuple[FloatImage | None, Mask, Mask, tuple[int, int]]:
        """Return pixels around positions in this view, where they count, which positions are inside, and the corner."""
        grid = self.revisit.raster.grid
        with np.errstate(invalid="ignore"):
            inside = (positions > -0.5).all(0) & (positions[0] < grid.height - 0.5) & (positions[1] < grid.width - 0.5)
        if not inside.any():
            return None, inside, inside, (0, 0)
        low = [int(np.floor(each[inside].min())) - margin for each in positions]
        high = [int(np.ceil(each[inside].max())) + margin + 1 for each in positions]
        box = Window(low[0], low[1], high[0] - low[0], high[1] - low[1]).clipped(grid.height, grid.width)
        image, counts = read(box)
        return image, counts, inside, (box.row, box.col)

    def _find_tones(self, reference: "_Reference") -> Tones:
        fixed, own, both = [], [], []
        samples = _samples(self._origin)
        self.keep(samples)
        for sample in samples:
            image, counts = reference.pixels(sample)
            view, view_counts, _ = self._nearest(sample)
            few = (slice(None, None, _STRIDE),) * 2
            fixed.append(image[:, *few].reshape(len(image), -1))
            own.append(view[:, *few].reshape(len(view), -1))
            both.append((counts & view_counts)[few].ravel())
        return Tones.of(np.concatenate(fixed, 1), np.concatenate(own, 1), np.concatenate(both))


def _turned(matrix: Image, steps: Image) -> Image:
    """Return a matrix times the vector of every pixel, (2, h, w)."""
    (a, b), (c, d) = matrix
    return np.stack([a * steps[0] + b * steps[1], c * steps[0] + d * steps[1]])


class _Reference:
    """The revisit that the others are registered to."""

    def __init__(self, revisit: Revisit) -> None:
        self.revisit = revisit
        # all views are compared with the same windows, and take their tones from the same windows
        self.gray = cache(revisit.read_gray)
        self.pixels = lru_cache(maxsize=_SAMPLES**2)(revisit.read)


class Series:
    """Registered revisits, of which the first is the reference. See `Inputs`.

    Attributes:
        lr: the raster of the reference.
        rasters: the rasters of all revisits, the reference first.
        region: the part of the reference that is wanted.
        views: the registered revisits, without the reference.
        summaries: summaries of all revisits, the reference first.
    """

    def __init__(self, revisits: Sequence[Revisit], sources: Sequence[int], region: Region, model: MISR) -> None:
        reference, *others = self._revisits = revisits
        self.lr, self.region = reference.raster, region
        self.rasters = [revisit.raster for revisit in revisits]
        grid = reference.raster.grid
        origin = region.window.grown(_AROUND_PX).clipped(grid.height, grid.width)
        first = _Reference(reference)
        every = []
        for number, revisit in enumerate(others, start=1):
            every.append(_View(revisit, first, origin))
            logger.info("%s: compared with the reference, %d of %d.", revisit.raster.name, number, len(others))
        self.views = [view for view in every if view.registered]
        weights = iter(self._weights(model))
        own = _clear_share(reference, region.window)
        shift = Shift(0, 0, 1)
        self.summaries = [
            ViewSummary(self.lr.name, _day(reference), own, shift, next(weights), "reference", sources[0])
        ]
        for view, source in zip(every, sources[1:], strict=True):
            self.summaries.append(self._summary(view, next(weights) if view.registered else 0.0, source))
        for view in self.views:
            view.keep(())
            if view.reprojected:
                logger.info(
                    "%s has another projection: its pixels are taken at their exact places, without resampling.",
                    view.revisit.raster.name,
                )

    def _summary(self, view: _View, weight: float, source: int) -> ViewSummary:
        clear = float(np.mean([view.pixels(sample)[1].mean() for sample in _samples(self.region.window)]))
        role = "used"
        if not view.registered:
            role = "not used: it cannot be registered" if clear else "not used: it shows nothing of the area"
        name, shift = view.revisit.raster.name, view.field.median
        return ViewSummary(name, _day(view.revisit), clear, shift, weight, role, source)

    def _weights(self, model: MISR) -> list[float]:
        """Return the weights of the reference and the registered views, mean over samples of the area."""
        found = []
        for sample in _samples(self.region.window):
            layers, _ = self.read(sample, 0)
            views, mask, offsets = (torch.from_numpy(layer)[None] for layer in layers)
            found.append(model.weights(views, mask, offsets).mean((0, 2, 3)).tolist())
        return list(np.mean(found, axis=0))

    def request(self) -> dict[str, object]:
        """Return names, sizes and times of the masks' files. See `Inputs`."""
        masks = [[(file.name, file.stat()) for file in revisit.files] for revisit in self._revisits]
        return {"mask": [[[name, stat.st_size, stat.st_mtime_ns] for name, stat in each] for each in masks]}

    def read(self, window: Window, reach: int) -> tuple[list[FloatImage], Mask]:
        """Return views, masks and offsets as `MISR.forward` takes them, the reference first. See `Inputs`."""
        lr, measured = read_filled(self.lr, window, reach)
        inside = window.clipped(self.lr.grid.height, self.lr.grid.width)
        size = (window.height, window.width)
        views, mask, offsets = [lr], [np.ones(size, np.float32)], [np.zeros((2, *size), np.float32)]
        for view in self.views:
            image, counts, offset = view.pixels(inside)
            views.append(replicate(image, inside, window))
            mask.append(replicate(counts[None], inside, window)[0].astype(np.float32))
            offsets.append(replicate(offset, inside, window))
        return [np.stack(views), np.stack(mask), np.stack(offsets)], measured


def _day(revisit: Revisit) -> str:
    return revisit.taken.isoformat() if revisit.taken else ""
