"""Drawing crops from images: by index, so that the same seed gives the same crops whatever ran before."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage

# Crops in a row that hold nodata, before the images are called empty.
_TRIES = 100
# Sun, season and haze change the brightness of a place more than this.
BRIGHTNESS = (0.8, 1.25)


class Pixels(Protocol):
    """An image of reflectance, (C, H, W), NaN where there is no data: an array, or a file read by the window."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W)."""
        ...

    def __getitem__(self, window: tuple[slice, slice, slice]) -> FloatImage:
        """A part of it."""
        ...


class Place(Protocol):
    """Images of one place, at one or more dates."""

    @property
    def name(self) -> str:
        """Unique."""
        ...

    @property
    def images(self) -> Sequence[Pixels]:
        """Reflectance."""
        ...


def fit_crop(image: Pixels, size: int) -> Pixels:
    """Mirror an image that is smaller than `size` until it isn't: it goes on without a seam."""
    rows, cols = max(0, size - image.shape[1]), max(0, size - image.shape[2])
    if not rows and not cols:
        return image
    return np.pad(image[:, :, :], ((0, 0), (0, rows), (0, cols)), mode="symmetric")


class RandomCrops(Dataset[Tensor]):
    """HR crops, turned, mirrored and brightened.

    Args:
        groups: lists of places with the share of crops that each list gets.
        size: HR pixels.
        length: crops per epoch.
        seed: of everything random here.
        brightness: least and greatest factor.
    """

    def __init__(
        self,
        groups: Sequence[tuple[Sequence[Place], float]],
        size: int,
        length: int,
        seed: int,
        brightness: tuple[float, float] = BRIGHTNESS,
    ) -> None:
        self.images = [[fit_crop(image, size) for site in sites for image in site.images] for sites, _ in groups]
        shares = np.array([share for _, share in groups], float)
        self.shares = shares / shares.sum()
        # A large image is drawn more often than a small one, but not as its area would have it: variety first.
        sides = [np.array([np.sqrt(image.shape[1] * image.shape[2]) for image in images]) for images in self.images]
        self.weights = [side / side.sum() for side in sides]
        self.size, self.length, self.seed = size, length, seed
        self.brightness = brightness
        self.epoch = 0

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Tensor:
        random = np.random.default_rng((self.seed, self.epoch, index))
        group, number, window = self.draw(random)
        (crop,) = turned(random, self.images[group][number][window])
        return torch.from_numpy(crop * np.float32(random.uniform(*self.brightness)))

    def draw(self, random: np.random.Generator) -> tuple[int, int, tuple[slice, slice, slice]]:
        """A group, the number of an image in it, and a window of that without nodata."""
        for _ in range(_TRIES):
            group = int(random.choice(len(self.shares), p=self.shares))
            number = int(random.choice(len(self.images[group]), p=self.weights[group]))
            image = self.images[group][number]
            row = int(random.integers(image.shape[1] - self.size + 1))
            col = int(random.integers(image.shape[2] - self.size + 1))
            window = (slice(None), slice(row, row + self.size), slice(col, col + self.size))
            if np.isfinite(image[window]).all():
                return group, number, window
        raise InputError("A hundred random crops in a row held nodata: the images are mostly empty.")


class ValidationImages(Dataset[dict[str, Any]]):
    """The middle of images that training never sees, cut to a multiple of the scale, at most `limit` pixels.

    Args:
        sites: of them.
        scale: of the model.
        limit: HR pixels along each axis.
        group: of a site, by which figures are averaged.
    """

    def __init__(
        self, sites: Sequence[Place], scale: int, limit: int, group: Callable[[str], str] = lambda name: "images"
    ) -> None:
        self.items = []
        for site in sites:
            for image in site.images:
                height, width = (min(side, limit) // scale * scale for side in image.shape[1:])
                row, col = (image.shape[1] - height) // 2, (image.shape[2] - width) // 2
                crop = image[:, row : row + height, col : col + width]
                if np.isfinite(crop).all():
                    hr = torch.from_numpy(np.ascontiguousarray(crop))
                    self.items.append({"hr": hr, "site": site.name, "group": group(site.name)})
        if not self.items:
            raise InputError("No validation image is free of nodata in its middle.")

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.items[index]


def turned(random: np.random.Generator, *images: FloatImage) -> list[FloatImage]:
    """All of them turned and mirrored in the same way, one of eight."""
    turns, mirrored = int(random.integers(4)), bool(random.integers(2))
    result = [np.rot90(image, turns, axes=(-2, -1)) for image in images]
    return [np.ascontiguousarray(image[..., ::-1] if mirrored else image) for image in result]
