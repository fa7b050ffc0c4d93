"""Random crops and validation images: the datasets of images that are held as HR only."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage
from train.data.batch import Sample

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
    """Middles of the images that training never sees, cut to a multiple of the scale.

    Args:
        sites: places to validate on.
        scale: HR pixels per LR pixel along each axis.
        limit: greatest height and width, HR pixels.
        group: function from the name of a site to the name of its group.

    Raises:
        InputError: all middles hold nodata.
    """

    def __init__(
        self, sites: Sequence[Place], scale: int, limit: int, group: Callable[[str], str] = lambda name: "images"
    ) -> None:
        self.items: list[Sample] = []
        for site in sites:
            for image in site.images:
                height, width = (min(side, limit) // scale * scale for side in image.shape[1:])
                row, col = (image.shape[1] - height) // 2, (image.shape[2] - width) // 2
                crop = image[:, row : row + height, col : col + width]
                if np.isfinite(crop).all():
                    hr = torch.from_numpy(np.ascontiguousarray(crop))
                    self.items.append({"hr": hr, "site": site.name, "group": group(site.name)})
        if not self.items:
            raise InputError("All validation images have nodata in their middle; expected at least one without.")

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Sample:
        return self.items[index]


def turned(random: np.random.Generator, *images: FloatImage) -> list[FloatImage]:
    """Return the images turned and mirrored, all in the same one of eight ways."""
    turns, mirrored = int(random.integers(4)), bool(random.integers(2))
    result = [np.rot90(image, turns, axes=(-2, -1)) for image in images]
    return [np.ascontiguousarray(image[..., ::-1] if mirrored else image) for image in result]
