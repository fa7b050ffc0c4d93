import numpy as np
import pytest
import rasterio
import torch
from scipy import ndimage

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.train.conftest import write
from tests.train.data.makers import coarse, pair_folder
from train.data.pairs import Pair, PairFolderDataModule, PairLoader, read_whole, split_pairs

BANDS = ("B04", "B03", "B02", "B08")


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
        write(path, dn, BANDS)
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
