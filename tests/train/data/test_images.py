import pytest
from PIL import Image

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.train.data.makers import photographs
from train.data.images import ImageFolderDataModule


def module(root, **options):
    data = ImageFolderDataModule(str(root), crop_lr_px=8, batch_size=3, steps_per_epoch=2, **options)
    data.setup("fit")
    return data


def test_batches_have_lr_and_no_picture_is_on_both_sides(tmp_path):
    data = module(photographs(tmp_path / "photographs"))
    batch = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    assert batch["hr"].shape == (3, 3, 32, 32)
    assert batch["lr"].shape == (3, 3, 8, 8)
    assert 0 <= batch["hr"].min() < batch["hr"].max() <= 1  # never brighter than white
    assert len(data.crops.images[0]) + len(data.validation) == 12
    item = data.on_after_batch_transfer(next(iter(data.val_dataloader())), 0)
    assert item["hr"].shape[2:] == tuple(4 * side for side in item["lr"].shape[2:])


def test_folders_named_train_and_val_are_the_split(tmp_path):
    photographs(tmp_path / "train", count=4)
    photographs(tmp_path / "val", count=2, side=64)
    for index, path in enumerate(sorted((tmp_path / "val").iterdir())):
        path.rename(path.with_stem(f"other{index}"))
    assert len(module(tmp_path).validation) == 2


def test_bad_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="nothing"):
        module(tmp_path)
    photographs(tmp_path / "train", count=3)
    photographs(tmp_path / "val", count=2)
    with pytest.raises(InputError, match="leaks"):
        module(tmp_path)
    with pytest.raises(InputError, match="red"):
        module(tmp_path, bands=("B04", "B03", "B02", "B08"))
    (tmp_path / "train" / "9.png").write_bytes(b"no picture")
    for path in (tmp_path / "val").iterdir():
        path.rename(path.with_stem("v" + path.stem))
    with pytest.raises(InputError, match="readable"):
        module(tmp_path)


def test_a_truncated_picture_is_named_when_it_is_read(tmp_path):
    photographs(tmp_path / "p", side=200)
    data = module(tmp_path / "p")
    for path in (tmp_path / "p").glob("*.jpg"):
        path.write_bytes(path.read_bytes()[:1500])
    for path in (tmp_path / "p").glob("*.png"):
        path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(InputError, match="truncated"):
        data.crops[0]


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(InputError, match="DecompressionBomb"):
        module(photographs(tmp_path / "p"))


def test_only_the_same_folder_and_name_on_both_sides_leak(tmp_path):
    photographs(tmp_path / "train" / "cats", count=3)
    photographs(tmp_path / "val" / "dogs", count=3)
    assert len(module(tmp_path).validation) == 3
    photographs(tmp_path / "val" / "cats", count=1)
    with pytest.raises(InputError, match="leaks"):
        module(tmp_path)


def test_one_picture_and_pictures_of_16_bits_are_refused(tmp_path):
    photographs(tmp_path / "one", count=1)
    with pytest.raises(InputError, match="validates"):
        module(tmp_path / "one")
    photographs(tmp_path / "deep", count=4)
    Image.fromarray(scene_dn(40, 40, bands=1)[0]).save(tmp_path / "deep" / "deep.png")
    with pytest.raises(InputError, match="bits"):
        module(tmp_path / "deep")
