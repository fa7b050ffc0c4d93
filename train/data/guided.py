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
from train.data.drawn import DrawnConfig
from train.data.module import require_files
from train.data.native import FOLDERS, native_pairs
from train.data.native_grid import inner_rectangle
from train.data.simulated import SimulatedDataModule, ViewsConfig
from train.data.sources import Chip, Site, data_root, group_of, halve, read_chip
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
        native_share: share of the crops from images whose bands are all on the sensor's own grid, 0 to 1.
        interpolated: False to leave out chips whose 20 m bands were interpolated to 10 m: averaged back to 20 m, they
            are not as sharp, relative to the guide, as those of products.
        tones: standard deviation of the logarithm of a random factor for each band of a training crop. It makes ratios
            of bands that the images do not have.
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
        native_share: float = 0.0,
        interpolated: bool = True,
        tones: float = 0.0,
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
            drawn=DrawnConfig(),  # the guide would not have the lines
            **shared,
        )
        if not 0 <= native_share <= 1 or not 0 <= tones <= 1:
            raise InputError(f"native_share is {native_share} and tones is {tones}; expected 0 to 1 for both.")
        self.root, self.guide_bands = root, tuple(guide_bands)
        self.native_share, self.interpolated, self.tones = native_share, interpolated, tones

    def files(self) -> list[Path]:
        """Return all files that the data module reads."""
        folders = ("sentinel2", *(FOLDERS if self.native_share else ()))
        return [path for folder in folders for path in (data_root(self.root) / folder).glob("*.tif")]

    def datasets(self) -> tuple[RandomCrops, Dataset[Sample]]:
        """Return crops and validation images with the guide bands behind the model's bands."""
        root, asked = data_root(self.root), (self.bands, self.guide_bands)
        train, held_out = (
            guided_sites(root, split, *asked, interpolated=self.interpolated) for split in ("train", "val")
        )
        if self.native_share < 1 and not (train and held_out):
            raise InputError(
                f"No chip in {root} goes back to the sensor's grid; expected some for training and validation. "
                "Set interpolated to true, or native_share to 1."
            )
        groups = [(train, 1 - self.native_share)]
        if self.native_share:
            native = native_guided_sites(root, "train", *asked)
            require_files(f"Images in {root} with {', '.join((*self.bands, *self.guide_bands))}", native)
            groups.append((native, self.native_share))
            held_out += native_guided_sites(root, "val", *asked)
        crops = RandomCrops(groups, self.crop_hr_px, self.length, self.seed)
        return crops, ValidationImages(held_out, self.scale, _VALIDATION_PX, group_of)

    def on_after_batch_transfer(self, batch: Loaded, dataloader_idx: int) -> Batch:
        """Separate the guide from HR, and add LR."""
        own = len(self.bands)
        if self.tones and "site" not in batch:
            random = self.random_numbers(batch)
            factors = torch.randn(*batch["hr"].shape[:2], 1, 1, generator=random).to(batch["hr"].device)
            batch = {**batch, "hr": batch["hr"] * (self.tones * factors).exp()}
        alone: Loaded = {**batch, "hr": batch["hr"][:, :own]}
        return {**super().on_after_batch_transfer(alone, dataloader_idx), "guide": batch["hr"][:, own:]}


def guided_sites(
    root: Path, split: Split, bands: tuple[str, ...], guide_bands: tuple[str, ...], *, interpolated: bool = True
) -> list[Site]:
    """Return the Sentinel-2 chips of one side of the split that have all bands, at 20 m, the guide bands last.

    Args:
        root: the data folder.
        split: "train" or "val".
        bands: names of bands at 20 m.
        guide_bands: names of bands at 10 m.
        interpolated: False to leave out the chips that cannot go back to the sensor's grid.

    Raises:
        InputError: no such chips, or unreadable ones.
    """
    images: dict[str, list[FloatImage]] = {}
    for site, chip in _chips(root, split, (*bands, *guide_bands)):
        if not interpolated and chip.on_native_grid(slice(len(bands)), pixel_m=20, align_m=20) is None:
            continue
        images.setdefault(site, []).append(_one_step_coarser(*_measured(chip, len(bands)), guide_bands))
    return [Site(name, tuple(several)) for name, several in images.items()]


def native_guided_sites(root: Path, split: Split, bands: tuple[str, ...], guide_bands: tuple[str, ...]) -> list[Site]:
    """Return images whose bands are all on the sensor's own grid, as `guided_sites` does.

    Raises:
        InputError: an image cannot be read.
    """
    images: dict[str, list[FloatImage]] = {}
    for pair in native_pairs(root, split, bands, guide_bands):
        images.setdefault(pair.site, []).append(_one_step_coarser(pair.coarse, pair.fine, guide_bands))
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


def _measured(chip: Chip, own: int) -> tuple[FloatImage, FloatImage]:
    """Return the first `own` bands of a chip at 20 m, and the others at 10 m."""
    targets, guides = slice(own), slice(own, None)
    target = chip.on_native_grid(targets, pixel_m=20, align_m=20)
    guide = chip.on_native_grid(guides, pixel_m=10, align_m=20)
    if target is None or guide is None:
        even = chip.image[:, : chip.image.shape[1] // 2 * 2, : chip.image.shape[2] // 2 * 2]
        target, guide = halve(even[targets]), even[guides]
    return target, guide


def _one_step_coarser(target: FloatImage, guide: FloatImage, guide_bands: tuple[str, ...]) -> FloatImage:
    """Return bands measured at 20 m, and behind them the guide bands as the sensor would see them there."""
    mtf = wald_mtf(SENTINEL2.mtf_nyquist(guide_bands), 2)
    coarse = degrade(torch.from_numpy(np.nan_to_num(guide))[None], 2, mtf)[0].numpy()
    missing = np.isnan(target).any(0) | np.isnan(halve(guide)).any(0)
    return inner_rectangle(np.where(missing, np.nan, np.concatenate([target, coarse])))
