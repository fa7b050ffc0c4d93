"""PairFolderDataModule: a folder of LR and HR images from different instruments."""

from pathlib import Path
from typing import Any

from train.data.module import SRDataModule
from train.data.pair_crops import PairCrops, ValidationPairs
from train.data.pair_loader import Matching, PairLoader
from train.data.pair_split import split_pairs


class PairFolderDataModule(SRDataModule):
    """Pairs `root/hr/NAME.tif` and `root/lr/NAME.tif`, or a folder `root/lr/NAME/` of revisits. See `SRDataModule`.

    Folders `root/train` and `root/val` set the split. Without them a fifth of the places validates, chosen by a hash.
    Images of the same ground belong to one place. Images without coordinates belong to one place if their names are
    equal up to a year or date.

    Args:
        root: the folder.
        matching: how HR gets the tones of LR: "none", "histogram" or "moments".
        align: shift HR onto LR, by the shift that registration finds.
        revisits: number of LR images for a model of several images; 0 for a model of one image.
        **shared: parameters of `SRDataModule`.
    """

    def __init__(
        self,
        root: str,
        *,
        matching: Matching = "none",
        align: bool = False,
        revisits: int = 0,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**shared)
        self.root, self.revisits = Path(root), revisits
        self.load = PairLoader(self.bands, self.scale, matching, align, max(1, revisits), self.sensor)

    def datasets(self) -> tuple[PairCrops, ValidationPairs]:
        """Return crops and validation images of the pairs on disk."""
        sides = split_pairs(self.root)
        stack = self.revisits > 0
        crops = PairCrops(sides["train"], self.load, self.crop_lr_px, self.length, self.seed, stack=stack)
        return crops, ValidationPairs(sides["val"], self.load, stack)
