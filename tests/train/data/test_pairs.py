from functools import partial

import numpy as np
import pytest
import rasterio
import torch
from scipy import ndimage

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from tests.conftest import scene_dn
from tests.train.conftest import write
from tests.train.data import makers
from tests.train.data.makers import coarse, write_at
from train.data import pairs as pairs_module
from train.data.pairs import Pair, PairFolderDataModule, PairLoader, read_whole, split_pairs

BANDS = ("B04", "B03", "B02", "B08")
pair_folder = partial(makers.pair_folder, side=96)


def module(root, **options):
    data = PairFolderDataModule(str(root), crop_lr_px=8, batch_size=2, steps_per_epoch=3, **options)
    data.setup("fit")
    return data


def test_crops_of_lr_and_hr_show_the_same_place(tmp_path):
    data = module(pair_folder(tmp_path))
    for batch in data.train_dataloader():
        lr, hr = batch["lr"], batch["hr"]
        assert lr.shape == (2, 4, 8, 8)
        means = hr.unflatten(3, (8, 4)).unflatten(2, (8, 4)).mean((3, 5))
        np.testing.assert_allclose(means, lr, atol=1e-4)


def test_revisits_are_stacked_and_the_last_is_repeated(tmp_path):
    pair_folder(tmp_path)
    for number in range(6):
        folder = tmp_path / "lr" / f"place{number}"
        folder.mkdir()
        (tmp_path / "lr" / f"place{number}.tif").rename(folder / "2022-08-01.tif")
        write(folder / "2022-08-04.tif", scene_dn(24, 24, seed=9), BANDS)
    batch = next(iter(module(tmp_path, revisits=3).train_dataloader()))
    assert batch["lr"].shape == (2, 3, 4, 8, 8)
    np.testing.assert_array_equal(batch["lr"][:, 1], batch["lr"][:, 2])
    assert not np.array_equal(batch["lr"][:, 0], batch["lr"][:, 1])


def two(tmp_path, change):
    """A pair whose HR was changed."""
    dn = scene_dn(96, 96, seed=3)
    write(tmp_path / "lr.tif", coarse(dn), BANDS)
    write(tmp_path / "hr.tif", change(dn.astype(float)).clip(1, 65_535).astype(np.uint16), BANDS)
    return Pair("place", tmp_path / "hr.tif", (tmp_path / "lr.tif",))


@pytest.mark.parametrize("matching", ["histogram", "moments"])
def test_matching_undoes_another_light(tmp_path, matching):
    pair = two(tmp_path, lambda dn: 0.5 * dn + 700)
    lr, hr = PairLoader(BANDS, 4, matching)(pair)
    plain = PairLoader(BANDS, 4)(pair)[1]
    assert np.abs(hr.mean((1, 2)) - lr[0].mean((1, 2))).max() < 0.01
    assert np.abs(plain.mean((1, 2)) - lr[0].mean((1, 2))).max() > 0.02


def test_alignment_undoes_a_shift(tmp_path):
    pair = two(tmp_path, lambda dn: ndimage.shift(dn, (0, 3, -2), order=1, mode="nearest"))

    def error(align):
        lr, hr = PairLoader(BANDS, 4, align=align)(pair)
        means = hr.reshape(4, 24, 4, 24, 4).mean((2, 4))
        return np.nanmean(np.abs(means - lr[0])[:, 3:-3, 3:-3])

    assert error(True) < 0.35 * error(False)


def test_sizes_that_do_not_fit_the_scale_are_named(tmp_path):
    pair_folder(tmp_path)
    write(tmp_path / "lr" / "place2.tif", scene_dn(23, 24), BANDS)
    loader = PairLoader(BANDS, 4)
    with pytest.raises(InputError, match=r"hr/place2.tif has 96 x 96 pixels and .*lr/place2.tif 24 x 23; expected 4"):
        loader(Pair("x", tmp_path / "hr" / "place2.tif", (tmp_path / "lr" / "place2.tif",)))


def test_hr_without_lr_is_named_all_at_once(tmp_path):
    pair_folder(tmp_path)
    for number in (1, 4):
        (tmp_path / "lr" / f"place{number}.tif").unlink()
    with pytest.raises(InputError, match=r"nothing for place1\.tif, place4\.tif"):
        split_pairs(tmp_path)


def test_a_name_on_both_sides_leaks(tmp_path):
    pair_folder(tmp_path / "train")
    pair_folder(tmp_path / "val", count=1)
    with pytest.raises(InputError, match="The split leaks: place0"):
        split_pairs(tmp_path)


