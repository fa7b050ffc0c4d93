import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.train.data.makers import RGBN, pair_folder, write_at
from train.data.pair_split import footprints_of, places_of, split_pairs


def test_the_message_names_all_hr_without_lr(tmp_path):
    pair_folder(tmp_path, side=96)
    for number in (1, 4):
        (tmp_path / "lr" / f"place{number}.tif").unlink()
    with pytest.raises(InputError) as refused:
        split_pairs(tmp_path)
    assert "place1.tif" in str(refused.value) and "place4.tif" in str(refused.value)


def test_a_name_on_both_sides_leaks(tmp_path):
    pair_folder(tmp_path / "train", side=96)
    pair_folder(tmp_path / "val", count=1, side=96)
    with pytest.raises(InputError, match="place0"):
        split_pairs(tmp_path)


DATED = [f"place{number}_{year}" for number in range(8) for year in (2021, 2022)]


def sites(pairs):
    return {pair.site.split("_")[0] for pair in pairs}


@pytest.mark.parametrize("located", [True, False])
def test_two_dates_of_a_place_are_on_one_side(tmp_path, located, caplog):
    pair_folder(tmp_path, count=16, names=DATED, side=96)
    if not located:
        for path in tmp_path.rglob("*.tif"):
            with rasterio.open(path) as dataset:
                pixels = dataset.read()
            np.save(path.with_suffix(".npy"), pixels)
            path.unlink()
    sides = split_pairs(tmp_path)
    assert not sites(sides["train"]) & sites(sides["val"])
    assert len(sides["val"]) == 4 and len(sides["train"]) == 12
    assert ("16 of 16 images have no coordinates" in caplog.text) == (not located)


def test_images_of_the_same_ground_are_on_one_side(tmp_path):
    pair_folder(tmp_path, count=6, side=96)
    for number in range(6):
        write_at(tmp_path / "hr" / f"other{number}.tif", scene_dn(96, 96, seed=9), RGBN, f"place{number}")
        write_at(tmp_path / "lr" / f"other{number}.tif", scene_dn(24, 24, seed=9), RGBN, f"place{number}", 10)
    for pairs in split_pairs(tmp_path).values():
        names = {pair.site for pair in pairs}
        assert {name.replace("other", "place") for name in names} == {name for name in names if "place" in name}


def test_folders_train_and_val_that_overlap_are_refused(tmp_path):
    pair_folder(tmp_path / "train", side=96)
    pair_folder(tmp_path / "val", count=2, names=["field", "town"], side=96)
    assert len(split_pairs(tmp_path)["val"]) == 2
    write_at(tmp_path / "val" / "hr" / "town.tif", scene_dn(96, 96), RGBN, "place3")
    with pytest.raises(InputError, match="leaks"):
        split_pairs(tmp_path)


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_one_file_under_two_names_is_refused(tmp_path, link):
    pair_folder(tmp_path / "train", side=96)
    pair_folder(tmp_path / "val", count=2, names=["field", "town"], side=96)
    (tmp_path / "val" / "lr" / "town.tif").unlink()
    getattr(tmp_path / "val" / "lr" / "town.tif", link)(tmp_path / "train" / "lr" / "place1.tif")
    with pytest.raises(InputError, match="leaks"):
        split_pairs(tmp_path)


def test_one_place_cannot_be_split(tmp_path):
    pair_folder(tmp_path, count=2, names=["place_2021", "place_2022"], side=96)
    with pytest.raises(InputError, match="validates"):
        split_pairs(tmp_path)


def test_hidden_files_are_no_pairs_and_lr_without_hr_is_named(tmp_path, caplog):
    pair_folder(tmp_path, count=3, side=96)
    for part in ("hr", "lr"):
        (tmp_path / part / "._place0.tif").write_bytes(b"x")
        (tmp_path / part / ".DS_Store").write_bytes(b"x")
    write_at(tmp_path / "lr" / "lonely.tif", scene_dn(24, 24), RGBN, "lonely", 10)
    sides = split_pairs(tmp_path)
    assert sorted(pair.site for pairs in sides.values() for pair in pairs) == ["place0", "place1", "place2"]
    assert "lonely.tif" in caplog.text


def tiles(root, apart_m):
    """Write four pairs; the first two are tiles of one image with a gap between them."""
    pair_folder(root, count=4, names=["left", "right", "north", "south"], side=96)
    for number, name in enumerate(["left", "right"]):
        for part, gsd in (("hr", 2.5), ("lr", 10)):
            with rasterio.open(root / part / f"{name}.tif", "r+") as out:
                out.transform = rasterio.transform.from_origin(5e5 + number * (240 + apart_m), 4e6, gsd, gsd)


@pytest.mark.parametrize(("apart_m", "together"), [(640, True), (1900, True), (2300, False)])
def test_neighbouring_tiles_are_one_place(tmp_path, apart_m, together):
    tiles(tmp_path, apart_m)
    pairs = [pair for side in split_pairs(tmp_path).values() for pair in side]
    place = dict(zip([pair.site for pair in pairs], places_of(pairs, footprints_of(pairs)), strict=True))
    assert (place["left"] == place["right"]) == together
    apart = dict(zip([pair.site for pair in pairs], places_of(pairs, footprints_of(pairs), 0), strict=True))
    assert apart["left"] != apart["right"]


def test_a_file_of_names_decides_the_split(tmp_path):
    pair_folder(tmp_path / "mine", count=4, side=96)
    names = tmp_path / "names.txt"
    names.write_text("place2\n\nplace0\n")
    sides = split_pairs(tmp_path / "mine", validate_on=names)
    assert [pair.site for pair in sides["val"]] == ["place0", "place2"]
    for text in ("place9\n", "", "place0\nplace1\nplace2\nplace3\n"):
        names.write_text(text)
        with pytest.raises(InputError, match="validate_on"):
            split_pairs(tmp_path / "mine", validate_on=names)


@pytest.mark.parametrize("distance_m", [2000, 500])
def test_near_tiles_of_a_split_that_people_choose_are_named(tmp_path, distance_m, caplog):
    tiles(tmp_path / "mine", 640)
    names = tmp_path / "names.txt"
    names.write_text("right\n")
    split_pairs(tmp_path / "mine", distance_m, names)
    assert ("left.tif trains and right.tif validates" in caplog.text) == (distance_m == 2000)
    for part in ("hr", "lr"):
        for side, moved in (("train", "left"), ("val", "right")):
            (tmp_path / "sides" / side / part).mkdir(parents=True)
            file = tmp_path / "mine" / part / f"{moved}.tif"
            file.rename(tmp_path / "sides" / side / part / file.name)
    caplog.clear()
    split_pairs(tmp_path / "sides", distance_m)
    assert ("left.tif trains and right.tif validates" in caplog.text) == (distance_m == 2000)
