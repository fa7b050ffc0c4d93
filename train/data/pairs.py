"""LR and HR that were taken by different instruments: brought together in tone and place, then cropped."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage, match_histogram, match_moments
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.registration.shift import find_shift
from rs_srgan.sensors import sentinel2 as band_table
from train.data.crops import turned
from train.data.ground import Footprint, footprint, group_places, refuse_overlaps
from train.data.module import SRDataModule, require_files
from train.data.splits import Split, refuse_leaks, split_by_hash

logger = logging.getLogger(__name__)

Matching = Literal["none", "histogram", "moments"]

# Below this correlation an alignment says nothing, and is not applied.
_CONFIDENT = 0.6
_SPLINE_REACH_PX = 3
# A pixel's weight in a cubic spline falls to 0.27 of it with every pixel: to less than 1e-9 here.
_SPLINE_MEMORY_PX = 16
# Values between which tones are interpolated: all that 8 bits have, and of others enough.
_TONES = 4096
# HR pixels of a validation image along each axis.
_VALIDATION_PX = 512
_SUFFIXES = (".tif", ".tiff", ".jp2", ".png", ".npy")


@dataclass(frozen=True)
class Pair:
    """Files of one place: HR, and LR at one or more dates, the nearest in time first."""

    site: str
    hr: Path
    lr: tuple[Path, ...]


def read_whole(path: Path, bands: tuple[str, ...]) -> FloatImage:
    """All of a raster, reflectance (C, H, W), NaN where there is no data."""
    return _read(path, bands, None)


def _read(path: Path, bands: tuple[str, ...], window: Window | None) -> FloatImage:
    with open_raster(path, bands) as raster:
        image, valid = raster.read(window or Window(0, 0, raster.grid.height, raster.grid.width))
    image[~valid] = np.nan
    return image


@dataclass(frozen=True)
class Fit:
    """What brings HR to LR, found once on a whole pair, for windows of it.

    Attributes:
        tones: per band, values of HR in ascending order and what becomes of them; linear between. None: as they are.
        off: rows and columns to shift HR by, HR pixels.
        means: of the bands, once they have LR's tones: (C, 1, 1).
    """

    tones: tuple[tuple[FloatImage, FloatImage], ...] | None
    off: tuple[float, float] | None
    means: FloatImage


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
    _fits: dict[Pair, Fit] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __call__(self, pair: Pair) -> tuple[FloatImage, FloatImage]:
        """LR (T, C, h, w) and HR (C, h * scale, w * scale), reflectance, NaN where there is no data.

        Raises:
            InputError: sizes that the scale does not join, or LR images of different sizes.
        """
        (shape,) = self.prepare([pair])
        return self.read(pair, Window(0, 0, *shape))

    def prepare(self, pairs: Sequence[Pair], least_px: int = 1) -> list[tuple[int, int]]:
        """Look at all pairs before any is needed, and read those once whose HR is to be brought to LR.

        Args:
            pairs: to read windows of.
            least_px: of LR along each axis.

        Returns:
            (h, w) of every LR.

        Raises:
            InputError: see above, or LR smaller than that; all that do not fit are named.
        """
        shapes = [self._shape(pair.hr) for pair in pairs]
        misfits = [
            f"{pair.hr} has {width} x {height} pixels and {path} {w} x {h}"
            for pair, (height, width) in zip(pairs, shapes, strict=True)
            for path in dict.fromkeys(self._paths(pair))
            for h, w in [self._shape(path)]
            if (h * self.scale, w * self.scale) != (height, width)
        ]
        if misfits:
            raise InputError(f"{'; '.join(misfits)}; expected {self.scale} times as many along each axis.")
        coarse = [(height // self.scale, width // self.scale) for height, width in shapes]
        small = [f"{p.lr[0]} has {w} x {h}" for p, (h, w) in zip(pairs, coarse, strict=True) if min(h, w) < least_px]
        if small:
            raise InputError(f"{'; '.join(small)} pixels; expected at least {least_px} of LR, the size of a crop.")
        if self.matching != "none" or self.align:
            logger.info("Bringing HR to LR in tone and place: %d pairs, each is read once.", len(pairs))
            for pair in pairs:
                self._fits.setdefault(pair, self._fit(pair))
        return coarse

    def read(self, pair: Pair, window: Window) -> tuple[FloatImage, FloatImage]:
        """A part of a pair that was prepared: LR (T, C, h, w) and HR (C, h * scale, w * scale), as of the whole.

        Args:
            pair: one that was prepared.
            window: LR pixels, inside it.
        """
        lr = np.stack([_read(path, self.bands, window) for path in self._paths(pair)])
        return lr, self._read_hr(pair, window.scaled(self.scale))

    def _read_hr(self, pair: Pair, window: Window) -> FloatImage:
        fit = self._fits.get(pair)
        if fit is None:
            return _read(pair.hr, self.bands, window)
        if fit.off is None:
            return _toned(_read(pair.hr, self.bands, window), fit)
        margin = _SPLINE_MEMORY_PX + _SPLINE_REACH_PX + math.ceil(max(map(abs, fit.off)))
        around = window.grown(margin).clipped(*self._shape(pair.hr))
        moved = _moved(_toned(_read(pair.hr, self.bands, around), fit), fit.off, fit.means)
        rows, cols = window.relative_to(around).slices
        return moved[:, rows, cols]

    def _paths(self, pair: Pair) -> tuple[Path, ...]:
        return (*pair.lr, *[pair.lr[-1]] * self.views)[: self.views]

    def _shape(self, path: Path) -> tuple[int, int]:
        with open_raster(path, self.bands) as raster:
            return raster.grid.height, raster.grid.width

    def _fit(self, pair: Pair) -> Fit:
        hr, lr = read_whole(pair.hr, self.bands), read_whole(pair.lr[0], self.bands)
        toned = matched(hr, lr, self.matching)
        tones = None if self.matching == "none" else tuple(map(_tones, hr, toned))
        off = self._off(toned, lr) if self.align else None
        return Fit(tones, off, np.nanmean(toned, (1, 2), keepdims=True))

    def _off(self, hr: FloatImage, lr: FloatImage) -> tuple[float, float] | None:
        coarse = hr.reshape(hr.shape[0], lr.shape[1], self.scale, lr.shape[2], self.scale).mean((2, 4))
        shift = find_shift(lr.mean(0), coarse.mean(0))
        return (-shift.rows * self.scale, -shift.cols * self.scale) if shift.confidence >= _CONFIDENT else None


def _tones(own: FloatImage, matched: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Of a band (H, W) and what it became, which is as steep or flat but never falls: values, and theirs."""
    known = np.isfinite(own)
    before, after = np.sort(own[known]), np.sort(matched[known])
    distinct = np.flatnonzero(np.diff(before, prepend=-np.inf))
    if len(distinct) > _TONES:
        distinct = distinct[np.linspace(0, len(distinct) - 1, _TONES).round().astype(int)]
    return before[distinct], after[distinct]


