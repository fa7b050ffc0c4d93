import numpy as np
import pytest
import torch

from rs_srgan import InputError
from rs_srgan.sensors import SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from tests.conftest import scene_dn
from tests.train.conftest import write
from tests.train.data.makers import native_entry, native_folder
from train.data.guided import GuidedDataModule, native_guided_sites

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


def add_native(root):
    """Add pairs of 10 m and 20 m bands of two places, one of which validates."""
    files = []
    for seed, place in enumerate(("dell", "oresund")):
        files.append((native_entry(place, f"{place}_10m_x.tif", GUIDE), scene_dn(96, 120, bands=2, seed=seed)))
        twenty = native_entry(place, f"{place}_20m_x.tif", OWN, gsd_m=20)
        files.append((twenty, scene_dn(48, 60, bands=2, seed=seed)))
    native_folder(root, files)


def test_native_pairs_keep_their_target_and_bring_the_guide_to_20_m(root):
    add_native(root)
    (site,) = native_guided_sites(root, "val", OWN, GUIDE)
    assert site.name == "native/oresund"
    (image,) = site.images
    np.testing.assert_allclose(image[:2], scene_dn(48, 60, bands=2, seed=1) / 1e4, atol=1e-6)
    fine = torch.from_numpy(scene_dn(96, 120, bands=2, seed=1).astype(np.float32) / 1e4)[None]
    guide = degrade(fine, 2, wald_mtf(SENTINEL2.mtf_nyquist(GUIDE), 2))[0]
    np.testing.assert_allclose(image[2:], guide, atol=1e-6)


def test_native_images_get_their_share_of_the_crops_and_validate(root):
    with pytest.raises(InputError, match="nothing"):
        module(root, native_share=0.5)
    add_native(root)
    data = module(root, native_share=1.0)
    assert {item["group"] for item in data.validation.items} == {"sentinel2", "native"}
    crop = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)["hr"][0]
    windows = np.lib.stride_tricks.sliding_window_view(scene_dn(48, 60, bands=2) / np.float32(1e4), (2, 16, 16))[0]
    windows = windows / windows.mean((2, 3, 4), keepdims=True)  # a crop is brightened, turned and mirrored
    flips = [np.rot90(each, turns, (1, 2)) for each in (crop, crop.flip(2)) for turns in range(4)]
    assert min(np.abs(windows - flip / flip.mean()).max((2, 3, 4)).min() for flip in flips) < 1e-4
    assert module(root).files() != data.files()


def test_tones_change_the_ratios_of_bands_in_training_only(root):
    def ratios(tones):
        data = module(root, tones=tones)
        batch = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
        shown = data.on_after_batch_transfer(next(iter(data.val_dataloader())), 0)
        return torch.cat([batch["hr"], batch["guide"]], 1).mean((2, 3)), shown["hr"]

    (plain, shown), (toned, same) = ratios(0.0), ratios(0.3)
    torch.testing.assert_close(same, shown, rtol=0, atol=0)
    factors = (toned / plain).log()
    assert 0.1 < factors.std() < 0.6
    assert (factors.std(1) > 0.05).all()
    with pytest.raises(InputError, match="tones"):
        module(root, tones=2.0)


def test_interpolated_chips_can_be_left_out(root):
    with pytest.raises(InputError, match="interpolated"):
        module(root, interpolated=False)  # none of the chips goes back to the sensor's grid


def test_other_models_are_refused(root):
    with pytest.raises(InputError, match="guide_bands"):
        module(root, scale=4)
    (root / "sentinel2" / "burgundy_0_2017_10m.tif").unlink()
    data = GuidedDataModule(str(root), bands=("B12",), guide_bands=GUIDE)
    with pytest.raises(InputError, match="nothing"):
        data.setup("fit")
