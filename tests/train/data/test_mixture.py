import pytest
import torch

from rs_srgan import InputError
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
