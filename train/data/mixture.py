"""The mixture that the bundled models learn from: Sentinel-2 for its tones, NAIP for its detail."""

from pathlib import Path

from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.sensors import sentinel2 as band_table
from train.data.crops import RandomCrops, ValidationImages
from train.data.degradation import SensorJitter
from train.data.module import SRDataModule, ViewsConfig
from train.data.sources import Site, band_moments, data_root, naip_sites, sentinel2_sites

# HR pixels of a validation image along each axis.
_VALIDATION_PX = 256
_COARSE_M = 2.4
_NAIP_GSD_M = (_COARSE_M, 1.2)


class MixtureDataModule(SRDataModule):
    """NAIP + Sentinel-2, LR made by the sensor model on the device that trains. See `SRDataModule`.

    Args:
        root: folder with sentinel2/ and naip/; by default the environment variable RS_SRGAN_DATA.
        scale: 2, 4 or 8, the model's.
        bands: the model's, of B04, B03, B02, B08, which NAIP has.
        mtf_nyquist: the model's; empty: Sentinel-2's.
        crop_lr_px: size of the training crops.
        batch_size: crops per step.
        steps_per_epoch: between two validations.
        sentinel2_share: of the crops; the rest is NAIP.
        naip_gsd_m: pixel sizes of NAIP, of 2.4 m, 64 x 64 px, and 1.2 m, 128 x 128 px, in equal parts; the first one
            validates. Tiles smaller than a crop are mirrored.
        jitter: how the simulated sensor varies.
        views: synthetic revisits.
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
        naip_gsd_m: tuple[float, ...] = _NAIP_GSD_M,
        jitter: SensorJitter = SensorJitter(),  # frozen
        views: ViewsConfig = ViewsConfig(),  # frozen
        seed: int = 0,
    ) -> None:
        foreign = [band for band in bands if band not in band_table.RGBN]
        if foreign:
            raise InputError(f"The mixture has no {', '.join(foreign)}: NAIP holds {', '.join(band_table.RGBN)}.")
        super().__init__(
            scale, bands, mtf_nyquist, crop_lr_px, batch_size, steps_per_epoch, jitter=jitter, views=views, seed=seed
        )
        if not naip_gsd_m or set(naip_gsd_m) - set(_NAIP_GSD_M):
            raise InputError(f"naip_gsd_m is {tuple(naip_gsd_m)}; expected one or both of {_NAIP_GSD_M}.")
        if not 0 <= sentinel2_share <= 1:
            raise InputError(f"sentinel2_share is {sentinel2_share}; expected 0 to 1, the share of Sentinel-2's crops.")
        self.root, self.sentinel2_share, self.naip_gsd_m = root, sentinel2_share, tuple(naip_gsd_m)

    def files(self) -> list[Path]:
        """All that it reads."""
        root = data_root(self.root)
        return [*(root / "sentinel2").glob("*.tif"), *(root / "naip").glob("*.*")]

    def datasets(self) -> tuple[Dataset[object], Dataset[object]]:
        """All images in memory, a few hundred MB."""
        root = data_root(self.root)
        sentinel2 = sentinel2_sites(root, "train", self.bands)
        moments = band_moments(sentinel2)
        groups = [(sentinel2, self.sentinel2_share)]
        for gsd in self.naip_gsd_m:
            tiles = naip_sites(root, "train", moments, self.bands, coarsen=gsd == _COARSE_M)
            groups.append((tiles, (1 - self.sentinel2_share) / len(self.naip_gsd_m)))
        held_out = sentinel2_sites(root, "val", self.bands)
        held_out += naip_sites(root, "val", moments, self.bands, coarsen=self.naip_gsd_m[0] == _COARSE_M)
        validation = ValidationImages(
            held_out, self.scale, _VALIDATION_PX, lambda name: "naip" if name.startswith("naip/") else "sentinel2"
        )
        return self.training_crops(groups), validation

    def training_crops(self, groups: list[tuple[list[Site], float]]) -> Dataset[object]:
        """What is drawn from the training sites."""
        return RandomCrops(groups, self.crop_hr_px, self.length, self.seed)
