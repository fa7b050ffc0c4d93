"""`Series`: revisits of one place, registered once, then read window by window. See `Inputs`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from rs_srgan.errors import InputError
from rs_srgan.inference.copies import find_copies
from rs_srgan.inference.inputs import read_filled
from rs_srgan.inference.reference import (
    choose_reference,
    clear_share,
    season_differs,
    shows_elsewhere,
    spread_samples,
)
from rs_srgan.models import MISR
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window, replicate
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.positions import Positions
from rs_srgan.reading.region import Region, find_region
from rs_srgan.reading.revisit import NO_MASK, Revisit, open_revisit
from rs_srgan.reading.stated import Stated
from rs_srgan.registration.shift import Shift
from rs_srgan.registration.view import Pixels, Reference, View
from rs_srgan.season import MOST_DAYS
from rs_srgan.sensors import SENTINEL2, Sensor

logger = logging.getLogger(__name__)

# Pixels around the wanted area that are registered, too, so that a small area has windows of full size.
_AROUND_PX = 256
# Step between the pixels that are compared, along each axis: neighbours hold the same information.
_STRIDE = 4


@dataclass(frozen=True)
class ViewSummary:
    """Summary of a revisit: what it shows, and how it was used.

    Attributes:
        name: name of the file or product.
        taken: the day in ISO 8601; empty if it is unknown.
        clear: share of the wanted area in which the revisit shows the ground, 0..1; of another season, of its image.
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
        compared = self.role != "reference" and self.shift.confidence > 0
        moved = f", shifted {self.shift.rows:+.2f} {self.shift.cols:+.2f} px" if compared else ""
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
    max_days: float = MOST_DAYS,
    stated: Stated = Stated(),
    bbox: Sequence[float] | None = None,
    aoi: str | Path | None = None,
    sensor: Sensor = SENTINEL2,
) -> Iterator["Series"]:
    """Open revisits of one place in any order, and register them.

    Args:
        sources: paths of the images; see `super_resolve`.
        model: the model whose bands are read.
        masks: paths of the masks, one for each image, "-" for none; see `open_revisit`.
        reference: index of the image that the result shows; by default the one that the others show most, see
            `choose_reference`.
        max_days: revisits that are more days of the season from the reference are not used.
        stated: see `open_revisit`.
        bbox: see `find_region`.
        aoi: see `find_region`.
        sensor: see `open_revisit`.

    Raises:
        InputError: something about a revisit cannot be used, or all other images show another place.
    """
    if masks is not None and len(masks) != len(sources):
        raise InputError(f"There are {len(masks)} masks for {len(sources)} images; give one each, {NO_MASK} for none.")
    if reference is not None and not 0 <= reference < len(sources):
        raise InputError(f"The reference is image {reference} of {len(sources)}; expected 0 to {len(sources) - 1}.")
    with ExitStack() as stack:
        revisits = []
        for index, source in enumerate(sources):
            mask = None if masks is None or str(masks[index]) == NO_MASK else masks[index]
            revisits.append(stack.enter_context(open_revisit(source, model.config.bands, stated, mask, sensor)))
        if reference is None:
            copies = find_copies([revisit.raster for revisit in revisits])
            reference = choose_reference(revisits, copies, bbox, aoi, max_days)
        first = revisits[reference]
        for revisit in revisits:
            raster = revisit.raster
            logger.info("%s: %s %s, %s.", raster.name, ", ".join(raster.band_names), raster.named, raster.encoding)
        logger.info("Registering %d images to %s ...", len(revisits) - 1, first.raster.name)
        region = find_region(first.raster.grid, first.raster.name, bbox, aoi)
        order = [reference, *(index for index in range(len(revisits)) if index != reference)]
        yield Series([revisits[index] for index in order], order, region, model, max_days)


class _SeriesView(View):
    """A revisit on the reference's grid, with its raster."""

    def __init__(self, revisit: Revisit, grid: Grid, reference: Reference, origin: Window) -> None:
        positions = Positions(grid, revisit.raster.grid, revisit.raster.name)
        super().__init__(_pixels_of(revisit), positions, reference, origin, spread_samples(origin), _STRIDE)
        self.revisit, self.reprojected = revisit, positions.reprojected


def _pixels_of(revisit: Revisit) -> Pixels:
    """Return the pixels of an open revisit."""
    raster = revisit.raster
    return Pixels(revisit.read, revisit.read_gray, len(raster.descriptions), raster.grid.height, raster.grid.width)