def test_pairs_of_nodata_only_are_said(tmp_path):
    pair_folder(tmp_path)
    for path in (tmp_path / "hr").glob("*.tif"):
        dn = scene_dn(96, 96).astype(np.float32) / 10_000
        dn[:, ::8] = np.nan
        write_at(path, dn, BANDS, path.stem)
    with pytest.raises(InputError, match="A hundred random crops"):
        module(tmp_path).crops[0]


def test_where_data_ends_alignment_loses_a_margin_and_rings_nowhere(tmp_path):
    pair = two(tmp_path, lambda dn: ndimage.shift(dn, (0, 3, -2), order=1, mode="nearest"))
    with rasterio.open(pair.hr, "r+") as out:
        dn = out.read()
        dn[:, 30:60, 40:70] = 0
        out.write(dn)
        out.nodata = 0
    hr = PairLoader(BANDS, 4, align=True)(pair)[1]
    truth = read_whole(two(tmp_path, lambda dn: dn).hr, BANDS)
    assert np.isnan(hr[:, 35:50, 45:65]).all()
    inner = np.zeros(hr.shape, bool)
    inner[:, 8:-8, 8:-8] = True
    assert np.abs(hr - truth)[inner & np.isfinite(hr)].max() < 0.02


def test_validation_fills_nodata_with_the_bands_own_mean(tmp_path):
    pair_folder(tmp_path)
    for path in (tmp_path / "lr").glob("*.tif"):
        with rasterio.open(path, "r+") as out:
            dn = out.read()
            dn[:, :3] = 0
            out.write(dn)
            out.nodata = 0
    item = module(tmp_path).validation[0]
    for band in range(4):
        known = item["lr"][band, 3:]
        torch.testing.assert_close(item["lr"][band, :3], known.mean().expand(3, 24))


DATED = [f"place{number}_{year}" for number in range(8) for year in (2021, 2022)]


def sites(pairs):
    return {pair.site.split("_")[0] for pair in pairs}


@pytest.mark.parametrize("located", [True, False])
def test_two_dates_of_a_place_are_on_one_side(tmp_path, located):
    pair_folder(tmp_path, count=16, names=DATED)
    if not located:
        for path in tmp_path.rglob("*.tif"):
            with rasterio.open(path) as dataset:
                pixels = dataset.read()
            np.save(path.with_suffix(".npy"), pixels)
            path.unlink()
    sides = split_pairs(tmp_path)
    assert not sites(sides["train"]) & sites(sides["val"])
    assert len(sides["val"]) == 4 and len(sides["train"]) == 12


def test_names_do_not_hide_that_ground_is_the_same(tmp_path):
    pair_folder(tmp_path, count=6)
    for number in range(6):
        write_at(tmp_path / "hr" / f"other{number}.tif", scene_dn(96, 96, seed=9), BANDS, f"place{number}")
        write_at(tmp_path / "lr" / f"other{number}.tif", scene_dn(24, 24, seed=9), BANDS, f"place{number}", 10)
    for pairs in split_pairs(tmp_path).values():
        names = {pair.site for pair in pairs}
        assert {name.replace("other", "place") for name in names} == {name for name in names if "place" in name}


def test_sides_that_overlap_are_refused_whoever_chose_them(tmp_path):
    pair_folder(tmp_path / "train")
    pair_folder(tmp_path / "val", count=2, names=["field", "town"])
    assert len(split_pairs(tmp_path)["val"]) == 2
    write_at(tmp_path / "val" / "hr" / "town.tif", scene_dn(96, 96), BANDS, "place3")
    with pytest.raises(InputError, match=r"leaks: .*place3\.tif trains and .*town\.tif validates"):
        split_pairs(tmp_path)


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_one_file_under_two_names_is_refused(tmp_path, link):
    pair_folder(tmp_path / "train")
    pair_folder(tmp_path / "val", count=2, names=["field", "town"])
    (tmp_path / "val" / "lr" / "town.tif").unlink()
    getattr(tmp_path / "val" / "lr" / "town.tif", link)(tmp_path / "train" / "lr" / "place1.tif")
    with pytest.raises(InputError, match=r"leaks: .*lr/place1\.tif trains and .*lr/town\.tif validates"):
        split_pairs(tmp_path)


def test_one_place_cannot_be_split(tmp_path):
    pair_folder(tmp_path, count=2, names=["place_2021", "place_2022"])
    with pytest.raises(InputError, match="show one place, place; expected at least two"):
        split_pairs(tmp_path)


