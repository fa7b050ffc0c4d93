"""Pairs and time series from a table: SPOT-6 beside Sentinel-2, or any other two instruments."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from torch import Tensor
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.sensors import sentinel2 as band_table
from train.data.degradation import SensorJitter
from train.data.landcover import balanced, label_by_indices, label_by_scl
from train.data.module import Degradation, SRDataModule, ViewsConfig
from train.data.pairs import (
    Matching,
    Pair,
    PairCrops,
    PairLoader,
    ValidationPairs,
    footprints_of,
    places_of,
    read_whole,
    refuse_shared,
)
from train.data.splits import Split, split_by_hash

Mode = Literal["interpolated", "interpolated_matched", "cross_sensor"]
LandCover = Literal["none", "index", "scl", "indices"]

_REQUIRED = ("site", "hr", "lr")
_KNOWN = (*_REQUIRED, "hr_date", "lr_dates", "land_cover", "scl", "split")


@dataclass(frozen=True)
class Row:
    """One line of the table: the files of a place, and what is known of it."""

    pair: Pair
    land_cover: str
    scl: Path | None
    split: str


def read_index(path: Path, max_days: float | None = None) -> list[Row]:
    """The rows of a CSV or Parquet table.

    Its columns: `site`, the place; `hr`, a file; `lr`, files of one or more dates, separated by ";" (or a list, in
    Parquet), all relative to the table's folder; and, if wanted, `hr_date` and `lr_dates` (2022-08-10, as many as
    `lr`), `land_cover`, `scl` (a file with Sentinel-2's scene classification) and `split` ("train" or "val").

    Args:
        path: of the table.
        max_days: leave out LR images further in time from HR than this, and rows that have none left.

    Raises:
        InputError: no such table, columns that are missing or unknown, dates that are none, files that do not exist
            (all are named at once), or nothing left.
    """
    table = _read(path)
    unknown = [name for name in table.columns if name not in _KNOWN]
    missing = [name for name in _REQUIRED if name not in table.columns]
    if missing or unknown:
        what = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}"
        raise InputError(f"{path} {what}; expected the columns {', '.join(_KNOWN)}, of which the first three must be.")
    if max_days is not None and not {"hr_date", "lr_dates"} <= set(table.columns):
        raise InputError(f"{path} has no hr_date and lr_dates, which max_days needs.")
    rows = [row for record in table.to_dict("records") if (row := _row(path, record, max_days))]
    if not rows:
        raise InputError(f"{path} has no pair" + (f" at most {max_days:g} days apart." if max_days else "."))
    lost = sorted({str(f) for row in rows for f in (row.pair.hr, *row.pair.lr, row.scl) if f and not f.is_file()})
    if lost:
        raise InputError(f"{path} names files that do not exist: {', '.join(lost)}.")
    return rows


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"The index {path} does not exist.")
    try:
        if path.suffix.lower() == ".parquet":
            table = pd.read_parquet(path).astype(object)
            return table.mask(table.isna(), "")  # as an empty field is in CSV
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, OSError) as error:  # pandas' and pyarrow's errors of parsing are ValueErrors
        raise InputError(f"{path} is no table that can be read: {str(error).splitlines()[0]}") from None
    except ImportError:
        raise InputError("Parquet needs pyarrow: pip install pyarrow, or save the table as CSV.") from None


def _row(path: Path, record: dict[Any, Any], max_days: float | None) -> Row | None:
    files = [path.parent / each for each in _listed(record["lr"])]
    if "hr_date" in record and "lr_dates" in record:
        days = [abs(day) for day in _days(path, record, len(files))]
        order = sorted(range(len(files)), key=lambda index: days[index])
        files = [files[index] for index in order if max_days is None or days[index] <= max_days]
    if not files:
        return None
    scl = str(record.get("scl") or "")
    return Row(
        Pair(str(record["site"]), path.parent / str(record["hr"]), tuple(files)),
        str(record.get("land_cover") or ""),
        path.parent / scl if scl else None,
        str(record.get("split") or ""),
    )


def _listed(value: Any) -> list[str]:  # noqa: ANN401
    items = value.split(";") if isinstance(value, str) else list(value)
    return [text for item in items if (text := str(item).strip())]


def _days(path: Path, record: dict[Any, Any], count: int) -> list[float]:
    dates = _listed(record["lr_dates"])
    if len(dates) != count:
        raise InputError(f"{path}: site {record['site']} has {count} LR images and {len(dates)} dates.")
    try:
        taken = pd.Timestamp(record["hr_date"])
        return [(pd.Timestamp(date) - taken) / pd.Timedelta(days=1) for date in dates]
    except ValueError as error:
        raise InputError(f"{path}: site {record['site']} has a date that is none ({error}).") from None


def split_rows(rows: list[Row]) -> dict[Split, list[Row]]:
    """By the column `split`, or where it is empty by place: a fifth of the places validates, chosen by hash.

    Sites that share a file or ground are one place.

    Raises:
        InputError: a place on both sides, a side that is empty, or a split of another name.
    """
    foreign = sorted({row.split for row in rows} - {"train", "val", ""})
    if foreign:
        raise InputError(f"The index has the split {foreign[0]!r}; expected train or val.")
    footprints = footprints_of([row.pair for row in rows])
    undecided = [row for row in rows if not row.split]
    places = places_of([row.pair for row in undecided], footprints)
    held_out = split_by_hash(places) if places else set()
    validating = {row.pair.site for row, place in zip(undecided, places, strict=True) if place in held_out}
    sides: dict[Split, list[Row]] = {"train": [], "val": []}
    for row in rows:
        validates = row.split == "val" or (not row.split and row.pair.site in validating)
        sides["val" if validates else "train"].append(row)
    refuse_shared({side: [row.pair for row in members] for side, members in sides.items()}, footprints)
    for side, members in sides.items():
        if not members:
            raise InputError(f"The index has nothing for {side}; expected at least two places.")
    return sides


class IndexDataModule(SRDataModule):
    """Pairs and time series from a table; see `read_index` for its columns, `SRDataModule` for the rest.

    Args:
        index: path of the CSV or Parquet table.
        mode: "interpolated": LR made from HR; "interpolated_matched": the same, once HR has the tones of the first real
            LR; "cross_sensor": the real LR images, and HR with the tones of the first.
        scale: of the model.
        bands: of the model.
        mtf_nyquist: of the model.
        crop_lr_px: size of the training crops.
        batch_size: crops per step.
        steps_per_epoch: between two validations.
        max_days: largest distance in time between LR and HR.
        land_cover: by which training is balanced: "none", the table's column ("index"), its scene classifications
            ("scl") or spectral indices of the first LR image ("indices").
        matching: "histogram" or "moments".
        align: shift HR by what it is off against LR.
        revisits: LR images for a model of several, in "cross_sensor"; 0 for a model of one.
        views: synthetic revisits, in the other modes.
        degradation: in those: "sensor", or antialiased "bilinear" or "bicubic".
        jitter: how the simulated sensor varies in training.
        workers: processes that load.
        seed: of crops and degradation.
    """

    def __init__(
        self,
        index: str,
        mode: Mode = "cross_sensor",
        scale: int = 4,
        bands: tuple[str, ...] = band_table.RGBN[:3],
        mtf_nyquist: tuple[float, ...] = (),
        crop_lr_px: int = 32,
        batch_size: int = 12,
        steps_per_epoch: int = 1000,
        max_days: float | None = None,
        land_cover: LandCover = "none",
        matching: Matching = "histogram",
        align: bool = False,
        revisits: int = 0,
        views: ViewsConfig = ViewsConfig(),  # frozen
        degradation: Degradation = "bilinear",
        jitter: SensorJitter = SensorJitter(),  # frozen
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            scale,
            bands,
            mtf_nyquist,
            crop_lr_px,
            batch_size,
            steps_per_epoch,
            degradation,
            jitter,
            views,
            workers,
            seed,
        )
        self.index, self.mode, self.max_days, self.land_cover = Path(index), mode, max_days, land_cover
        self.stack = mode == "cross_sensor" and revisits > 0
        how = "none" if mode == "interpolated" else matching
        self.load = PairLoader(self.bands, scale, how, align, max(1, revisits))

    def datasets(self) -> tuple["Dataset[Any]", "Dataset[Any]"]:
        """Of the rows."""
        sides = split_rows(read_index(self.index, self.max_days))
        train = sides["train"]
        weights = None if self.land_cover == "none" else balanced([self._label(row) for row in train])
        crops = PairCrops(
            [row.pair for row in train], self.load, self.crop_lr_px, self.length, self.seed, weights, self.stack
        )
        validation = ValidationPairs([row.pair for row in sides["val"]], self.load, self.stack)
        return crops, validation

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> dict[str, Any]:  # noqa: ANN401
        """In the interpolated modes the real LR has done its part, and gives way to one made of HR."""
        if self.mode != "cross_sensor":
            batch = {name: value for name, value in batch.items() if name != "lr"}
        result: dict[str, Tensor] = super().on_after_batch_transfer(batch, dataloader_idx)
        return result

    def _label(self, row: Row) -> str:
        if self.land_cover == "index":
            if not row.land_cover:
                raise InputError(f"{self.index}: site {row.pair.site} has no land_cover.")
            return row.land_cover
        if self.land_cover == "scl":
            if row.scl is None:
                raise InputError(f"{self.index}: site {row.pair.site} has no scl.")
            return label_by_scl(row.scl)
        return label_by_indices(read_whole(row.pair.lr[0], self.bands), self.bands)
