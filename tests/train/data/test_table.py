import pandas as pd
import pytest

from rs_srgan import InputError
from tests.train.data.makers import edit_table, index
from train.data.table import read_table


def test_the_nearest_date_comes_first_and_far_ones_are_left_out(tmp_path):
    path = index(tmp_path / "spot")
    rows = read_table(path)
    assert [file.name for file in rows[0].pair.lr] == ["lr0_0.tif", "lr0_1.tif", "lr0_2.tif", "lr0_3.tif"]
    edit_table(path, lambda rows: [row.update(hr_date="2022-08-17") for row in rows])
    assert [file.name for file in read_table(path, max_days=4)[0].pair.lr] == ["lr0_2.tif", "lr0_3.tif", "lr0_1.tif"]
    with pytest.raises(InputError, match=r"0\.5"):
        read_table(path, max_days=0.5)


def test_parquet_is_the_same_table(tmp_path):
    path = index(tmp_path / "spot")
    table = pd.read_csv(path, dtype=str)
    table["lr"], table["lr_dates"] = table["lr"].str.split(";"), table["lr_dates"].str.split(";")
    table.to_parquet(path.with_suffix(".parquet"))
    assert read_table(path.with_suffix(".parquet")) == read_table(path)


def test_the_message_names_all_missing_files(tmp_path):
    path = index(tmp_path / "spot")
    for name in ("hr2.tif", "lr5_1.tif"):
        (tmp_path / "spot" / name).unlink()
    with pytest.raises(InputError, match="exist"):
        read_table(path)
    for number in range(8):
        (tmp_path / "spot" / f"hr{number}.tif").unlink(missing_ok=True)
        (tmp_path / "spot" / f"lr{number}_0.tif").unlink()
    with pytest.raises(InputError) as error:
        read_table(path)
    lost = [f"hr{number}.tif" for number in range(8)] + [f"lr{number}_0.tif" for number in range(8)]
    assert all(name in str(error.value) for name in lost) and str(error.value).count(".tif") == 17


def test_a_missing_or_broken_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="exist"):
        read_table(tmp_path / "no.csv")
    (tmp_path / "bad.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match="readable"):
        read_table(tmp_path / "bad.parquet")


def test_empty_fields_of_parquet_are_empty(tmp_path):
    path = index(tmp_path / "spot")
    table = pd.read_csv(path)
    table["split"] = [None] * len(table)
    table["scl"] = [float("nan")] * len(table)
    table.loc[0, "land_cover"] = None
    table.to_parquet(path.with_suffix(".parquet"))
    rows = read_table(path.with_suffix(".parquet"))
    assert {row.split for row in rows} == {""}
    assert {row.scl for row in rows} == {None}
    assert sum(row.land_cover == "" for row in rows) == 1
