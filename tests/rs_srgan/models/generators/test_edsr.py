"""EDSR: plain residual blocks, without batch statistics."""

import pytest
import torch
from torch.nn import functional as F

from rs_srgan.models.generators.edsr import EDSR, ResidualBlock

INPUTS, BANDS, CHANNELS = 5, 3, 16


def make(scale: int, blocks: int) -> EDSR:
    torch.manual_seed(0)
    return EDSR(INPUTS, BANDS, scale, CHANNELS, blocks)


def convolve(x, layer):
    return F.conv2d(x, layer.weight, layer.bias, padding=1)


@torch.no_grad()
def test_it_computes_what_the_paper_draws():
    net, x = make(scale=2, blocks=2), torch.randn(2, INPUTS, 7, 9)
    first = features = convolve(x, net.head)
    for block in net.body[:2]:
        inner, outer = block.body[0], block.body[2]
        features = features + convolve(F.leaky_relu(convolve(features, inner), 0.1), outer)
    features = first + convolve(features, net.body[2])
    torch.testing.assert_close(net(x), convolve(features, net.tail))


@pytest.mark.parametrize(("scale", "blocks"), [(2, 1), (4, 3)])
def test_the_number_of_weights_follows_from_the_convolutions(scale, blocks):
    def weights(inputs, outputs):
        return outputs * (9 * inputs + 1)

    expected = weights(INPUTS, CHANNELS) + (2 * blocks + 1) * weights(CHANNELS, CHANNELS)
    expected += weights(CHANNELS, BANDS * scale**2)
    assert sum(weight.numel() for weight in make(scale, blocks).parameters()) == expected


@torch.no_grad()
def test_a_block_spreads_an_impulse_by_two_pixels():
    torch.manual_seed(0)
    block, x = ResidualBlock(CHANNELS), torch.zeros(1, CHANNELS, 11, 11)
    before = block(x)
    x[..., 5, 5] = 1
    rows, cols = (block(x) - before).abs().sum((0, 1)).nonzero().T
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (3, 7, 3, 7)


@torch.no_grad()
def test_other_images_of_a_batch_do_not_matter_in_training():
    net, x = make(scale=2, blocks=2).train(), torch.randn(3, INPUTS, 8, 8)
    torch.testing.assert_close(net(x)[:1], net(x[:1]))