def _toned(image: FloatImage, fit: Fit) -> FloatImage:
    for band, (before, after) in zip(image, fit.tones or (), strict=fit.tones is not None):
        known = np.isfinite(band)
        if known.any():
            band[known] = np.interp(band[known], before, after)
    return image


def _moved(hr: FloatImage, off: tuple[float, float], means: FloatImage) -> FloatImage:
    """HR (C, H, W) shifted by `off`, with nodata of its own and where nothing came from."""
    hidden = ~np.isfinite(hr)
    # a cubic spline rings where data ends: those pixels are lost as well
    reached = ndimage.binary_dilation(hidden, np.ones((1, 3, 3), bool), _SPLINE_REACH_PX)
    missing = ndimage.shift(reached.astype(np.float32), (0, *off), order=1, cval=1) > 0
    moved: FloatImage = ndimage.shift(np.where(hidden, means, hr), (0, *off), order=3, mode="nearest")
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
        pairs: of LR and HR.
        load: reads windows of them.
        size_lr_px: of the crops.
        length: crops per epoch.
        seed: of everything random here.
        weights: how often each pair is drawn; equally if left out.
        stack: keep the dimension of the views, even of one.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        load: PairLoader,
        size_lr_px: int,
        length: int,
        seed: int,
        weights: np.ndarray[Any, np.dtype[np.float64]] | None = None,
        stack: bool = False,
    ) -> None:
        self.pairs, self.load, self.size, self.length, self.seed = pairs, load, size_lr_px, length, seed
        self.weights = np.full(len(pairs), 1 / len(pairs)) if weights is None else weights / weights.sum()
        self.stack = stack
        self.shapes = load.prepare(pairs, size_lr_px)
        self.epoch = 0

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        random = np.random.default_rng((self.seed, self.epoch, index))
        for _ in range(100):
            number = random.choice(len(self.pairs), p=self.weights)
            row, col = (int(random.integers(side - self.size + 1)) for side in self.shapes[number])
            lr, hr = self.load.read(self.pairs[number], Window(row, col, self.size, self.size))
            if np.isfinite(lr).all() and np.isfinite(hr).all():
                break
        else:
            raise InputError("A hundred random crops in a row held nodata: the pairs are mostly empty.")
        lr, hr = turned(random, lr, hr)
        return {"lr": torch.from_numpy(lr if self.stack else lr[0]), "hr": torch.from_numpy(hr)}


