"""`ImageRunner`: images of all kinds through a model for one image: arrays, batches, rasters, arrays with labels."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rs_srgan.arrays.chunks import has_chunks, predict_labelled
from rs_srgan.arrays.kinds import is_opened, read_reflectance
from rs_srgan.arrays.labelled import Labelled, is_labelled
from rs_srgan.arrays.times import joined_times, split_times, time_dim
from rs_srgan.errors import InputError
from rs_srgan.models.checked_image import checked_image, plain_array
from rs_srgan.models.config import SISRConfig
from rs_srgan.pixels.nodata import fill_from_nearest, fill_reach
from rs_srgan.pixels.radiometry import FloatImage, Image, Mask
from rs_srgan.progress.watch import Watch
from rs_srgan.sensors import find_sensor

# Runs the network tile by tile: takes the layers without gaps and where they hold data, see `compute_tiles`.
Run = Callable[[Sequence[tuple[Image, int]], Mask, Watch], list[FloatImage]]


@dataclass(frozen=True)
class ImageRunner:
    """Checks images of all kinds, fills their gaps, and gives results of the same kind.

    Attributes:
        name: the model's name, for people.
        config: the model's configuration.
        receptive_field: the model's receptive field, LR pixels.
        run: runs the network.
        results: number of results that `run` returns.
    """

    name: str
    config: SISRConfig
    receptive_field: int
    run: Run
    results: int = 1

    def predict(self, image: Any, guide: Any, watch: Watch) -> list[Any]:  # noqa: ANN401  # of any kind
        """Return the results of an image, see `SISR.predict`.

        Args:
            image: see `SISR.predict`.
            guide: see `SISR.predict`.
            watch: counts the pixels that are done.

        Raises:
            InputError: see `SISR.predict`.
            Cancelled: `watch` stopped the work.
        """
        if is_labelled(image):
            return self._labelled(image, guide, watch)
        sensor = find_sensor(self.config.sensor)
        if is_opened(image):
            if guide is None and self.config.guide_bands:
                guide = read_reflectance(image, self.config.guide_bands, sensor)
            image = read_reflectance(image, self.config.bands, sensor)
        if is_opened(guide):
            guide = read_reflectance(guide, self.config.guide_bands, sensor)
        if not hasattr(image, "ndim"):
            image = plain_array("image", image)
        if image.ndim != 4:
            watch.total_px = math.prod(image.shape[-2:])
            return self._array(image, guide, watch)
        if len(image) == 0 or (guide is not None and len(guide) != len(image)):
            raise InputError(
                f"The batch has {len(image)} images and {0 if guide is None else len(guide)} guides; expected at least "
                "one image, and as many guides."
            )
        watch.total_px = len(image) * math.prod(image.shape[-2:])
        guides = [None] * len(image) if guide is None else guide
        made = [self._array(one, other, watch) for one, other in zip(image, guides, strict=True)]
        return [np.stack(each) for each in zip(*made, strict=True)]

    def _labelled(self, image: Any, guide: Any, watch: Watch) -> list[Any]:  # noqa: ANN401  # of xarray
        """Return the results of a DataArray, or of each time of one with a dimension of time."""
        if guide is not None and not is_labelled(guide):
            raise InputError(f"The guide is a {type(guide).__name__}; expected a DataArray, as the image is one.")
        images, sensor = split_times(image), find_sensor(self.config.sensor)
        guides = [None] if guide is None else split_times(guide)
        if not images or len(guides) not in (1, len(images)):
            raise InputError(
                f"The image has {len(images)} times and the guide {len(guides)}; expected at least one, and as many."
            )
        pairs = [
            (
                Labelled(one, self.config.bands, sensor),
                None if other is None else Labelled(other, self.config.guide_bands, sensor),
            )
            for one, other in zip(images, guides * len(images) if len(guides) == 1 else guides, strict=True)
        ]
        watch.total_px = sum(math.prod(one.array.shape[1:]) for one, _ in pairs if not has_chunks(one.array))
        made = []
        for one, other in pairs:
            later = any(each is not None and has_chunks(each.array) for each in (one, other))
            compute = self._compute_later(watch) if later else self._compute_now(watch)
            made.append(predict_labelled(one, other, self.config.scale, self.receptive_field, compute, self.results))
        if time_dim(image) is None:
            return made[0]
        return [joined_times(each, image) for each in zip(*made, strict=True)]

    def _compute_now(self, watch: Watch) -> Callable[[Image, Image | None], list[FloatImage]]:
        return lambda pixels, others: self._array(pixels, others, watch)

    def _compute_later(self, watch: Watch) -> Callable[[Image, Image | None], list[FloatImage]]:
        """Return a function for chunks: dask has a progress bar of its own, but `cancel` holds."""

        def compute(pixels: Image, others: Image | None) -> list[FloatImage]:
            silent = watch.silent()
            silent.check()
            return self._array(pixels, others, silent)

        return compute

    def _array(self, image: np.ndarray[Any, Any], guide: np.ndarray[Any, Any] | None, watch: Watch) -> list[FloatImage]:
        """Check one image in memory, fill its gaps, and run the network on it.

        Returns:
            the results, reflectance, (C, h * scale, w * scale) each; NaN where `image` has no data.
        """
        scale, reach = self.config.scale, fill_reach(self.receptive_field)
        image = checked_image("image", image, self.config.bands)
        valid = np.isfinite(image)
        layers = [(fill_from_nearest(image, valid, reach), 1)]
        if (guide is None) != (not self.config.guide_bands):
            wanted = ", ".join(self.config.guide_bands) or "none"
            raise InputError(
                f"{self.name} takes as guide: {wanted}; got {'none' if guide is None else 'one'}. "
                "Give an image of exactly these bands as guide, or none."
            )
        if guide is not None:
            guide = checked_image("guide", guide, self.config.guide_bands)
            if guide.shape[1:] != (image.shape[1] * scale, image.shape[2] * scale):
                raise InputError(
                    f"The guide has shape {guide.shape}, the image {image.shape}; expected a guide with {scale} times "
                    "the pixels along each axis. Crop both to the same footprint."
                )
            layers.append((fill_from_nearest(guide, np.isfinite(guide), reach * scale), scale))
        return self.run(layers, valid, watch)
