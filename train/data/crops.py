"""Random crops and validation images: the datasets of images that are held as HR only."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage
from train.data.batch import Sample

logger = logging.getLogger(__name__)

# Least share of the pixels of a validation image that hold data, if holes are allowed.
LEAST_DATA = 0.5
# Attempts to find a crop without nodata before the images count as empty.
TRIES = 100
# Least and greatest brightness factor; sun, season and haze change the brightness of a place even more.
BRIGHTNESS = (0.8, 1.25)


class Pixels(Protocol):
    """Image of reflectance, (C, H, W), NaN where there is no data: an array, or a file that is read by window."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W)."""
        ...

    def __getitem__(self, window: tuple[slice, slice, slice]) -> FloatImage:
        """Return a window of the image."""
        ...


class Place(Protocol):
    """Images of one place, of one or more dates."""

    @property
    def name(self) -> str:
        """Unique name."""
        ...

    @property
    def images(self) -> Sequence[Pixels]:
        """Images of the place, reflectance."""
        ...


def fit_crop(image: Pixels, size: int) -> Pixels:
    """Return an image of at least `size` pixels along each axis; a smaller one is mirrored at its lower right."""
    rows, cols = max(0, size - image.shape[1]), max(0, size - image.shape[2])
    if not rows and not cols:
        return image
    return np.pad(image[:, :, :], ((0, 0), (0, rows), (0, cols)), mode="symmetric")


class Crops(Dataset[Sample]):
    """Base class of random crops. Seed, epoch and index decide a crop, whatever was drawn before.

    Args:
        length: crops per epoch.
        seed: seed of all random numbers.
    """

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed = length, seed
        self.epoch = 0  # set by the data module

    def __len__(self) -> int:
        return self.length

    def random_numbers(self, index: int) -> np.random.Generator:
        """Return the random numbers of a crop."""
        return np.random.default_rng((self.seed, self.epoch, index))


class RandomCrops(Crops):
    """HR crops, turned, mirrored and brightened.

    Args:
        groups: lists of places, each with its share of the crops.
        size: side of the crops, HR pixels.
        length: crops per epoch.
        seed: seed of all random numbers.
        brightness: least and greatest factor on reflectance.
    """

    def __init__(
        self,
        groups: Sequence[tuple[Sequence[Place], float]],
        size: int,
        length: int,
        seed: int,
        brightness: tuple[float, float] = BRIGHTNESS,
    ) -> None:
        super().__init__(length, seed)
        self.images = [[fit_crop(image, size) for site in sites for image in site.images] for sites, _ in groups]
        shares = np.array([share for _, share in groups], float)
        self.shares = shares / shares.sum()
        # The root of the area: large images are drawn more often, but do not crowd out the variety of the small ones.
        sides = [np.array([np.sqrt(image.shape[1] * image.shape[2]) for image in images]) for images in self.images]
        self.weights = [side / side.sum() for side in sides]
        self.size, self.brightness = size, brightness

    def __getitem__(self, index: int) -> Sample:
        random = self.random_numbers(index)
        group, number, window = self.draw(random)
        (crop,) = turned(random, self.images[group][number][window])
        return {"hr": torch.from_numpy(crop * np.float32(random.uniform(*self.brightness)))}

    def draw(self, random: np.random.Generator) -> tuple[int, int, tuple[slice, slice, slice]]:
        """Draw a group, the number of an image in it, and a window of that image without nodata.

        Raises:
            InputError: all windows that were tried hold nodata.
        """
        for _ in range(TRIES):
            group = int(random.choice(len(self.shares), p=self.shares))
            number = int(random.choice(len(self.images[group]), p=self.weights[group]))
            image = self.images[group][number]
            row = int(random.integers(image.shape[1] - self.size + 1))
            col = int(random.integers(image.shape[2] - self.size + 1))
            window = (slice(None), slice(row, row + self.size), slice(col, col + self.size))
            if np.isfinite(image[window]).all():
                return group, number, window
        raise InputError(
            f"{TRIES} random crops in a row hold nodata: the images are mostly empty. Remove empty images, or lower "
            "crop_lr_px."
        )


class ValidationImages(Dataset[Sample]):
    """Parts of the images that training never sees, cut to a multiple of the scale. Images left out are named.

    Args:
        sites: places to validate on.
        scale: HR pixels per LR pixel along each axis.
        limit: greatest height and width, HR pixels.
        group: function from the name of a site to the name of its group.
        holes: True: pixels without data are NaN, and do not count; an image is left out if no part of it holds data in
            half of its pixels. False: only the middle of an image counts, and only if it has no hole.

    Raises:
        InputError: all images are left out.
    """

    def __init__(
        self,
        sites: Sequence[Place],
        scale: int,
        limit: int,
        group: Callable[[str], str] = lambda name: "images",
        *,
        holes: bool = False,
    ) -> None:
        self.items: list[Sample] = []
        left_out: list[str] = []
        for site in sites:
            for image in site.images:
                height, width = (min(side, limit) // scale * scale for side in image.shape[1:])
                parts = _parts((image.shape[1], image.shape[2]), height, width)
                for row, col in parts if holes else [next(parts)]:
                    crop = image[:, row : row + height, col : col + width]
                    if data_share(crop) >= (LEAST_DATA if holes else 1):
                        hr = torch.from_numpy(np.ascontiguousarray(crop))
                        self.items.append({"hr": hr, "site": site.name, "group": group(site.name)})
                        break
                else:
                    left_out.append(site.name)
        if not self.items:
            raise InputError(
                f"All validation images have nodata: {', '.join(sorted(set(left_out)))}; expected at least one with "
                "data. Add images, or fill their holes."
            )
        if left_out:
            names = ", ".join(sorted(set(left_out)))
            logger.warning("Validation leaves out %d images with too little data: %s.", len(left_out), names)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Sample:
        return self.items[index]


def data_share(image: FloatImage) -> float:
    """Return the share of the pixels of an image, (..., H, W), that hold data in all bands, 0 to 1."""
    return float(np.isfinite(image).reshape(-1, *image.shape[-2:]).all(0).mean())


def _parts(shape: tuple[int, int], height: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield the corners of parts of an image, its middle first, then parts along its edges."""
    down, right = shape[0] - height, shape[1] - width
    middle = (down // 2, right // 2)
    yield middle
    yield from sorted({(row, col) for row in (0, down // 2, down) for col in (0, right // 2, right)} - {middle})


def turned(random: np.random.Generator, *images: FloatImage) -> list[FloatImage]:
    """Return the images turned and mirrored, all in the same one of eight ways."""
    turns, mirrored = int(random.integers(4)), bool(random.integers(2))
    result = [np.rot90(image, turns, axes=(-2, -1)) for image in images]
    return [np.ascontiguousarray(image[..., ::-1] if mirrored else image) for image in result]
