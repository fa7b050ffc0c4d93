"""Crops and validation images of LR and HR pairs."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics.masks import filled
from rs_srgan.pixels.windows import Window
from train.data.batch import Sample
from train.data.crops import LEAST_DATA, TRIES, Crops, data_share, turned
from train.data.pair_agreement import middle
from train.data.pair_loader import Pair, PairLoader

logger = logging.getLogger(__name__)

# Greatest height and width of a validation image, HR pixels.
_VALIDATION_PX = 512


class PairCrops(Crops):
    """Random crops of pairs, without nodata. See `Crops`.

    Args:
        pairs: files of LR and HR.
        load: reads windows of the pairs.
        size_lr_px: side of the crops, LR pixels.
        length: crops per epoch.
        seed: seed of all random numbers.
        weights: relative frequency of each pair; equal if left out.
        stack: keep the dimension of the views, also with one view.
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
        super().__init__(length, seed)
        self.pairs, self.load, self.size, self.stack = pairs, load, size_lr_px, stack
        self.weights = np.full(len(pairs), 1 / len(pairs)) if weights is None else weights / weights.sum()
        self.shapes = load.prepare(pairs, size_lr_px)

    def __getitem__(self, index: int) -> Sample:
        random = self.random_numbers(index)
        for _ in range(TRIES):
            number = random.choice(len(self.pairs), p=self.weights)
            row, col = (int(random.integers(side - self.size + 1)) for side in self.shapes[number])
            lr, hr = self.load.read(self.pairs[number], Window(row, col, self.size, self.size))
            if np.isfinite(lr).all() and np.isfinite(hr).all():
                break
        else:
            raise InputError(
                f"{TRIES} random crops in a row hold nodata: the pairs are mostly empty. Remove empty pairs, or lower "
                "crop_lr_px."
            )
        lr, hr = turned(random, lr, hr)
        return {"lr": torch.from_numpy(lr if self.stack else lr[0]), "hr": torch.from_numpy(hr)}


class ValidationPairs(Dataset[Sample]):
    """Middles of pairs, read on demand.

    Pixels without data in HR or LR are NaN in HR, and do not count. In LR they have the value of the nearest pixel with
    data.

    Args:
        pairs: files of LR and HR; pairs whose middle holds data in less than half of its pixels are left out, and
            named.
        load: reads windows of the pairs.
        stack: keep the dimension of the views, also with one view.

    Raises:
        InputError: no pair has data in its middle.
    """

    def __init__(self, pairs: Sequence[Pair], load: PairLoader, stack: bool = False) -> None:
        self.load, self.stack = load, stack
        windows = [middle(shape, _VALIDATION_PX // load.scale) for shape in load.prepare(pairs)]
        found = [(p, w) for p, w in zip(pairs, windows, strict=True) if self._share(p, w) >= LEAST_DATA]
        left_out = sorted({pair.site for pair in pairs} - {pair.site for pair, _ in found})
        if not found:
            raise InputError(
                f"All validation pairs have nodata in most of their middle: {', '.join(left_out)}; expected one with "
                "data."
            )
        if left_out:
            logger.warning("Validation leaves out sites with too little data in the middle: %s.", ", ".join(left_out))
        self.items = found

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Sample:
        pair, window = self.items[index]
        lr, hr = self.load.read(pair, window)
        unknown = ~np.isfinite(lr[0]).repeat(self.load.scale, 1).repeat(self.load.scale, 2)
        hr[unknown] = np.nan
        views = torch.from_numpy(np.stack([filled(view) for view in lr]))
        return {
            "lr": views if self.stack else views[0],
            "hr": torch.from_numpy(hr),
            "site": pair.site,
            "group": "pairs",
        }

    def _share(self, pair: Pair, window: Window) -> float:
        lr, hr = self.load.read(pair, window)
        return min(data_share(lr[0]), data_share(hr))
