import numpy as np
import pytest
import torch

from rs_srgan import InputError
from train.data.crops import Crops
from train.data.normalisation import measure


class Known(Crops):
    """Crops of known values: HR, or HR with an LR of other values."""

    def __init__(self, make, with_lr: bool = False):
        super().__init__(300, 0)
        self.make, self.with_lr = make, with_lr

    def __getitem__(self, index):
        values = torch.from_numpy(self.make(self.random_numbers(index)).astype(np.float32))
        return {"lr": values, "hr": 5 * values} if self.with_lr else {"hr": values}


@pytest.mark.parametrize("with_lr", [False, True])
def test_mean_and_deviation_are_those_of_what_the_network_sees(with_lr):
    crops = Known(lambda random: random.normal(0.4, 0.02, (2, 16, 16)), with_lr)
    assert measure(crops) == pytest.approx((0.4, 0.02), rel=0.02)
    assert measure(crops) == measure(crops)


def test_flat_images_have_no_normalisation():
    with pytest.raises(InputError, match="reflectance_mean"):
        measure(Known(lambda random: np.full((2, 8, 8), 0.3)))
