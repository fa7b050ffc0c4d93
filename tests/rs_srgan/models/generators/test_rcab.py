"""RCAB: residual blocks that weight their channels by the mean of the whole image."""

import pytest
import torch
from torch.nn import functional as F

from rs_srgan.models.generators.rcab import RCAB


def block_of(channels: int) -> torch.nn.Module:
    torch.manual_seed(0)
    return RCAB(4, 4, 2, channels, 1).body[0]


@pytest.fixture
def block() -> torch.nn.Module:
    return block_of(16)


@torch.no_grad()
def test_a_block_computes_what_the_paper_draws(block):
    x = torch.randn(2, 16, 9, 8)
    residual = F.relu(F.conv2d(x, block.body[0].weight, block.body[0].bias, padding=1))
    residual = F.conv2d(residual, block.body[2].weight, block.body[2].bias, padding=1)
    squeeze, excite = block.attention[1], block.attention[3]
    units = F.leaky_relu(residual.mean((2, 3)) @ squeeze.weight[:, :, 0, 0].T + squeeze.bias, 0.1)
    weights = torch.sigmoid(units @ excite.weight[:, :, 0, 0].T + excite.bias)
    torch.testing.assert_close(block(x), x + weights[:, :, None, None] * residual)


@torch.no_grad()
def test_all_pixels_of_a_channel_have_one_weight_between_0_and_1(block):
    x = torch.randn(1, 16, 9, 8)
    shares = (block(x) - x) / block.body(x)
    middle = shares.median(3).values.median(2).values[..., None, None]
    torch.testing.assert_close(shares, middle.expand_as(shares), atol=1e-2, rtol=0)
    assert 0 < middle.min() < middle.max() < 1


@torch.no_grad()
def test_each_image_of_a_batch_has_its_own_weights(block):
    x = torch.randn(2, 16, 9, 8)
    torch.testing.assert_close(block(x)[:1], block(x[:1]))


@pytest.mark.parametrize(("channels", "units"), [(16, 1), (32, 2), (64, 4)])
def test_the_attention_has_one_unit_for_16_channels(channels, units):
    attention = sum(weight.numel() for weight in block_of(channels).attention.parameters())
    assert attention == units * (channels + 1) + channels * (units + 1)


def test_a_tile_is_not_exact():
    assert not RCAB.exact_tiling
