import pytest

from rs_srgan import InputError
from train.data.mixture import MixtureDataModule
from train.data.module import images_in
from train.data.pairs import PairFolderDataModule
from train.data.scenes import SceneDataModule
from train.data.simulated import ViewsConfig


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"views": ViewsConfig(count=0)}, "views.count"),
        ({"scale": 3}, "scale"),
        ({"steps_per_epoch": 0}, "steps_per_epoch"),
        ({"batch_size": 0}, "batch_size"),
        ({"sentinel2_share": 1.5}, "sentinel2_share"),
        ({"sentinel2_share": float("nan")}, "sentinel2_share"),
    ],
)
def test_settings_out_of_range_are_refused(setting, expected):
    with pytest.raises(InputError, match=expected):
        MixtureDataModule(**setting)


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(InputError, match="workers"):
        SceneDataModule([], [], workers=-1)


def test_the_seed_of_the_run_is_that_of_the_data(monkeypatch, tmp_path):
    monkeypatch.setenv("PL_GLOBAL_SEED", "7")
    assert PairFolderDataModule(str(tmp_path)).seed == 7
    assert PairFolderDataModule(str(tmp_path), seed=3).seed == 3
    monkeypatch.delenv("PL_GLOBAL_SEED")
    assert PairFolderDataModule(str(tmp_path)).seed == 0


def test_a_folder_without_images_names_what_it_has(tmp_path):
    with pytest.raises(InputError, match="missing"):
        images_in(tmp_path / "nowhere", (".tif",))
    (tmp_path / "a.npz").touch()
    (tmp_path / "._a.tif").touch()
    with pytest.raises(InputError, match=r"numpy\.save") as refused:
        images_in(tmp_path, (".tif",))
    assert "a.npz" in str(refused.value) and "._a" not in str(refused.value)
    (tmp_path / "b.TIF").touch()
    assert images_in(tmp_path, (".tif",)) == [tmp_path / "b.TIF"]
