"""PairFolderDataModule: a folder of LR and HR images from different instruments."""

from pathlib import Path
from typing import Any

from train.data.module import SRDataModule
from train.data.pair_check import Comparison, compare
from train.data.pair_crops import PairCrops, ValidationPairs
from train.data.pair_loader import Matching, PairLoader
from train.data.pair_split import SPLIT_DISTANCE_M, require_distance, split_pairs
from train.data.units import Reflectance


class PairFolderDataModule(SRDataModule):
    """Pairs `root/hr/NAME.tif` and `root/lr/NAME.tif`, or a folder `root/lr/NAME/` of revisits. See `SRDataModule`.

    Folders `root/train` and `root/val` set the split. Without them a fifth of the places validates, chosen by a hash.
    Images of the same ground, or near to each other, belong to one place. Images without coordinates belong to one
    place if their names are equal up to a year or date.

    Args:
        root: the folder.
        matching: how HR gets the tones of LR: "none", "histogram" or "moments".
        align: shift HR onto LR, by the shift that registration finds.
        revisits: number of LR images for a model of several images; 0 for a model of one image.
        compare: compare LR with HR before the first step, and refuse pairs that do not belong together.
        reflectance: scale and offset of the stored values, instead of the tags of the files and the sensor.
        split_distance_m: images nearer to each other than this belong to one place, metres.
        validate_on: path of a text file that names the pairs to validate on, one in a line, instead of the hash.
        **shared: parameters of `SRDataModule`.
    """

    def __init__(
        self,
        root: str,
        *,
        matching: Matching = "none",
        align: bool = False,
        revisits: int = 0,
        compare: bool = True,
        reflectance: Reflectance | None = None,
        split_distance_m: float = SPLIT_DISTANCE_M,
        validate_on: str | None = None,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**shared)
        self.root, self.revisits, self.compare = Path(root), revisits, compare
        self.split_distance_m = require_distance(split_distance_m)
        self.validate_on = Path(validate_on) if validate_on else None
        self.load = PairLoader(self.bands, self.scale, matching, align, max(1, revisits), self.sensor, reflectance)

    def datasets(self) -> tuple[PairCrops, ValidationPairs]:
        """Return crops and validation images of the pairs on disk."""
        sides = split_pairs(self.root, self.split_distance_m, self.validate_on)
        self.pairs = [*sides["train"], *sides["val"]]
        stack = self.revisits > 0
        crops = PairCrops(sides["train"], self.load, self.crop_lr_px, self.length, self.seed, stack=stack)
        return crops, ValidationPairs(sides["val"], self.load, stack)

    def comparison(self) -> Comparison | None:
        """Compare LR with HR of the pairs; None if that is not wanted.

        Raises:
            InputError: pairs do not belong together.
        """
        return compare(self.pairs, self.load) if self.compare else None
