import numpy as np
import pytest
import torch

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.train.data.makers import native_entry, native_folder
from train.data.mixture import MixtureDataModule


def test_the_bands_are_the_models_in_its_order(small_data):
    def batch(bands):
        module = MixtureDataModule(
            str(small_data), bands=bands, crop_lr_px=8, batch_size=4, steps_per_epoch=1, sentinel2_share=1
        )
        module.setup("fit")
        return module.on_after_batch_transfer(next(iter(module.train_dataloader())), 0)["hr"]

    torch.testing.assert_close(batch(("B08", "B02")), batch(("B04", "B03", "B02", "B08"))[:, [3, 2]], rtol=0, atol=0)
    with pytest.raises(InputError, match="B11"):
        MixtureDataModule(bands=("B04", "B11"))


def test_naip_has_the_requested_pixel_sizes(small_data):
    def sides(**options):
        data = MixtureDataModule(str(small_data), crop_lr_px=8, batch_size=2, steps_per_epoch=2, **options)
        data.setup("fit")
        train = [{image.shape[1] for image in group} for group in data.crops.images[1:]]
        return train, {item["hr"].shape[1] for item in data.validation.items if item["group"] == "naip"}

    assert sides() == ([{64}, {128}], {64})
    assert sides(naip_gsd_m=(1.2,)) == ([{128}], {128})
    with pytest.raises(InputError, match="naip_gsd_m"):
        sides(naip_gsd_m=(5.0,))


def test_native_images_get_their_share_and_a_tenth_of_it_is_moved(small_data):
    with pytest.raises(InputError, match="native_share"):
        prepared(small_data, native_share=0.5)
    files = [
        (native_entry(place, nn_resampled=moved), scene_dn(130, 120, seed=seed))
        for seed, (place, moved) in enumerate([("dell", False), ("moor", True), ("limburg", False)])
    ]
    native_folder(small_data, files)
    data = prepared(small_data, native_share=0.5, sentinel2_share=0.8)
    chips, native, moved, *_ = data.crops.images
    assert len(chips) == len(prepared(small_data).crops.images[0])
    assert [image.shape[1] for image in (*native, *moved)] == [130, 65]
    assert "native" in {item["group"] for item in data.validation.items}
    assert set((small_data / "sentinel2_native").glob("*.tif")) <= set(data.files())
    groups = [(chips, 0.4), (native, 0.36), (moved, 0.04)]
    np.testing.assert_allclose(data.crops.shares[:3], [share for _, share in groups], atol=1e-9)


def test_crops_vary_in_brightness_as_asked(small_data):
    def crop(factor):
        return prepared(small_data, brightness=(factor, factor)).crops[0]["hr"]

    torch.testing.assert_close(crop(0.5), crop(1.0) / 2)
    for wrong in ((0.0, 1.0), (1.2, 0.8)):
        with pytest.raises(InputError, match="brightness"):
            MixtureDataModule(str(small_data), brightness=wrong)


def prepared(root, **options):
    data = MixtureDataModule(str(root), crop_lr_px=8, batch_size=2, steps_per_epoch=2, **options)
    data.setup("fit")
    return data
