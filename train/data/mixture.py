"""MixtureDataModule: the training data of the bundled models, Sentinel-2 for its tones and NAIP for its detail."""

from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.sensors import RGBN
from train.data.batch import Sample
from train.data.crops import BRIGHTNESS, RandomCrops, ValidationImages
from train.data.native import FOLDERS, native_sites
from train.data.simulated import SimulatedDataModule
from train.data.sources import Site, band_moments, data_root, group_of, naip_sites, sentinel2_sites

# Greatest height and width of a validation image, HR pixels.
_VALIDATION_PX = 256
_COARSE_M = 2.4
_NAIP_GSD_M = (_COARSE_M, 1.2)
# Share of images that nearest neighbour moved among the native ones.
_MOVED_SHARE = 0.1


class MixtureDataModule(SimulatedDataModule):
    """NAIP and Sentinel-2 as HR; LR is made by the sensor model. See `SRDataModule`.

    The bands must be among B04, B03, B02 and B08, because NAIP has no others.

    Args:
        root: folder with sentinel2/, sentinel2_native/ and naip/; the environment variable RS_SRGAN_DATA if left out.
        sentinel2_share: share of Sentinel-2 in the crops, 0 to 1; the rest is NAIP.
        native_share: share of Sentinel-2's crops that come from images on the sensor's own grid, 0 to 1. A tenth of
            these are from images that nearest neighbour moved to another grid.
        naip_gsd_m: pixel sizes of NAIP, metres, in equal parts: 2.4 (tiles of 64 x 64 px) and 1.2 (128 x 128 px). The
            first one validates. Tiles smaller than a crop are mirrored.
        brightness: least and greatest factor on the reflectance of a crop.
        **shared: parameters of `SimulatedDataModule` and `SRDataModule`.
    """

    def __init__(
        self,
        root: str | None = None,
        *,
        sentinel2_share: float = 0.5,
        native_share: float = 0.0,
        naip_gsd_m: tuple[float, ...] = _NAIP_GSD_M,
        brightness: tuple[float, float] = BRIGHTNESS,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**shared)
        foreign = [band for band in self.bands if band not in RGBN]
        if foreign:
            raise InputError(f"The mixture has no {', '.join(foreign)}; expected bands of NAIP: {', '.join(RGBN)}.")
        if not naip_gsd_m or set(naip_gsd_m) - set(_NAIP_GSD_M):
            raise InputError(f"naip_gsd_m is {tuple(naip_gsd_m)}; expected one or both of {_NAIP_GSD_M}.")
        for name, share in (("sentinel2_share", sentinel2_share), ("native_share", native_share)):
            if not 0 <= share <= 1:
                raise InputError(f"{name} is {share}; expected a share of the crops, 0 to 1.")
        if not 0 < brightness[0] <= brightness[1]:
            raise InputError(f"brightness is {tuple(brightness)}; expected a least and a greatest factor above 0.")
        self.root, self.naip_gsd_m, self.brightness = root, tuple(naip_gsd_m), brightness
        self.sentinel2_share, self.native_share = sentinel2_share, native_share

    def files(self) -> list[Path]:
        """Return all files that the data module reads."""
        root = data_root(self.root)
        native = [path for folder in FOLDERS for path in (root / folder).glob("*.*")] if self.native_share else []
        return [*(root / "sentinel2").glob("*.tif"), *native, *(root / "naip").glob("*.*")]

    def datasets(self) -> tuple[RandomCrops, Dataset[Sample]]:
        """Return crops and validation images, all in memory: a few hundred MB."""
        root = data_root(self.root)
        sentinel2 = sentinel2_sites(root, "train", self.bands)
        moments = band_moments(sentinel2)
        groups = [(sentinel2, self.sentinel2_share * (1 - self.native_share))]
        if self.native_share:
            groups += self._native(root)
        for gsd in self.naip_gsd_m:
            tiles = naip_sites(root, "train", moments, self.bands, coarsen=gsd == _COARSE_M)
            groups.append((tiles, (1 - self.sentinel2_share) / len(self.naip_gsd_m)))
        held_out = sentinel2_sites(root, "val", self.bands)
        held_out += naip_sites(root, "val", moments, self.bands, coarsen=self.naip_gsd_m[0] == _COARSE_M)
        if self.native_share:
            held_out += native_sites(root, "val", self.bands)
        validation = ValidationImages(held_out, self.scale, _VALIDATION_PX, group_of)
        return self.training_crops(groups), validation

    def _native(self, root: Path) -> list[tuple[list[Site], float]]:
        """Return the images on the sensor's grid, and those that were moved, each with their share of the crops.

        Raises:
            InputError: there are none.
        """
        untouched, moved = (native_sites(root, "train", self.bands, resampled=each) for each in (False, True))
        if not untouched or not moved:
            raise InputError(f"{root} has no {' and '.join(FOLDERS)}; expected them, or native_share 0.")
        share = self.sentinel2_share * self.native_share
        return [(untouched, share * (1 - _MOVED_SHARE)), (moved, share * _MOVED_SHARE)]

    def training_crops(self, groups: list[tuple[list[Site], float]]) -> RandomCrops:
        """Return the crops of the training sites."""
        return RandomCrops(groups, self.crop_hr_px, self.length, self.seed, self.brightness)
