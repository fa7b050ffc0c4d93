from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rs_srgan import InputError
from train.data.crops import RandomCrops, ValidationImages, fit_crop
from train.data.mixture import MixtureDataModule
from train.data.scenes import SceneDataModule
from train.data.sources import Site, band_moments, data_root, naip_sites, sentinel2_sites


def site(value: float, size: int = 40) -> Site:
    image = np.random.default_rng(0).uniform(0.5, 1, (4, size, size)).astype(np.float32) + value
    return Site(f"site{value}", (image,))


def test_a_crop_depends_on_seed_epoch_and_index_only():
    crops = RandomCrops([([site(0)], 1)], 16, 100, seed=3)
    first = crops[7]
    crops[50]
    torch.testing.assert_close(crops[7], first, rtol=0, atol=0)
    assert not torch.equal(crops[8], first)
    crops.epoch = 1
    assert not torch.equal(crops[7], first)


def test_groups_are_drawn_by_their_shares():
    crops = RandomCrops([([site(0)], 0.75), ([site(10)], 0.25)], 8, 1000, seed=0)
    far = sum(crops[index].mean().item() > 5 for index in range(1000))
    assert far == pytest.approx(250, abs=50)


def test_a_crop_never_holds_nodata():
    holed = site(0)
    holed.images[0][:, :, 20:] = np.nan
    crops = RandomCrops([([holed], 1)], 16, 200, seed=0)
    assert all(crops[index].isfinite().all() for index in range(200))


def test_images_without_data_are_said():
    empty = Site("empty", (np.full((4, 32, 32), np.nan, np.float32),))
    full = site(0)
    full.images[0][:, 16] = np.nan
    crops = RandomCrops([([full, empty], 1)], 32, 10, seed=0)
    with pytest.raises(InputError, match="A hundred random crops"):
        crops[0]


def test_a_small_image_is_mirrored_without_a_seam():
    image = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    grown = fit_crop(image, 6)
    assert grown.shape == (1, 6, 6)
    np.testing.assert_array_equal(grown[0, :, :4], np.concatenate([image[0], image[0, ::-1]]))


def test_validation_images_are_cut_to_the_scale():
    images = ValidationImages([site(0, 43)], 4, limit=256)
    assert images[0]["hr"].shape == (4, 40, 40)


def test_thinned_out_chips_are_averaged_and_others_are_not(small_data):
    sizes = {s.name: s.images[0].shape for side in ("train", "val") for s in sentinel2_sites(small_data, side)}
    assert sizes["burgundy_0"] == (4, 150, 140)
    assert sizes["ca_fire_DEWEY"] == (4, 75, 70)


def test_naip_gets_the_tones_of_sentinel2_and_the_size_asked_for(small_data):
    moments = band_moments(sentinel2_sites(small_data, "train"))
    for coarsen, size in ((True, 64), (False, 128)):
        images = [image for s in naip_sites(small_data, "train", moments, coarsen=coarsen) for image in s.images]
        assert {image.shape for image in images} == {(4, size, size)}
        mean = np.mean([image.mean((1, 2)) for image in images], 0)
        np.testing.assert_allclose(mean, moments[0][: len(images)].mean(0), rtol=0.2)


def test_a_batch_has_lr_of_the_sensor_and_is_the_same_every_time(small_data):
    def batch():
        module = MixtureDataModule(str(small_data), crop_lr_px=8, batch_size=3, steps_per_epoch=2)
        module.setup("fit")
        return module.on_after_batch_transfer(next(iter(module.train_dataloader())), 0)

    first, again = batch(), batch()
    assert first["hr"].shape == (3, 4, 32, 32)
    assert first["lr"].shape == (3, 4, 8, 8)
    torch.testing.assert_close(first["hr"], again["hr"], rtol=0, atol=0)
    torch.testing.assert_close(first["lr"], again["lr"], rtol=0, atol=0)


def test_the_bands_are_the_models_in_its_order(small_data):
    def batch(bands):
        module = MixtureDataModule(
            str(small_data), bands=bands, crop_lr_px=8, batch_size=4, steps_per_epoch=1, sentinel2_share=1
        )
        module.setup("fit")
        return module.on_after_batch_transfer(next(iter(module.train_dataloader())), 0)["hr"]

    torch.testing.assert_close(batch(("B08", "B02")), batch(("B04", "B03", "B02", "B08"))[:, [3, 2]], rtol=0, atol=0)
    with pytest.raises(InputError, match="The mixture has no B11: NAIP holds"):
        MixtureDataModule(bands=("B04", "B11"))


def test_missing_data_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("RS_SRGAN_DATA", raising=False)
    with pytest.raises(InputError, match="set RS_SRGAN_DATA"):
        data_root()
    with pytest.raises(InputError, match="does not exist"):
        data_root(str(tmp_path / "no"))
    with pytest.raises(InputError, match="holds no GeoTIFFs"):
        sentinel2_sites(tmp_path, "train")


def test_a_truncated_chip_is_named(small_data):
    path = small_data / "sentinel2" / "burgundy_0_2017_10m.tif"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match=r"burgundy_0_2017_10m\.tif is truncated"):
        sentinel2_sites(small_data, "train") + sentinel2_sites(small_data, "val")


def test_every_batch_of_every_process_is_degraded_in_its_own_way(small_data):
    data = MixtureDataModule(str(small_data), crop_lr_px=8, batch_size=2, steps_per_epoch=2)
    hr = torch.rand(2, 4, 32, 32)

    def lr(batch, rank):
        data.trainer = SimpleNamespace(fit_loop=SimpleNamespace(total_batch_idx=batch), global_rank=rank)
        return data.on_after_batch_transfer(hr, 0)["lr"]

    assert torch.equal(lr(5, 0), lr(5, 0))
    assert not torch.equal(lr(5, 0), lr(6, 0))
    assert not torch.equal(lr(5, 0), lr(5, 1))


def test_naip_comes_in_the_sizes_that_are_asked_for(small_data):
    def sides(**options):
        data = MixtureDataModule(str(small_data), crop_lr_px=8, batch_size=2, steps_per_epoch=2, **options)
        data.setup("fit")
        train = [{image.shape[1] for image in group} for group in data.crops.images[1:]]
        return train, {item["hr"].shape[1] for item in data.validation.items if item["group"] == "naip"}

    assert sides() == ([{64}, {128}], {64})
    assert sides(naip_gsd_m=(1.2,)) == ([{128}], {128})
    with pytest.raises(InputError, match=r"naip_gsd_m is \(5.0,\); expected one or both of \(2.4, 1.2\)"):
        sides(naip_gsd_m=(5.0,))


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"steps_per_epoch": 0}, "steps_per_epoch is 0; expected at least 1."),
        ({"batch_size": 0}, "batch_size is 0; expected at least 1."),
        ({"sentinel2_share": 1.5}, "sentinel2_share is 1.5; expected 0 to 1"),
        ({"sentinel2_share": float("nan")}, "sentinel2_share is nan; expected 0 to 1"),
    ],
)
def test_settings_without_meaning_are_refused_where_they_are_made(setting, expected):
    with pytest.raises(InputError, match=expected):
        MixtureDataModule(**setting)


def test_fewer_workers_than_none_are_refused():
    with pytest.raises(InputError, match="workers is -1; expected at least 0"):
        SceneDataModule([], [], workers=-1)
