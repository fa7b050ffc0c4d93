"""LR and HR that were taken by different instruments: brought together in tone and place, then cropped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.utils.data import Dataset

from rs_srgan import bands as band_table
from rs_srgan.errors import InputError
from rs_srgan.io.opening import open_raster
from rs_srgan.radiometry import FloatImage, match_histogram, match_moments
from rs_srgan.registration import find_shift
from rs_srgan.tiling import Window
from train.data.crops import turned
from train.data.module import SRDataModule, require_files
from train.data.splits import Split, refuse_leaks, split_by_hash

Matching = Literal["none", "histogram", "moments"]

# Below this correlation an alignment says nothing, and is not applied.
_CONFIDENT = 0.6
_SPLINE_REACH_PX = 3
_SUFFIXES = (".tif", ".tiff", ".jp2", ".png", ".npy")


@dataclass(frozen=True)
class Pair:
    """Files of one place: HR, and LR at one or more dates, the nearest in time first."""

    site: str
    hr: Path
    lr: tuple[Path, ...]


def read_whole(path: Path, bands: tuple[str, ...]) -> FloatImage:
    """All of a raster, reflectance (C, H, W), NaN where there is no data."""
    with open_raster(path, bands) as raster:
        image, valid = raster.read(Window(0, 0, raster.grid.height, raster.grid.width))
    image[~valid] = np.nan
    return image


@dataclass(frozen=True)
class PairLoader:
    """Reads a pair, and brings HR to LR in tone and place.

    Attributes:
        bands: to read.
        scale: that HR has to LR.
        matching: of HR's tones to those of the first LR: "none", "histogram" or "moments".
        align: shift HR by what it is off against the first LR.
        views: how many LR images; the last is repeated where there are fewer.
    """

    bands: tuple[str, ...]
    scale: int
    matching: Matching = "none"
    align: bool = False
    views: int = 1

    def __call__(self, pair: Pair) -> tuple[FloatImage, FloatImage]:
        """LR (T, C, h, w) and HR (C, h * scale, w * scale), reflectance, NaN where there is no data.

        Raises:
            InputError: sizes that the scale does not join, or LR images of different sizes.
        """
        hr = read_whole(pair.hr, self.bands)
        paths = (*pair.lr, *[pair.lr[-1]] * self.views)[: self.views]
        images = [read_whole(path, self.bands) for path in paths]
        for path, image in zip(paths, images, strict=True):
            if tuple(side * self.scale for side in image.shape[1:]) != hr.shape[1:]:
                raise InputError(
                    f"{pair.hr} has {hr.shape[2]} x {hr.shape[1]} pixels and {path} {image.shape[2]} x "
                    f"{image.shape[1]}; expected {self.scale} times as many along each axis."
                )
        lr = np.stack(images)
        return lr, self._aligned(matched(hr, lr[0], self.matching), lr[0])

    def _aligned(self, hr: FloatImage, lr: FloatImage) -> FloatImage:
        if not self.align:
            return hr
        coarse = hr.reshape(hr.shape[0], lr.shape[1], self.scale, lr.shape[2], self.scale).mean((2, 4))
        shift = find_shift(lr.mean(0), coarse.mean(0))
        if shift.confidence < _CONFIDENT:
            return hr
        off = (0, -shift.rows * self.scale, -shift.cols * self.scale)
        hidden = ~np.isfinite(hr)
        # a cubic spline rings where data ends: those pixels are lost as well
        reached = ndimage.binary_dilation(hidden, np.ones((1, 3, 3), bool), _SPLINE_REACH_PX)
        missing = ndimage.shift(reached.astype(np.float32), off, order=1, cval=1) > 0
        filled = np.where(hidden, np.nanmean(hr, (1, 2), keepdims=True), hr)
        moved: FloatImage = ndimage.shift(filled, off, order=3, mode="nearest").astype(np.float32)
        moved[missing] = np.nan
        return moved


def matched(image: FloatImage, like: FloatImage, how: Matching) -> FloatImage:
    """An image (C, H, W) with the tones of another, band by band."""
    if how == "moments":
        return match_moments(image, np.nanmean(like, (1, 2)), np.nanstd(like, (1, 2)))
    return match_histogram(image, like) if how == "histogram" else image


class PairCrops(Dataset[dict[str, Tensor]]):
    """Crops of pairs, by index; a crop without nodata.

    Args:
        pairs: whatever `load` takes.
        load: to LR (T, C, h, w) and HR (C, H, W).
        size_lr_px: of the crops.
        length: crops per epoch.
        seed: of everything random here.
        weights: how often each pair is drawn; equally if left out.
        stack: keep the dimension of the views, even of one.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        load: Callable[[Pair], tuple[FloatImage, FloatImage]],
        size_lr_px: int,
        length: int,
        seed: int,
        weights: np.ndarray[Any, np.dtype[np.float64]] | None = None,
        stack: bool = False,
    ) -> None:
        self.pairs, self.load, self.size, self.length, self.seed = pairs, load, size_lr_px, length, seed
        self.weights = np.full(len(pairs), 1 / len(pairs)) if weights is None else weights / weights.sum()
        self.stack = stack
        self.epoch = 0

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        random = np.random.default_rng((self.seed, self.epoch, index))
        for _ in range(100):
            lr, hr = self.load(self.pairs[random.choice(len(self.pairs), p=self.weights)])
            scale, size = hr.shape[1] // lr.shape[2], self.size
            if min(lr.shape[2:]) < size:
                raise InputError(f"A pair has {lr.shape[3]} x {lr.shape[2]} LR pixels; expected at least {size}.")
            row, col = (int(random.integers(side - size + 1)) for side in lr.shape[2:])
            lr = lr[..., row : row + size, col : col + size]
            hr = hr[..., row * scale : (row + size) * scale, col * scale : (col + size) * scale]
            if np.isfinite(lr).all() and np.isfinite(hr).all():
                break
        else:
            raise InputError("A hundred random crops in a row held nodata: the pairs are mostly empty.")
        lr, hr = turned(random, lr, hr)
        return {"lr": torch.from_numpy(lr if self.stack else lr[0]), "hr": torch.from_numpy(hr)}


