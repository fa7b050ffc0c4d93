"""GuidedDataModule: the 20 m bands guided by the 10 m bands, both one step coarser than in use."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.reading.gdal import open_alone
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from train.data.batch import Batch, Loaded, Sample
from train.data.crops import RandomCrops, ValidationImages
from train.data.module import require_files
from train.data.native_grid import inner_rectangle
from train.data.simulated import SimulatedDataModule, ViewsConfig
from train.data.sources import Chip, Site, data_root, halve, read_chip
from train.data.splits import Split, split_sentinel2

# Greatest height and width of a validation image, HR pixels.
_VALIDATION_PX = 256


class GuidedDataModule(SimulatedDataModule):
    """Sentinel-2's 20 m bands as HR, the same bands at 40 m as LR, and the 10 m bands at 20 m as guide.

    See `SRDataModule`. The chips have all bands on one fine grid, to which the 20 m bands were enlarged. Chips that
    were enlarged by nearest neighbour go back to the sensor's grid; in others the mean of 2 x 2 pixels brings these
    bands back to 20 m. The sensor model brings the 10 m bands to 20 m, so that they are as sharp there as at 10 m in
    use.

    Args:
        root: folder with sentinel2/; the environment variable RS_SRGAN_DATA if left out.
        scale: HR pixels per LR pixel along each axis; only 2.
        bands: names of the model's bands at 20 m.
        guide_bands: names of the model's guide bands at 10 m.
        crop_lr_px: side of the training crops, LR pixels.
        steps_per_epoch: steps between two validations.
        **shared: parameters of `SimulatedDataModule` and `SRDataModule`.
    """

    def __init__(
        self,
        root: str | None = None,
        *,
        scale: int = 2,
        bands: tuple[str, ...] = ("B05", "B06", "B07", "B8A", "B11", "B12"),
        guide_bands: tuple[str, ...] = RGBN,
        crop_lr_px: int = 24,
        steps_per_epoch: int = 500,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        if scale != 2 or not guide_bands:
            raise InputError(
                f"scale is {scale} and guide_bands is {tuple(guide_bands)}; expected scale 2 and at least one guide "
                "band. Use another data module for this model."
            )
        super().__init__(
            scale=scale,
            bands=bands,
            crop_lr_px=crop_lr_px,
            steps_per_epoch=steps_per_epoch,
            degradation="sensor",
            views=ViewsConfig(),
            **shared,
        )
        self.root, self.guide_bands = root, tuple(guide_bands)

    def files(self) -> list[Path]:
        """Return all files that the data module reads."""
        return list((data_root(self.root) / "sentinel2").glob("*.tif"))

    def datasets(self) -> tuple[RandomCrops, Dataset[Sample]]:
        """Return crops and validation images with the guide bands behind the model's bands."""
        train, held_out = (
            guided_sites(data_root(self.root), split, self.bands, self.guide_bands) for split in ("train", "val")
        )
        crops = RandomCrops([(train, 1.0)], self.crop_hr_px, self.length, self.seed)
        return crops, ValidationImages(held_out, self.scale, _VALIDATION_PX, lambda name: "sentinel2")

    def on_after_batch_transfer(self, batch: Loaded, dataloader_idx: int) -> Batch:
        """Separate the guide from HR, and add LR."""
        own = len(self.bands)
        alone: Loaded = {**batch, "hr": batch["hr"][:, :own]}
        return {**super().on_after_batch_transfer(alone, dataloader_idx), "guide": batch["hr"][:, own:]}


def guided_sites(root: Path, split: Split, bands: tuple[str, ...], guide_bands: tuple[str, ...]) -> list[Site]:
    """Return the Sentinel-2 chips of one side of the split that have all bands, at 20 m, the guide bands last.

    Raises:
        InputError: no such chips, or unreadable ones.
    """
    images: dict[str, list[FloatImage]] = {}
    for site, chip in _chips(root, split, (*bands, *guide_bands)):
        images.setdefault(site, []).append(_one_step_coarser(chip, len(bands), guide_bands))
    return [Site(name, tuple(several)) for name, several in images.items()]


def _chips(root: Path, split: Split, bands: tuple[str, ...]) -> list[tuple[str, Chip]]:
    """Return the chips that have all bands, each with the name of its site."""
    folder = root / "sentinel2"
    chips = []
    for name, files in split_sentinel2([path.name for path in folder.glob("*.tif")])[split].items():
        for file in files:
            with open_alone(folder / file) as dataset:
                described = {SENTINEL2.band_named(each or "") for each in dataset.descriptions}
            if set(bands) <= described:
                chips.append((name, read_chip(folder / file, bands)))
    require_files(f"Chips in {folder} with {', '.join(bands)}", chips)
    return chips


def guided_originals(
    root: Path, split: Split, bands: tuple[str, ...], guide_bands: tuple[str, ...]
) -> list[tuple[str, FloatImage, FloatImage]]:
    """Return the chips of `guided_sites` as measured: site name, bands at 20 m, guide at 10 m, NaN without data.

    Raises:
        InputError: see `guided_sites`.
    """
    return [(site, *_measured(chip, len(bands))) for site, chip in _chips(root, split, (*bands, *guide_bands))]


def _measured(chip: Chip, own: int) -> tuple[FloatImage, FloatImage]:
    """Return the first `own` bands of a chip at 20 m, and the others at 10 m."""
    targets, guides = slice(own), slice(own, None)
    target = chip.on_native_grid(targets, pixel_m=20, align_m=20)
    guide = chip.on_native_grid(guides, pixel_m=10, align_m=20)
    if target is None or guide is None:
        even = chip.image[:, : chip.image.shape[1] // 2 * 2, : chip.image.shape[2] // 2 * 2]
        target, guide = halve(even[targets]), even[guides]
    return target, guide


def _one_step_coarser(chip: Chip, own: int, guide_bands: tuple[str, ...]) -> FloatImage:
    """Return the first `own` bands of a chip as measured at 20 m, and the others as the sensor would see them there."""
    target, guide = _measured(chip, own)
    mtf = wald_mtf(SENTINEL2.mtf_nyquist(guide_bands), 2)
    coarse = degrade(torch.from_numpy(np.nan_to_num(guide))[None], 2, mtf)[0].numpy()
    missing = np.isnan(target).any(0) | np.isnan(halve(guide)).any(0)
    return inner_rectangle(np.where(missing, np.nan, np.concatenate([target, coarse])))
