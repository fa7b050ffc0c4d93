import numpy as np
import pytest
import torch

from rs_srgan import InputError
from rs_srgan.sensors.mtf import degrade, wald_mtf
from tests.conftest import scene_dn
from tests.train.conftest import write
from train.data.guided import GuidedDataModule

OWN, GUIDE = ("B05", "B11"), ("B04", "B08")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sentinel2").mkdir()
    for seed in range(4):
        write(tmp_path / "sentinel2" / f"burgundy_{seed}_2017_10m.tif", scene_dn(121, 140, seed=seed), (*GUIDE, *OWN))
    write(tmp_path / "sentinel2" / "dolomites_10m_rgbn.tif", scene_dn(90, 90, bands=2), GUIDE)
    return tmp_path


def module(root, **options):
    data = GuidedDataModule(
        str(root), bands=OWN, guide_bands=GUIDE, crop_lr_px=8, batch_size=3, steps_per_epoch=2, **options
    )
    data.setup("fit")
    return data


def test_guide_and_target_show_the_same_place_at_20_m(root):
    data = module(root)
    assert len(data.crops.images[0]) + len(data.validation) == 4  # not the one without B05 and B11
    item = data.on_after_batch_transfer(next(iter(data.val_dataloader())), 0)
    assert item["hr"].shape == item["guide"].shape == (1, 2, 60, 70)
    torch.testing.assert_close(item["lr"], degrade(item["hr"], 2, wald_mtf((0.38, 0.22), 2)))
    names = {f"burgundy_{seed}": seed for seed in range(4)}
    dn = scene_dn(121, 140, seed=names[item["site"][0]])[:, :120].astype(np.float32) / 10_000
    means = dn.reshape(4, 60, 2, 70, 2).mean((2, 4))
    np.testing.assert_allclose(item["hr"][0], means[2:], atol=1e-6)
    inner = (slice(None), slice(3, -3), slice(3, -3))
    assert np.corrcoef(item["guide"][0].numpy()[inner].ravel(), means[:2][inner].ravel())[0, 1] > 0.95


def test_training_crops_carry_their_guide(root):
    data = module(root)
    batch = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    assert batch["hr"].shape == batch["guide"].shape == (3, 2, 16, 16)
    assert batch["lr"].shape == (3, 2, 8, 8)


def test_other_models_are_refused(root):
    with pytest.raises(InputError, match="guide_bands"):
        module(root, scale=4)
    (root / "sentinel2" / "burgundy_0_2017_10m.tif").unlink()
    data = GuidedDataModule(str(root), bands=("B12",), guide_bands=GUIDE)
    with pytest.raises(InputError, match="nothing"):
        data.setup("fit")
