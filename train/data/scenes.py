"""Scenes as large as they come: random windows of GeoTIFFs and Sentinel-2 products, LR made on the fly."""

from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import RGBN
from train.data.crops import RandomCrops, ValidationImages
from train.data.degradation import SensorJitter
from train.data.ground import Footprint, refuse_overlaps
from train.data.module import SRDataModule, ViewsConfig, require_files

_VALIDATION_PX = 512


@dataclass(frozen=True)
class Scene:
    """A raster on disk, read by the window. It is its own place.

    Attributes:
        name: of the file or product.
        path: of it.
        bands: to read.
        shape: (C, H, W).
        footprint: where it lies; None where it has no coordinates.
    """

    name: str
    path: Path
    bands: tuple[str, ...]
    shape: tuple[int, int, int]
    footprint: Footprint | None

    @classmethod
    def of(cls, path: Path, bands: tuple[str, ...]) -> "Scene":
        """Look at a raster.

        Raises:
            InputError: none, or without these bands.
        """
        with open_raster(path, bands) as raster:
            grid = raster.grid
            return cls(path.name, path, bands, (len(bands), grid.height, grid.width), Footprint.of(grid))

    @property
    def images(self) -> tuple["Scene"]:
        """The only one."""
        return (self,)

    def __getitem__(self, window: tuple[slice, slice, slice]) -> FloatImage:
        (top, bottom, _), (left, right, _) = (
            part.indices(side) for part, side in zip(window[1:], self.shape[1:], strict=True)
        )
        with open_raster(self.path, self.bands) as raster:
            image, valid = raster.read(Window(top, left, bottom - top, right - left))
        image[~valid] = np.nan
        return image


class SceneDataModule(SRDataModule):
    """Random windows of whole scenes. See `SRDataModule`.

    Args:
        train: paths or patterns (`data/*.SAFE`) of GeoTIFFs and Sentinel-2 products.
        val: those of other places.
        scale: of the model.
        bands: of the model.
        mtf_nyquist: of the model.
        crop_lr_px: size of the training crops.
        batch_size: crops per step.
        steps_per_epoch: between two validations.
        jitter: how the simulated sensor varies in training.
        views: synthetic revisits.
        workers: processes that load.
        seed: of the crops.
    """

    def __init__(
        self,
        train: Sequence[str],
        val: Sequence[str],
        scale: int = 4,
        bands: tuple[str, ...] = RGBN,
        mtf_nyquist: tuple[float, ...] = (),
        crop_lr_px: int = 32,
        batch_size: int = 12,
        steps_per_epoch: int = 1000,
        jitter: SensorJitter = SensorJitter(),  # frozen
        views: ViewsConfig = ViewsConfig(),  # frozen
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            scale,
            bands,
            mtf_nyquist,
            crop_lr_px,
            batch_size,
            steps_per_epoch,
            jitter=jitter,
            views=views,
            workers=workers,
            seed=seed,
        )
        self.train_patterns, self.val_patterns = train, val

    def datasets(self) -> tuple[RandomCrops, Dataset[object]]:
        """Of the scenes; refused where two of them that train and validate overlap."""
        train, held_out = (
            [Scene.of(path, self.bands) for path in _paths(patterns)]
            for patterns in (self.train_patterns, self.val_patterns)
        )
        refuse_overlaps(*({scene.path: scene.footprint for scene in side} for side in (train, held_out)))
        crops = RandomCrops([(train, 1.0)], self.crop_hr_px, self.length, self.seed)
        return crops, ValidationImages(held_out, self.scale, _VALIDATION_PX, lambda name: "scenes")


def _paths(patterns: Sequence[str]) -> list[Path]:
    paths = sorted({Path(path) for pattern in patterns for path in glob(pattern)})
    require_files(f"Scenes in {', '.join(patterns)}", paths)
    return paths
