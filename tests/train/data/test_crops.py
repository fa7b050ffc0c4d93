import numpy as np
import pytest
import torch

from rs_srgan import InputError
from train.data.crops import RandomCrops, ValidationImages, fit_crop
from train.data.sources import Site


def site(value: float, size: int = 40) -> Site:
    image = np.random.default_rng(0).uniform(0.5, 1, (4, size, size)).astype(np.float32) + value
    return Site(f"site{value}", (image,))


def test_a_crop_depends_on_seed_epoch_and_index_only():
    crops = RandomCrops([([site(0)], 1)], 16, 100, seed=3)
    first = crops[7]["hr"]
    crops[50]
    torch.testing.assert_close(crops[7]["hr"], first, rtol=0, atol=0)
    assert not torch.equal(crops[8]["hr"], first)
    crops.epoch = 1
    assert not torch.equal(crops[7]["hr"], first)


def test_groups_are_drawn_by_their_shares():
    crops = RandomCrops([([site(0)], 0.75), ([site(10)], 0.25)], 8, 1000, seed=0)
    far = sum(crops[index]["hr"].mean().item() > 5 for index in range(1000))
    assert far == pytest.approx(250, abs=50)


def test_crops_have_no_nodata():
    holed = site(0)
    holed.images[0][:, :, 20:] = np.nan
    crops = RandomCrops([([holed], 1)], 16, 200, seed=0)
    assert all(crops[index]["hr"].isfinite().all() for index in range(200))


def test_images_with_nodata_everywhere_are_refused():
    empty = Site("empty", (np.full((4, 32, 32), np.nan, np.float32),))
    full = site(0)
    full.images[0][:, 16] = np.nan
    crops = RandomCrops([([full, empty], 1)], 32, 10, seed=0)
    with pytest.raises(InputError, match="crop_lr_px"):
        crops[0]


def test_a_small_image_is_mirrored_without_a_seam():
    image = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    grown = fit_crop(image, 6)
    assert grown.shape == (1, 6, 6)
    np.testing.assert_array_equal(grown[0, :, :4], np.concatenate([image[0], image[0, ::-1]]))


def test_validation_images_are_cut_to_the_scale():
    images = ValidationImages([site(0, 43)], 4, limit=256)
    assert images[0]["hr"].shape == (4, 40, 40)


def test_a_hole_in_the_middle_does_not_drop_an_image_with_holes_allowed():
    holed = site(0, 40)
    holed.images[0][:, 20, 20] = np.nan
    (item,) = (ValidationImages([holed], 4, limit=32, holes=True)[0],)
    assert torch.isnan(item["hr"]).sum() == 4
    with pytest.raises(InputError, match="site0"):
        ValidationImages([holed], 4, limit=32)


def test_a_part_with_data_validates_if_the_middle_is_empty(caplog):
    holed, empty = site(0, 96), site(1, 96)
    holed.images[0][:, 16:80, 16:96] = np.nan
    empty.images[0][:] = np.nan
    images = ValidationImages([holed, empty], 4, limit=32, holes=True)
    assert len(images) == 1
    assert torch.isfinite(images[0]["hr"]).float().mean() >= 0.5
    assert "site1" in caplog.text
