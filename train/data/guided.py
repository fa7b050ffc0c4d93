"""The 20 m bands with the help of the 10 m bands: what training has of them is all one step coarser."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.reading.gdal import open_alone
from rs_srgan.sensors import sentinel2 as band_table
from rs_srgan.sensors.mtf import degrade, wald_mtf
from train.data.crops import RandomCrops, ValidationImages
from train.data.degradation import SensorJitter
from train.data.module import SRDataModule, require_files
from train.data.native_grid import inner_rectangle
from train.data.sources import Chip, Site, data_root, halve, read_chip
from train.data.splits import Split, split_sentinel2

_VALIDATION_PX = 256


class GuidedDataModule(SRDataModule):
    """Sentinel-2's 20 m bands at 40 m, its 10 m bands at 20 m, and the 20 m bands as they are. See `SRDataModule`.

    The chips hold all bands on one fine grid, where the 20 m bands were only enlarged. Where that was by nearest
    neighbour they are put back on the sensor's grid; elsewhere means of 2 x 2 bring them back to 20 m. The 10 m bands
    come to 20 m by the sensor model, so that they are as sharp there as they are at 10 m in use.

    Args:
        root: folder with sentinel2/; by default the environment variable RS_SRGAN_DATA.
        scale: of the model: 2.
        bands: of the model, at 20 m.
        guide_bands: of the model, at 10 m.
        mtf_nyquist: of the model's bands.
        crop_lr_px: size of the training crops.
        batch_size: crops per step.
        steps_per_epoch: between two validations.
        jitter: how the simulated sensor varies in training.
        seed: of crops and degradation.
    """

    def __init__(
        self,
        root: str | None = None,
        scale: int = 2,
        bands: tuple[str, ...] = ("B05", "B06", "B07", "B8A", "B11", "B12"),
        guide_bands: tuple[str, ...] = band_table.RGBN,
        mtf_nyquist: tuple[float, ...] = (),
        crop_lr_px: int = 24,
        batch_size: int = 12,
        steps_per_epoch: int = 500,
        jitter: SensorJitter = SensorJitter(),  # frozen
        seed: int = 0,
    ) -> None:
        if scale != 2 or not guide_bands:
            raise InputError(f"The guided mixture is for models of x2 with guide bands; this one is x{scale}.")
        super().__init__(scale, bands, mtf_nyquist, crop_lr_px, batch_size, steps_per_epoch, jitter=jitter, seed=seed)
        self.root, self.guide_bands = root, tuple(guide_bands)

    def files(self) -> list[Path]:
        """All that it reads."""
        return list((data_root(self.root) / "sentinel2").glob("*.tif"))

    def datasets(self) -> tuple[RandomCrops, Dataset[object]]:
        """Images that hold the guide's bands behind the model's."""
        train, held_out = (
            guided_sites(data_root(self.root), split, self.bands, self.guide_bands) for split in ("train", "val")
        )
        crops = RandomCrops([(train, 1.0)], self.crop_hr_px, self.length, self.seed)
        return crops, ValidationImages(held_out, self.scale, _VALIDATION_PX, lambda name: "sentinel2")

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> dict[str, Any]:  # noqa: ANN401
        """Take the guide apart, then add LR."""
        batch = {"hr": batch} if isinstance(batch, Tensor) else dict(batch)
        own = len(self.bands)
        batch["hr"], batch["guide"] = batch["hr"][:, :own], batch["hr"][:, own:]
        return super().on_after_batch_transfer(batch, dataloader_idx)


def guided_sites(root: Path, split: Split, bands: tuple[str, ...], guide_bands: tuple[str, ...]) -> list[Site]:
    """The Sentinel-2 chips of one side of the split that have all these bands, at 20 m, the guide's behind the others.

    Raises:
        InputError: no such chips, or unreadable ones.
    """
    images: dict[str, list[FloatImage]] = {}
    for site, chip in _chips(root, split, (*bands, *guide_bands)):
        images.setdefault(site, []).append(_one_step_coarser(chip, len(bands), guide_bands))
    return [Site(name, tuple(several)) for name, several in images.items()]


def _chips(root: Path, split: Split, bands: tuple[str, ...]) -> list[tuple[str, Chip]]:
    """Those that have all the bands, beside the names of their sites."""
    folder = root / "sentinel2"
    chips = []
    for name, files in split_sentinel2([path.name for path in folder.glob("*.tif")])[split].items():
        for file in files:
            with open_alone(folder / file) as dataset:
                described = {band_table.canonical_name(each or "") for each in dataset.descriptions}
            if set(bands) <= described:
                chips.append((name, read_chip(folder / file, bands)))
    require_files(f"Chips in {folder} with {', '.join(bands)}", chips)
    return chips


def guided_originals(
    root: Path, split: Split, bands: tuple[str, ...], guide_bands: tuple[str, ...]
) -> list[tuple[str, FloatImage, FloatImage]]:
    """The same chips as they were measured: name of the site, bands at 20 m, guide at 10 m; NaN where there is no data.

    Raises:
        InputError: see `guided_sites`.
    """
    return [(site, *_measured(chip, len(bands))) for site, chip in _chips(root, split, (*bands, *guide_bands))]


def _measured(chip: Chip, own: int) -> tuple[FloatImage, FloatImage]:
    """The first `own` bands of a chip on the grid of 20 m, the others on that of 10 m."""
    targets, guides = slice(own), slice(own, None)
    target = chip.on_native_grid(targets, pixel_m=20, align_m=20)
    guide = chip.on_native_grid(guides, pixel_m=10, align_m=20)
    if target is None or guide is None:
        even = chip.image[:, : chip.image.shape[1] // 2 * 2, : chip.image.shape[2] // 2 * 2]
        target, guide = halve(even[targets]), even[guides]
    return target, guide


def _one_step_coarser(chip: Chip, own: int, guide_bands: tuple[str, ...]) -> FloatImage:
    """The first `own` bands of a chip as the sensor saw them at 20 m, and the others as it would have."""
    target, guide = _measured(chip, own)
    mtf = wald_mtf(band_table.mtf_nyquist(guide_bands), 2)
    coarse = degrade(torch.from_numpy(np.nan_to_num(guide))[None], 2, mtf)[0].numpy()
    missing = np.isnan(target).any(0) | np.isnan(halve(guide)).any(0)
    return inner_rectangle(np.where(missing, np.nan, np.concatenate([target, coarse])))
