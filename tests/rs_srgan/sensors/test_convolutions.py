import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rs_srgan.sensors.convolutions import BandFilter, Separable, block_diagonal


@pytest.mark.parametrize("shape", [(2, 3, 1, 5), (2, 1, 3, 5)], ids=["to more channels", "to fewer channels"])
def test_separable_is_the_outer_product_of_its_kernel(shape):
    kernels = np.random.default_rng(0).random(shape)
    bands, out, into, taps = shape
    image = torch.rand(1, bands * into**2, 9, 8)
    full = np.einsum("boit,bpjs->bopijts", kernels, kernels).reshape(bands, out**2, into**2, taps, taps)
    weight = torch.from_numpy(full).float().flatten(0, 1)
    torch.testing.assert_close(Separable(kernels)(image), F.conv2d(image, weight, groups=bands), rtol=0, atol=1e-4)


def test_margin_adds_zeros_on_each_side():
    convolution, image = Separable(np.ones((1, 1, 2, 3))), torch.rand(1, 4, 6, 6)
    torch.testing.assert_close(convolution(image, 2), convolution(F.pad(image, (2, 2, 2, 2))))


def test_a_band_filter_does_not_mix_bands():
    kernels = np.random.default_rng(0).random((2, 3, 3))
    image = torch.rand(1, 2, 6, 6)
    changed = image.clone()
    changed[:, 1] += 1
    before, after = BandFilter(kernels)(image), BandFilter(kernels)(changed)
    assert torch.equal(before[:, 0], after[:, 0])
    assert not torch.equal(before[:, 1], after[:, 1])


def test_block_diagonal_is_zero_between_groups():
    dense = block_diagonal(np.ones((2, 1, 2, 3)))
    assert dense.shape == (2, 4, 3)
    assert (dense[0, 2:] == 0).all()
    assert (dense[0, :2] == 1).all()
