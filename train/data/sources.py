"""Sources of HR images, in memory, as reflectance: Sentinel-2 chips and NAIP aerial tiles.

Both show the scene as an instrument with Sentinel-2's MTF would see it on the fine grid. Sentinel-2 images are used as
they are. NAIP images are sharper, and the sensor model blurs them.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rasterio.crs import CRS
from rasterio.errors import RasterioIOError
from rasterio.transform import Affine
from scipy.ndimage import gaussian_filter

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage, match_moments
from rs_srgan.reading.gdal import open_alone
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, psf_sigma
from train.data.native_grid import inner_rectangle, to_native_grid
from train.data.splits import Split, split_naip, split_sentinel2

# Chips whose 10 m bands were thinned out to 20 m by nearest neighbour. Their spectrum is flat up to the Nyquist
# frequency, which no sensor measures, so they are averaged over 2 x 2 pixels first.
THINNED_OUT = "ca_fire_"

# NAIP is stretched for display. This exponent makes its tones about linear before its moments match reflectance.
_NAIP_GAMMA = 1.8


@dataclass(frozen=True)
class Site:
    """Images of one place, of one or more dates.

    Attributes:
        name: unique name.
        images: reflectance, (C, H, W) each, NaN where there is no data.
    """

    name: str
    images: tuple[FloatImage, ...]


def group_of(site: str) -> str:
    """Return the group of a site by its name, "group/place"; chips of Sentinel-2 have no group in their names."""
    return site.split("/")[0] if "/" in site else "sentinel2"


def data_root(root: str | None = None) -> Path:
    """Return the folder with sentinel2/ and naip/: `root`, or the environment variable RS_SRGAN_DATA.

    Raises:
        InputError: neither names a folder.
    """
    value = root or os.environ.get("RS_SRGAN_DATA", "")
    if not value:
        raise InputError("No data folder: set RS_SRGAN_DATA or data.root to the folder with sentinel2/ and naip/.")
    if not Path(value).is_dir():
        raise InputError(f"The data folder {value} does not exist. Set RS_SRGAN_DATA or data.root to an existing one.")
    return Path(value)


@dataclass(frozen=True)
class Chip:
    """Image of the Sentinel-2 collection.

    Attributes:
        image: reflectance, (C, H, W), NaN where there is no data.
        crs: coordinate reference system of the image, if it has one.
        grid: affine transform from pixels to `crs`.
    """

    image: FloatImage
    crs: CRS | None
    grid: Affine

    def on_native_grid(self, bands: slice, pixel_m: int, align_m: int) -> FloatImage | None:
        """Return some of the bands on the grid of the sensor; see `to_native_grid`."""
        return to_native_grid(self.image[bands], self.crs, self.grid, pixel_m, align_m)


def read_chip(path: Path, bands: Iterable[str]) -> Chip:
    """Read bands of a chip by their descriptions, reflectance = DN / 10000.

    Raises:
        InputError: the file cannot be read, or lacks a band.
    """
    try:
        with open_alone(path) as dataset:
            names = [SENTINEL2.band_named(description or "") for description in dataset.descriptions]
            missing = [band for band in bands if band not in names]
            if missing:
                raise InputError(f"{path} lacks {', '.join(missing)}; it has {', '.join(map(str, names))}.")
            dn = dataset.read([names.index(band) + 1 for band in bands])
            crs, grid = dataset.crs, dataset.transform
    except RasterioIOError as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    image: FloatImage = dn.astype(np.float32) / 10000
    image[:, (dn == 0).all(0)] = np.nan
    return Chip(image, crs, grid)


def halve(image: FloatImage) -> FloatImage:
    """Return an image (C, H, W) averaged over 2 x 2 pixels, without an odd last row or column."""
    bands, height, width = image.shape
    blocks = image[:, : height // 2 * 2, : width // 2 * 2].reshape(bands, height // 2, 2, width // 2, 2)
    means: FloatImage = blocks.mean((2, 4))
    return means


def sentinel2_sites(root: Path, split: Split, bands: tuple[str, ...] = RGBN) -> list[Site]:
    """Return the Sentinel-2 chips of one side of the split, as close to the measured 10 m pixels as possible.

    Raises:
        InputError: no chips, or unreadable ones.
    """
    folder = root / "sentinel2"
    files = [path.name for path in folder.glob("*.tif") if not path.name.startswith("galicia")]  # 20 m bands only
    if not files:
        raise InputError(f"{folder} has no GeoTIFFs; expected chips of Sentinel-2.")
    sites = []
    for name, members in split_sentinel2(files)[split].items():
        images = []
        for file in members:
            chip = read_chip(folder / file, bands)
            native = chip.on_native_grid(slice(None), pixel_m=10, align_m=10)
            if native is not None:
                images.append(inner_rectangle(native))
            else:
                images.append(halve(chip.image) if file.startswith(THINNED_OUT) else chip.image)
        sites.append(Site(name, tuple(images)))
    return sites


def band_moments(sites: list[Site]) -> tuple[FloatImage, FloatImage]:
    """Return mean and standard deviation of every band in every image: two arrays (images, C)."""
    images = [image for site in sites for image in site.images]
    return (
        np.array([np.nanmean(image, (1, 2)) for image in images], np.float32),
        np.array([np.nanstd(image, (1, 2)) for image in images], np.float32),
    )


def naip_sites(
    root: Path,
    split: Split,
    moments: tuple[FloatImage, FloatImage],
    bands: tuple[str, ...] = RGBN,
    coarsen: bool = True,
) -> list[Site]:
    """Return the NAIP tiles of one side of the split, with the tones of Sentinel-2.

    Args:
        root: folder that contains naip/.
        split: "train" or "val".
        moments: moments of Sentinel-2 images, from `band_moments`; each location takes the tones of one image.
        bands: names of the bands, any of B04, B03, B02 and B08; the same as in `moments`.
        coarsen: True: 2.4 m, 64 x 64 px, by the sensor model; False: 1.2 m, 128 x 128 px.

    Raises:
        InputError: no split file, or unreadable tiles.
    """
    folder = root / "naip"
    mtf = SENTINEL2.mtf_nyquist(bands)
    indexes = [RGBN.index(band) + 1 for band in bands]
    sigma = psf_sigma(torch.tensor(mtf), 1).numpy()
    means, stds = moments
    sites = []
    for index, (name, members) in enumerate(split_naip(folder)[split].items()):
        images = []
        for file in members:
            try:
                with open_alone(folder / file) as dataset:
                    display = dataset.read(indexes).astype(np.float32) / 255
            except RasterioIOError as error:
                raise InputError(f"{folder / file} cannot be read: {error}") from None
            linear = display**_NAIP_GAMMA
            if coarsen:
                linear = degrade(torch.from_numpy(linear)[None], 2, mtf)[0].numpy()
            else:
                linear = np.stack([gaussian_filter(band, s) for band, s in zip(linear, sigma, strict=True)])
            choice = index % len(means)
            images.append(np.clip(match_moments(linear, means[choice], stds[choice]), 0, None))
        sites.append(Site(f"naip/{name}", tuple(images)))
    return sites