class ValidationPairs(Dataset[dict[str, Any]]):
    """Whole pairs, read when they are wanted; nodata filled with the band's mean, in LR and HR alike."""

    def __init__(
        self, pairs: Sequence[Pair], load: Callable[[Pair], tuple[FloatImage, FloatImage]], stack: bool = False
    ) -> None:
        self.pairs, self.load, self.stack = pairs, load, stack

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> dict[str, Any]:
        pair = self.pairs[index]
        lr, hr = self.load(pair)
        means = np.nanmean(lr[0], (1, 2), keepdims=True)
        views, high = (torch.from_numpy(np.where(np.isfinite(image), image, means)) for image in (lr, hr))
        return {"lr": views if self.stack else views[0], "hr": high, "site": pair.site, "group": "pairs"}


class PairFolderDataModule(SRDataModule):
    """`root/hr/NAME.tif` with `root/lr/NAME.tif`, or with a folder `root/lr/NAME/` of revisits. See `SRDataModule`.

    With folders `root/train` and `root/val` the split is theirs, else a fifth of the names validates, chosen by hash.

    Args:
        root: the folder.
        scale: of the model.
        bands: of the model.
        mtf_nyquist: of the model.
        crop_lr_px: size of the training crops.
        batch_size: crops per step.
        steps_per_epoch: between two validations.
        matching: of HR's tones to LR's: "none", "histogram" or "moments".
        align: shift HR by what it is off against LR.
        revisits: how many LR images a model for several gets; 0 for a model of one.
        workers: processes that load.
        seed: of the crops.
    """

    def __init__(
        self,
        root: str,
        scale: int = 4,
        bands: tuple[str, ...] = band_table.RGBN,
        mtf_nyquist: tuple[float, ...] = (),
        crop_lr_px: int = 32,
        batch_size: int = 12,
        steps_per_epoch: int = 1000,
        matching: Matching = "none",
        align: bool = False,
        revisits: int = 0,
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(scale, bands, mtf_nyquist, crop_lr_px, batch_size, steps_per_epoch, workers=workers, seed=seed)
        self.root, self.revisits = Path(root), revisits
        self.load = PairLoader(self.bands, scale, matching, align, max(1, revisits))

    def datasets(self) -> tuple[PairCrops, ValidationPairs]:
        """Of the pairs on disk."""
        sides = split_pairs(self.root)
        stack = self.revisits > 0
        crops = PairCrops(sides["train"], self.load, self.crop_lr_px, self.length, self.seed, stack=stack)
        return crops, ValidationPairs(sides["val"], self.load, stack)


def split_pairs(root: Path) -> dict[Split, list[Pair]]:
    """The pairs below a folder, by side.

    Raises:
        InputError: none, an HR image without LR (all are named), or a name on both sides.
    """
    if (root / "train").is_dir():
        sides: dict[Split, list[Pair]] = {"train": _pairs(root / "train"), "val": _pairs(root / "val")}
    else:
        pairs = _pairs(root)
        held_out = split_by_hash([pair.site for pair in pairs])
        sides = {"train": [p for p in pairs if p.site not in held_out], "val": [p for p in pairs if p.site in held_out]}
    refuse_leaks({side: {pair.site: [pair.site] for pair in pairs} for side, pairs in sides.items()})
    for side, pairs in sides.items():
        require_files(f"{side} pairs in {root}", pairs)
    return sides


def _pairs(folder: Path) -> list[Pair]:
    high = sorted(path for path in (folder / "hr").glob("*") if path.suffix.lower() in _SUFFIXES)
    require_files(f"{folder / 'hr'}/*.tif", high)
    pairs, missing = [], []
    for path in high:
        views = _views(folder / "lr", path)
        if views:
            pairs.append(Pair(path.stem, path, views))
        else:
            missing.append(path.name)
    if missing:
        raise InputError(f"{folder / 'lr'} has nothing for {', '.join(missing)}; expected files of the same names.")
    return pairs


def _views(folder: Path, high: Path) -> tuple[Path, ...]:
    if (folder / high.stem).is_dir():
        return tuple(sorted(p for p in (folder / high.stem).iterdir() if p.suffix.lower() in _SUFFIXES))
    return tuple(p for suffix in _SUFFIXES if (p := folder / f"{high.stem}{suffix}").is_file())[:1]