class Series:
    """Registered revisits, of which the first is the reference. See `Inputs`.

    Attributes:
        lr: the raster of the reference.
        rasters: the rasters of all revisits, the reference first.
        region: the part of the reference that is wanted.
        views: the registered revisits, without the reference.
        summaries: summaries of all revisits, in the order of `rasters`.
    """

    def __init__(
        self,
        revisits: Sequence[Revisit],
        sources: Sequence[int],
        region: Region,
        model: MISR,
        max_days: float = MOST_DAYS,
    ) -> None:
        self._revisits = revisits
        copies = find_copies([revisit.raster for revisit in revisits])
        reference = revisits[0]
        self.lr, self.region = reference.raster, region
        distinct = [index for index in range(1, len(revisits)) if index not in copies]
        elsewhere = [index for index in distinct if self._lies_elsewhere(revisits[index])]
        if elsewhere and len(elsewhere) == len(distinct):
            names = ", ".join(revisits[index].raster.name for index in elsewhere)
            raise InputError(
                f"Of {self.lr.name}, or of the wanted part of it, nothing is shown by {names}; expected images of one "
                "place. Leave out those of other places, or choose another reference or area."
            )
        here = [index for index in distinct if index not in elsewhere]
        days = {index: season_differs(reference, revisits[index], max_days) for index in here}
        others = [index for index in here if days[index] is None]
        self.rasters = [revisit.raster for revisit in revisits]
        grid = reference.raster.grid
        origin = region.window.grown(_AROUND_PX).clipped(grid.height, grid.width)
        first = Reference(_pixels_of(reference))
        every = []
        for number, index in enumerate(others, start=1):
            revisit = revisits[index]
            every.append(_SeriesView(revisit, grid, first, origin))
            logger.info("%s: compared with the reference, %d of %d.", revisit.raster.name, number, len(others))
        self.views = [view for view in every if view.registered]
        weights = iter(self._weights(model))
        own = clear_share(reference, region.window)
        shift = Shift(0, 0, 1)
        self.summaries = [
            ViewSummary(self.lr.name, _day(reference), own, shift, next(weights), "reference", sources[0])
        ]
        for view, index in zip(every, others, strict=True):
            self.summaries.append(self._summary(view, next(weights) if view.registered else 0.0, sources[index]))
        for index in elsewhere:
            self.summaries.append(self._summary_of_elsewhere(revisits[index], sources[index]))
        for index in here:
            if (apart := days[index]) is not None:
                self.summaries.append(self._summary_of_season(revisits[index], apart, sources[index]))
        for copy, original in copies.items():
            self.summaries.append(self._summary_of_copy(revisits[copy], revisits[original], sources[copy]))
        self.summaries.sort(key=lambda summary: sources.index(summary.source))
        self._log_count()
        for view in self.views:
            view.keep(())
            if view.reprojected:
                logger.info(
                    "%s has another projection: its pixels are taken at their exact places, without resampling.",
                    view.revisit.raster.name,
                )

    def _summary(self, view: _SeriesView, weight: float, source: int) -> ViewSummary:
        clear = float(np.mean([view.pixels(sample)[1].mean() for sample in spread_samples(self.region.window)]))
        role = "used"
        if not view.registered:
            role = "not used: it cannot be registered" if clear else "not used: it shows nothing of the area"
        name, shift = view.revisit.raster.name, view.field.median
        return ViewSummary(name, _day(view.revisit), clear, shift, weight, role, source)

    def _log_count(self) -> None:
        """Log how many images are used; only the reference is a warning."""
        count, total = 1 + len(self.views), len(self.summaries)
        if count == 1 < total:
            logger.warning("Only %s of %d images is used: the result is that of one image.", self.lr.name, total)
        else:
            logger.info("%d of %d images are used.", count, total)

    def _lies_elsewhere(self, revisit: Revisit) -> bool:
        return shows_elsewhere(self.lr.grid, self.region.window, revisit.raster.grid)

    def _summary_of_elsewhere(self, revisit: Revisit, source: int) -> ViewSummary:
        """Return the summary of a revisit that shows nothing of the area, and log a warning."""
        name = revisit.raster.name
        logger.warning("%s shows another place than %s and is not used. Leave it out.", name, self.lr.name)
        role = "not used: it shows another place"
        return ViewSummary(name, _day(revisit), 0.0, Shift(0, 0, 0), 0.0, role, source)

    def _summary_of_season(self, revisit: Revisit, days: int, source: int) -> ViewSummary:
        """Return the summary of a revisit of another season, and log a warning."""
        name = revisit.raster.name
        logger.warning(
            "%s is %d days of the season from %s and is not used. To use it: --max-days %d (max_days).",
            *(name, days, self.lr.name, days),
        )
        role = f"not used: {days} days of the season from the reference"
        grid = revisit.raster.grid
        clear = clear_share(revisit, Window(0, 0, grid.height, grid.width))
        return ViewSummary(name, _day(revisit), clear, Shift(0, 0, 0), 0.0, role, source)

    def _summary_of_copy(self, revisit: Revisit, original: Revisit, source: int) -> ViewSummary:
        """Return the summary of a revisit that has the pixels of another one, and log a warning."""
        name, other = revisit.raster.name, original.raster.name
        logger.warning("%s has the same pixels as %s, which is used once. Give each image once.", name, other)
        role = f"not used: it has the same pixels as {other}"
        return ViewSummary(name, _day(revisit), 1.0, Shift(0, 0, 1), 0.0, role, source)

    def _weights(self, model: MISR) -> list[float]:
        """Return the weights of the reference and the registered views, mean over samples of the area."""
        found = []
        for sample in spread_samples(self.region.window):
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