class ValidationPairs(Dataset[dict[str, Any]]):
    """The middle of pairs, read when it is wanted; nodata filled with the band's mean there, in LR and HR alike.

    Args:
        pairs: of LR and HR; those without data in the middle are left out.
        load: reads windows of them.
        stack: keep the dimension of the views, even of one.

    Raises:
        InputError: no pair has data there.
    """

    def __init__(self, pairs: Sequence[Pair], load: PairLoader, stack: bool = False) -> None:
        self.load, self.stack = load, stack
        windows = [_middle(shape, _VALIDATION_PX // load.scale) for shape in load.prepare(pairs)]
        found = [(p, w) for p, w in zip(pairs, windows, strict=True) if _holds_data(p.lr[0], load.bands, w)]
        if not found:
            raise InputError("No validation pair holds data in the middle of its LR image.")
        if len(found) < len(pairs):
            left_out = sorted({pair.site for pair in pairs} - {pair.site for pair, _ in found})
            logger.warning("Not validated, for lack of data in the middle: %s.", ", ".join(left_out))
        self.items = found

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        pair, window = self.items[index]
        lr, hr = self.load.read(pair, window)
        means = np.nanmean(lr[0], (1, 2), keepdims=True)
        views, high = (torch.from_numpy(np.where(np.isfinite(image), image, means)) for image in (lr, hr))
        return {"lr": views if self.stack else views[0], "hr": high, "site": pair.site, "group": "pairs"}


def _middle(shape: tuple[int, int], limit: int) -> Window:
    height, width = (min(side, limit) for side in shape)
    return Window((shape[0] - height) // 2, (shape[1] - width) // 2, height, width)


def _holds_data(path: Path, bands: tuple[str, ...], window: Window) -> bool:
    return bool(np.isfinite(_read(path, bands, window)).any((1, 2)).all())


class PairFolderDataModule(SRDataModule):
    """`root/hr/NAME.tif` with `root/lr/NAME.tif`, or with a folder `root/lr/NAME/` of revisits. See `SRDataModule`.

    With folders `root/train` and `root/val` the split is theirs, else a fifth of the places validates, chosen by
    hash. Images of the same ground are of one place; without coordinates, those of one name up to a year or date.

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
    """The pairs below a folder, by side; all of a place on one, whatever its files are called.

    Raises:
        InputError: none, an HR image without LR (all are named), a place on both sides, or one place only.
    """
    if (root / "train").is_dir():
        sides: dict[Split, list[Pair]] = {"train": _pairs(root / "train"), "val": _pairs(root / "val")}
        refuse_shared(sides, footprints_of([*sides["train"], *sides["val"]]))
        return sides
    pairs = _pairs(root)
    places = places_of(pairs, footprints_of(pairs))
    if len(set(places)) == 1:
        raise InputError(f"The pairs in {root} show one place, {places[0]}; expected at least two: one validates.")
    held_out = split_by_hash(places)
    sides = {"train": [], "val": []}
    for pair, place in zip(pairs, places, strict=True):
        sides["val" if place in held_out else "train"].append(pair)
    return sides


def footprints_of(pairs: Sequence[Pair]) -> dict[Path, Footprint | None]:
    """Where the HR images lie.

    Raises:
        InputError: one of them is no raster.
    """
    return {pair.hr: footprint(pair.hr) for pair in pairs}


def places_of(pairs: Sequence[Pair], footprints: Mapping[Path, Footprint | None]) -> list[str]:
    """The place of each pair, see `group_places`."""
    names, files = [pair.site for pair in pairs], [(pair.hr, *pair.lr) for pair in pairs]
    return group_places(names, files, [footprints[pair.hr] for pair in pairs])


def refuse_shared(sides: Mapping[Split, Sequence[Pair]], footprints: Mapping[Path, Footprint | None]) -> None:
    """Raise InputError where a site, a file or ground is on both sides."""
    refuse_leaks({side: {pair.site: [] for pair in pairs} for side, pairs in sides.items()})
    train, val = (
        {file: footprints.get(file) for pair in sides[side] for file in (pair.hr, *pair.lr)}
        for side in ("train", "val")
    )
    refuse_overlaps(train, val)


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
