"""The mixture that the bundled models learn from: Sentinel-2 for its tones, NAIP for its detail."""

from typing import Any

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from rs_srgan import bands as band_table
from rs_srgan.errors import InputError
from rs_srgan.physics import SCALES, degrade, wald_mtf
from train.data.degradation import SensorJitter, simulate_lr
from train.data.sources import FloatImage, Site, band_moments, data_root, naip_sites, sentinel2_sites


def fit_crop(image: FloatImage, size: int) -> FloatImage:
    """Mirror an image that is smaller than `size` until it isn't: it goes on without a seam."""
    rows, cols = max(0, size - image.shape[1]), max(0, size - image.shape[2])
    return np.pad(image, ((0, 0), (0, rows), (0, cols)), mode="symmetric") if rows or cols else image


class RandomCrops(Dataset[Tensor]):
    """HR crops, drawn by index: the same seed and index give the same crop, whatever ran before.

    Args:
        groups: lists of sites with the share of crops that each list gets.
        size: HR pixels.
        length: crops per epoch.
        seed: of everything random here.
    """

    def __init__(self, groups: list[tuple[list[Site], float]], size: int, length: int, seed: int) -> None:
        self.images = [[fit_crop(image, size) for site in sites for image in site.images] for sites, _ in groups]
        shares = np.array([share for _, share in groups], float)
        self.shares = shares / shares.sum()
        # A large image is drawn more often than a small one, but not as its area would have it: variety first.
        areas = [np.array([np.isfinite(image[0]).sum() for image in images], float) ** 0.5 for images in self.images]
        self.weights = [area / area.sum() for area in areas]
        self.size, self.length, self.seed = size, length, seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Tensor:
        random = np.random.default_rng((self.seed, self.epoch, index))
        for _ in range(100):
            group = random.choice(len(self.shares), p=self.shares)
            image = self.images[group][random.choice(len(self.images[group]), p=self.weights[group])]
            row = random.integers(image.shape[1] - self.size + 1)
            col = random.integers(image.shape[2] - self.size + 1)
            crop = image[:, row : row + self.size, col : col + self.size]
            if np.isfinite(crop).all():
                break
        else:
            raise InputError("A hundred random crops in a row held nodata: the images are mostly empty.")
        crop = np.rot90(crop, int(random.integers(4)), axes=(1, 2))
        if random.integers(2):
            crop = crop[:, :, ::-1]
        # Sun, season and haze change the brightness of a place more than this.
        return torch.from_numpy(np.ascontiguousarray(crop * np.float32(random.uniform(0.8, 1.25))))


class ValidationImages(Dataset[dict[str, Any]]):
    """Whole images of sites that training never sees, cut to the largest multiple of the scale, at most `limit` px."""

    def __init__(self, sites: list[Site], scale: int, limit: int) -> None:
        self.items = []
        for site in sites:
            for image in site.images:
                height, width = (min(side, limit) // scale * scale for side in image.shape[1:])
                row, col = (image.shape[1] - height) // 2, (image.shape[2] - width) // 2
                crop = image[:, row : row + height, col : col + width]
                if np.isfinite(crop).all():
                    group = "naip" if site.name.startswith("naip/") else "sentinel2"
                    hr = torch.from_numpy(np.ascontiguousarray(crop))
                    self.items.append({"hr": hr, "site": site.name, "group": group})

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.items[index]


class MixtureDataModule(L.LightningDataModule):
    """NAIP + Sentinel-2, LR made by the sensor model on the device that trains.

    Args:
        root: folder with sentinel2/ and naip/; by default the environment variable RS_SRGAN_DATA.
        scale: 2, 4 or 8, the model's.
        bands: the model's, of B04, B03, B02, B08, which NAIP has.
        mtf_nyquist: the model's; empty: Sentinel-2's.
        crop_lr_px: size of the training crops.
        batch_size: crops per step.
        steps_per_epoch: between two validations.
        sentinel2_share: of the crops; the rest is NAIP, at 2.4 m and 1.2 m in equal parts.
        jitter: how the simulated sensor varies.
        seed: of crops and degradation.
    """

    def __init__(
        self,
        root: str | None = None,
        scale: int = 4,
        bands: tuple[str, ...] = band_table.RGBN,
        mtf_nyquist: tuple[float, ...] = (),
        crop_lr_px: int = 32,
        batch_size: int = 12,
        steps_per_epoch: int = 1000,
        sentinel2_share: float = 0.5,
        jitter: SensorJitter = SensorJitter(),  # frozen
        seed: int = 0,
    ) -> None:
        super().__init__()
        if scale not in SCALES:
            raise InputError(f"scale is {scale}; expected one of {SCALES}.")
        foreign = [band for band in bands if band not in band_table.RGBN]
        if foreign:
            raise InputError(f"The mixture has no {', '.join(foreign)}: NAIP holds {', '.join(band_table.RGBN)}.")
        self.root, self.scale, self.seed = root, scale, seed
        self.bands = tuple(bands)
        self.mtf = tuple(mtf_nyquist) or band_table.mtf_nyquist(self.bands)
        self.crop_lr_px, self.batch_size, self.steps_per_epoch = crop_lr_px, batch_size, steps_per_epoch
        self.sentinel2_share = sentinel2_share
        self.jitter = jitter

    def setup(self, stage: str) -> None:
        """Read all images into memory, a few hundred MB."""
        root = data_root(self.root)
        sentinel2 = sentinel2_sites(root, "train", self.bands)
        moments = band_moments(sentinel2)
        naip_share = (1 - self.sentinel2_share) / 2
        self.crops = RandomCrops(
            [
                (sentinel2, self.sentinel2_share),
                (naip_sites(root, "train", moments, self.bands), naip_share),
                (naip_sites(root, "train", moments, self.bands, coarsen=False), naip_share),
            ],
            self.crop_lr_px * self.scale,
            self.steps_per_epoch * self.batch_size,
            self.seed,
        )
        held_out = sentinel2_sites(root, "val", self.bands) + naip_sites(root, "val", moments, self.bands)
        self.validation = ValidationImages(held_out, self.scale, limit=256)

    def train_dataloader(self) -> DataLoader[Tensor]:
        """Crops of this epoch; reloaded every epoch, so that a resumed run goes on where it stopped."""
        self.crops.epoch = self.trainer.current_epoch if self.trainer else 0
        return DataLoader(self.crops, self.batch_size)

    def val_dataloader(self) -> DataLoader[dict[str, Any]]:
        """One whole image at a time."""
        return DataLoader(self.validation, 1)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> dict[str, Any]:  # noqa: ANN401
        """Add LR: jittered in training, the fixed sensor in validation."""
        if isinstance(batch, dict):
            return {**batch, "lr": degrade(batch["hr"], self.scale, wald_mtf(self.mtf, self.scale))}
        step = self.trainer.global_step if self.trainer else 0
        random = torch.Generator().manual_seed(hash((self.seed, step)) & 0x7FFFFFFF)
        return {"hr": batch, "lr": simulate_lr(batch, self.scale, self.mtf, self.jitter, random)}
