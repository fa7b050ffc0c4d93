"""IndexDataModule: pairs and time series from a table, with Sentinel-2 beside SPOT-6 or any other two instruments."""

from pathlib import Path
from typing import Any, Literal

from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.sensors import RGBN
from train.data.batch import Batch, Loaded, Sample
from train.data.landcover import balanced, label_by_indices, label_by_scl
from train.data.pair_check import Comparison, compare
from train.data.pair_crops import PairCrops, ValidationPairs
from train.data.pair_loader import Matching, PairLoader
from train.data.pair_split import SPLIT_DISTANCE_M, footprints_of, places_of, refuse_shared, require_distance
from train.data.simulated import Degradation, SimulatedDataModule
from train.data.splits import Split, split_by_hash
from train.data.table import Row, read_table
from train.data.units import Reflectance

Mode = Literal["interpolated", "interpolated_matched", "cross_sensor"]
LandCover = Literal["none", "index", "scl", "indices"]


def split_rows(rows: list[Row], distance_m: float = SPLIT_DISTANCE_M) -> dict[Split, list[Row]]:
    """Return the rows by side, as the column `split` says.

    Where that column is empty, a fifth of the places validates, chosen by a hash. Sites that share a file or ground, or
    are near to each other, are one place.

    Args:
        rows: rows of the table.
        distance_m: sites nearer to each other than this are one place, metres.

    Raises:
        InputError: a place on both sides, a side that is empty, or an unknown split.
    """
    foreign = sorted({row.split for row in rows} - {"train", "val", ""})
    if foreign:
        raise InputError(f"The table has the split {foreign[0]!r}; expected train, val, or an empty field.")
    footprints = footprints_of([row.pair for row in rows])
    undecided = [row for row in rows if not row.split]
    places = places_of([row.pair for row in undecided], footprints, distance_m)
    held_out = split_by_hash(places) if places else set()
    validating = {row.pair.site for row, place in zip(undecided, places, strict=True) if place in held_out}
    sides: dict[Split, list[Row]] = {"train": [], "val": []}
    for row in rows:
        validates = row.split == "val" or (not row.split and row.pair.site in validating)
        sides["val" if validates else "train"].append(row)
    refuse_shared({side: [row.pair for row in members] for side, members in sides.items()}, footprints, distance_m)
    for side, members in sides.items():
        if not members:
            raise InputError(f"The table has no row for {side}; expected rows of at least one place on each side.")
    return sides


class IndexDataModule(SimulatedDataModule):
    """Pairs and time series from a table; `read_table` describes its columns. See `SRDataModule`.

    Args:
        index: path of the CSV or Parquet table.
        mode: "interpolated" makes LR from HR; "interpolated_matched" does so after HR got the tones of the first real
            LR image; "cross_sensor" uses the real LR images, and HR with the tones of the first one.
        bands: names of the bands to read, in the model's order.
        max_days: greatest distance in time between LR and HR, days.
        land_cover: label by which training is balanced: "none", the column of the table ("index"), its scene
            classifications ("scl") or spectral indices of the first LR image ("indices").
        matching: how HR gets the tones of LR: "histogram" or "moments".
        align: shift HR onto LR, by the shift that registration finds.
        revisits: with "cross_sensor", the number of LR images for a model of several images; 0 for a model of one.
        compare: with "cross_sensor", compare LR with HR before the first step, and refuse pairs that do not belong
            together.
        reflectance: scale and offset of the stored values, instead of the tags of the files and the sensor.
        split_distance_m: images nearer to each other than this belong to one place, metres.
        degradation: in the other modes, how LR is made: "sensor", or "bilinear" and "bicubic" with antialiasing.
        **shared: parameters of `SimulatedDataModule` and `SRDataModule`.
    """

    def __init__(
        self,
        index: str,
        mode: Mode = "cross_sensor",
        *,
        bands: tuple[str, ...] = RGBN[:3],
        max_days: float | None = None,
        land_cover: LandCover = "none",
        matching: Matching = "histogram",
        align: bool = False,
        revisits: int = 0,
        compare: bool = True,
        reflectance: Reflectance | None = None,
        split_distance_m: float = SPLIT_DISTANCE_M,
        degradation: Degradation = "bilinear",
        **shared: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(bands=bands, degradation=degradation, **shared)
        self.index, self.mode, self.max_days, self.land_cover = Path(index), mode, max_days, land_cover
        self.compare = compare and mode == "cross_sensor"
        self.split_distance_m = require_distance(split_distance_m)
        self.stack = mode == "cross_sensor" and revisits > 0
        how = "none" if mode == "interpolated" else matching
        self.load = PairLoader(self.bands, self.scale, how, align, max(1, revisits), self.sensor, reflectance)

    def datasets(self) -> tuple[PairCrops, Dataset[Sample]]:
        """Return crops and validation images of the rows."""
        sides = split_rows(read_table(self.index, self.max_days), self.split_distance_m)
        self.pairs = [row.pair for side in sides.values() for row in side]
        train = sides["train"]
        weights = None if self.land_cover == "none" else balanced([self._label(row) for row in train])
        crops = PairCrops(
            [row.pair for row in train], self.load, self.crop_lr_px, self.length, self.seed, weights, self.stack
        )
        validation = ValidationPairs([row.pair for row in sides["val"]], self.load, self.stack)
        return crops, validation

    def comparison(self) -> Comparison | None:
        """Compare LR with HR of the pairs; None if that is not wanted, or LR is made from HR.

        Raises:
            InputError: pairs do not belong together.
        """
        return compare(self.pairs, self.load) if self.compare else None

    def on_after_batch_transfer(self, batch: Loaded, dataloader_idx: int) -> Batch:
        """Replace the real LR by LR made from HR, in the interpolated modes."""
        if self.mode != "cross_sensor":
            batch = batch.copy()
            del batch["lr"]
        return super().on_after_batch_transfer(batch, dataloader_idx)

    def _label(self, row: Row) -> str:
        if self.land_cover == "index":
            if not row.land_cover:
                raise InputError(f"{self.index}: site {row.pair.site} has no land_cover. Fill it in.")
            return row.land_cover
        if self.land_cover == "scl":
            if row.scl is None:
                raise InputError(f"{self.index}: site {row.pair.site} has no scl. Fill it in.")
            return label_by_scl(row.scl)
        return label_by_indices(self.load.read_whole(row.pair.lr[0]), self.bands)
