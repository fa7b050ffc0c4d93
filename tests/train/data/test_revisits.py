from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import ndimage

from rs_srgan import InputError
from tests.rs_srgan.registration.test_shift import scene
from train.data.revisits import RevisitCrops, RevisitsDataModule
from train.data.sources import Site
from train.data.views import RevisitsConfig


def test_dates_of_a_place_are_aligned_and_foreign_ones_left_out():
    fine = np.stack([scene(4, 96)] * 4)
    shifted = np.stack([ndimage.shift(band, (1.4, -0.8), order=5, mode="reflect") for band in fine])
    foreign = np.stack([scene(9, 96)] * 4)
    site = Site("place", tuple(image.astype(np.float32) for image in (fine, shifted, foreign)))
    crops = RevisitCrops([([site], 1)], 48, 20, seed=0)
    seen = 0
    for item in (crops[index] for index in range(20)):
        assert item["hr"].shape == (4, 48, 48) and item["dates"].shape == (3, 4, 48, 48)
        torch.testing.assert_close(item["dates"][0], item["hr"], rtol=0, atol=0)
        difference = (item["dates"][1] - item["hr"]).abs()
        seen += difference.max() > 0
        assert difference[:, 6:-6, 6:-6].max() < 0.02
    assert seen


def test_batches_have_views_masks_and_offsets(small_data):
    data = RevisitsDataModule(str(small_data), batch_size=2, crop_lr_px=16, revisits=RevisitsConfig(fewest=3, most=4))
    data.setup("fit")
    batch = next(iter(data.train_dataloader()))
    data.trainer = SimpleNamespace(fit_loop=SimpleNamespace(total_batch_idx=5), global_rank=0, current_epoch=0)
    first, again = (data.on_after_batch_transfer({**batch}, 0) for _ in range(2))
    assert first["lr"].shape[1] in (3, 4) and first["mask"].shape == first["lr"][:, :, 0].shape
    torch.testing.assert_close(first["lr"], again["lr"], rtol=0, atol=0)
    validation = data.on_after_batch_transfer(next(iter(data.val_dataloader())), 0)
    assert validation["lr"].shape[:2] == (1, 4) and "dates" not in validation


@pytest.mark.parametrize("counts", [(1, 4), (5, 4), (0, 0)])
def test_fewer_than_two_views_are_refused(counts, tmp_path):
    with pytest.raises(InputError, match=r"revisits\.fewest"):
        RevisitsDataModule(str(tmp_path), revisits=RevisitsConfig(*counts))


@pytest.mark.parametrize("strength", [(-0.1, 1.0), (1.0, 0.5)])
def test_an_impossible_range_of_strength_is_refused(strength, tmp_path):
    with pytest.raises(InputError, match="strength"):
        RevisitsDataModule(str(tmp_path), revisits=RevisitsConfig(strength=strength))
