import numpy as np
import pytest

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.train.conftest import write
from tests.train.data.makers import RGBN, pair_folder, pair_module, write_at
from train.data import pair_loader
from train.data.pair_loader import PairLoader
from train.data.pair_split import split_pairs
from train.data.pairs import PairFolderDataModule


def test_crops_of_lr_and_hr_show_the_same_place(tmp_path):
    data = pair_module(pair_folder(tmp_path, side=96))
    for batch in data.train_dataloader():
        lr, hr = batch["lr"], batch["hr"]
        assert lr.shape == (2, 4, 8, 8)
        means = hr.unflatten(3, (8, 4)).unflatten(2, (8, 4)).mean((3, 5))
        np.testing.assert_allclose(means, lr, atol=1e-4)


def test_revisits_are_stacked_and_the_last_is_repeated(tmp_path):
    pair_folder(tmp_path, side=96)
    for number in range(6):
        folder = tmp_path / "lr" / f"place{number}"
        folder.mkdir()
        (tmp_path / "lr" / f"place{number}.tif").rename(folder / "2022-08-01.tif")
        write(folder / "2022-08-04.tif", scene_dn(24, 24, seed=9), RGBN)
    batch = next(iter(pair_module(tmp_path, revisits=3).train_dataloader()))
    assert batch["lr"].shape == (2, 3, 4, 8, 8)
    np.testing.assert_array_equal(batch["lr"][:, 1], batch["lr"][:, 2])
    assert not np.array_equal(batch["lr"][:, 0], batch["lr"][:, 1])


def test_a_pair_is_read_whole_and_registered_once(tmp_path, monkeypatch):
    pair_folder(tmp_path, side=96)
    calls = []
    for owner, name in ((PairLoader, "read_whole"), (pair_loader, "find_shift")):
        real = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *given, real=real, name=name: calls.append(name) or real(*given))
    data = pair_module(tmp_path, matching="histogram", align=True)
    for _ in range(2):
        assert [len(batch["lr"]) for batch in data.train_dataloader()] == [2, 2, 2]
        assert len(list(data.val_dataloader())) == 1
    assert calls.count("read_whole") == 2 * 6 and calls.count("find_shift") == 6


def test_the_message_names_all_pairs_of_wrong_size(tmp_path):
    pair_folder(tmp_path, side=96)
    train = [pair.site for pair in split_pairs(tmp_path)["train"]]
    for name in train[:2]:
        write_at(tmp_path / "lr" / f"{name}.tif", scene_dn(23, 24), RGBN, name, 10)
    with pytest.raises(InputError, match="times") as error:
        pair_module(tmp_path, workers=1)
    assert all(f"hr/{name}.tif has" in str(error.value) for name in train[:2])
    pair_folder(tmp_path / "small", side=96)
    with pytest.raises(InputError, match="32"):
        PairFolderDataModule(str(tmp_path / "small"), crop_lr_px=32).setup("fit")


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_of_a_worker_process_is_one_line(tmp_path, workers):
    pair_folder(tmp_path, side=96)
    for path in (tmp_path / "hr").glob("*.tif"):
        dn = np.full((4, 96, 96), 0.1, np.float32)
        dn[:, ::8] = np.nan
        write_at(path, dn, RGBN, path.stem)
    with pytest.raises(InputError, match=r"^100") as error:
        next(iter(pair_module(tmp_path, workers=workers).train_dataloader()))
    assert len(str(error.value).splitlines()) == 1