@pytest.mark.parametrize("matching", ["none", "histogram", "moments"])
def test_a_window_is_what_the_whole_pair_has_there(tmp_path, matching):
    pair = two(tmp_path, lambda dn: 0.6 * ndimage.shift(dn, (0, 3, -2), order=1, mode="nearest") + 300)
    load = PairLoader(BANDS, 4, matching, align=True)
    lr, hr = load(pair)
    for window in (Window(0, 0, 6, 8), Window(9, 10, 6, 6), Window(16, 15, 8, 9)):
        low, high = load.read(pair, window)
        (rows, cols), (fine_rows, fine_cols) = window.slices, window.scaled(4).slices
        np.testing.assert_array_equal(low, lr[..., rows, cols])
        np.testing.assert_allclose(high, hr[:, fine_rows, fine_cols], atol=1e-5)


@pytest.mark.parametrize("matching", ["histogram", "moments"])
def test_tones_by_window_are_those_of_the_whole_image(tmp_path, matching):
    pair = two(tmp_path, lambda dn: 0.5 * dn + 700)
    hr, like = read_whole(pair.hr, BANDS), read_whole(pair.lr[0], BANDS)
    found = PairLoader(BANDS, 4, matching)(pair)[1]
    np.testing.assert_allclose(found, pairs_module.matched(hr, like, matching), atol=1e-4)


def test_a_pair_is_read_whole_and_registered_once(tmp_path, monkeypatch):
    pair_folder(tmp_path)
    calls = []
    for name in ("read_whole", "find_shift"):
        real = getattr(pairs_module, name)
        monkeypatch.setattr(pairs_module, name, lambda *given, real=real, name=name: calls.append(name) or real(*given))
    data = module(tmp_path, matching="histogram", align=True)
    for _ in range(2):
        assert [len(batch["lr"]) for batch in data.train_dataloader()] == [2, 2, 2]
        assert len(list(data.val_dataloader())) == 1
    assert calls.count("read_whole") == 2 * 6 and calls.count("find_shift") == 6


def test_validation_is_the_middle_of_large_pairs(tmp_path):
    pair_folder(tmp_path / "train")
    pair_folder(tmp_path / "val", count=1, names=["town"])
    dn = scene_dn(720, 560)
    write_at(tmp_path / "val" / "hr" / "town.tif", dn, BANDS, "town")
    write_at(tmp_path / "val" / "lr" / "town.tif", coarse(dn), BANDS, "town", 10)
    item = module(tmp_path).validation[0]
    assert item["lr"].shape == (4, 128, 128)
    np.testing.assert_allclose(item["hr"], dn[:, 104:616, 24:536] / 10_000, atol=1e-6)


def test_validation_without_data_in_the_middle_is_left_out(tmp_path, caplog):
    pair_folder(tmp_path / "train")
    pair_folder(tmp_path / "val", count=2, names=["field", "town"])
    for name in ("town", "field"):
        empty = np.full((4, 24, 24), np.nan, np.float32)
        write_at(tmp_path / "val" / "lr" / f"{name}.tif", empty, BANDS, name, 10)
        if name == "town":
            assert [item["site"] for item in module(tmp_path).validation] == ["field"]
            assert "for lack of data in the middle: town" in caplog.text
    with pytest.raises(InputError, match="No validation pair holds data"):
        module(tmp_path)


def test_all_pairs_that_do_not_fit_are_named_before_anything_is_read(tmp_path):
    pair_folder(tmp_path)
    train = [pair.site for pair in split_pairs(tmp_path)["train"]]
    for name in train[:2]:
        write_at(tmp_path / "lr" / f"{name}.tif", scene_dn(23, 24), BANDS, name, 10)
    with pytest.raises(InputError, match=rf"hr/{train[0]}\.tif has .*; .*hr/{train[1]}\.tif has .* expected 4 times"):
        module(tmp_path, workers=1)
    pair_folder(tmp_path / "small")
    with pytest.raises(InputError, match=r"24 x 24(; .*){4} pixels; expected at least 32"):
        PairFolderDataModule(str(tmp_path / "small"), crop_lr_px=32).setup("fit")


@pytest.mark.parametrize("workers", [0, 1])
def test_what_a_worker_cannot_read_is_said_in_a_line(tmp_path, workers):
    pair_folder(tmp_path)
    for path in (tmp_path / "hr").glob("*.tif"):
        write_at(path, np.full((4, 96, 96), np.nan, np.float32), BANDS, path.stem)
    said = "A hundred random crops in a row held nodata: the pairs are mostly empty."
    with pytest.raises(InputError) as error:
        next(iter(module(tmp_path, workers=workers).train_dataloader()))
    assert str(error.value) == said
