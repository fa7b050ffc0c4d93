"""Tables of pairs: the files of each place, their dates, land cover and split, from CSV or Parquet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rs_srgan.errors import InputError
from train.data.pair_loader import Pair

_REQUIRED = ("site", "hr", "lr")
_KNOWN = (*_REQUIRED, "hr_date", "lr_dates", "land_cover", "scl", "split")


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        pair: files of the place.
        land_cover: land cover of the place; empty if unknown.
        scl: file with the scene classification of Sentinel-2, if there is one.
        split: "train", "val", or empty: the hash of the place decides.
    """

    pair: Pair
    land_cover: str
    scl: Path | None
    split: str


def read_table(path: Path, max_days: float | None = None) -> list[Row]:
    """Read the rows of a CSV or Parquet table.

    Required columns: `site`, the place; `hr`, a file; `lr`, files of one or more dates, separated by ";" (in Parquet
    also a list). File names are relative to the folder of the table. Optional columns: `hr_date` and `lr_dates`
    (2022-08-10; as many as `lr`), `land_cover`, `scl` (a file with the scene classification of Sentinel-2) and `split`
    ("train" or "val").

    Args:
        path: the table.
        max_days: greatest distance in time between LR and HR, days. LR images further away are left out, and so are
            rows without any other LR image.

    Raises:
        InputError: no table, missing or unknown columns, wrong dates, files that do not exist (the message names all
            of them), or no rows left.
    """
    table = _read(path)
    unknown = [name for name in table.columns if name not in _KNOWN]
    missing = [name for name in _REQUIRED if name not in table.columns]
    if missing or unknown:
        what = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}"
        raise InputError(
            f"{path} {what}; expected the columns {', '.join(_REQUIRED)} and, if wanted, "
            f"{', '.join(_KNOWN[len(_REQUIRED) :])}."
        )
    if max_days is not None and not {"hr_date", "lr_dates"} <= set(table.columns):
        raise InputError(f"{path} lacks hr_date or lr_dates, which max_days needs. Add both columns.")
    rows = [row for record in table.to_dict("records") if (row := _row(path, record, max_days))]
    if not rows:
        within = f" with at most {max_days:g} days between LR and HR" if max_days else ""
        raise InputError(f"{path} has no pair{within}; expected at least two.")
    lost = sorted({str(f) for row in rows for f in (row.pair.hr, *row.pair.lr, row.scl) if f and not f.is_file()})
    if lost:
        raise InputError(f"{path} names files that do not exist: {', '.join(lost)}.")
    return rows


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"The table {path} does not exist.")
    try:
        if path.suffix.lower() == ".parquet":
            table = pd.read_parquet(path).astype(object)
            return table.mask(table.isna(), "")  # CSV has empty fields, too
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, OSError) as error:  # the parsing errors of pandas and pyarrow are ValueErrors
        raise InputError(
            f"{path} is not a readable table: {str(error).splitlines()[0]} Expected CSV in UTF-8, or Parquet."
        ) from None
    except ImportError:
        raise InputError("Parquet needs pyarrow: pip install pyarrow, or save the table as CSV.") from None


def _row(path: Path, record: Mapping[str, str | Iterable[str]], max_days: float | None) -> Row | None:
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


def _listed(value: str | Iterable[str]) -> list[str]:
    items = value.split(";") if isinstance(value, str) else value
    return [text for item in items if (text := str(item).strip())]


def _days(path: Path, record: Mapping[str, str | Iterable[str]], count: int) -> list[float]:
    dates = _listed(record["lr_dates"])
    if len(dates) != count:
        raise InputError(f"{path}: site {record['site']} has {count} LR images and {len(dates)} dates in lr_dates.")
    try:
        taken = pd.Timestamp(record["hr_date"])
        return [(pd.Timestamp(date) - taken) / pd.Timedelta(days=1) for date in dates]
    except ValueError as error:
        raise InputError(
            f"{path}: site {record['site']} has a wrong date ({error}); expected dates like 2022-08-10."
        ) from None
