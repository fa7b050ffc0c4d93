"""LKA: residual blocks with large-kernel attention."""

import torch
from torch.nn import functional as F

from rs_srgan.models.generators.lka import LKA

CHANNELS = 16


def make(blocks: int = 1) -> LKA:
    torch.manual_seed(0)
    return LKA(4, 4, 2, CHANNELS, blocks)


@torch.no_grad()
def test_a_block_weights_features_by_a_large_kernel():
    """The dilated kernel is written out here: 7 x 7 weights with two zeros between neighbours are 19 x 19."""
    block, x = make().body[0], torch.randn(2, CHANNELS, 30, 31)
    spread = torch.zeros(CHANNELS, 1, 19, 19)
    spread[:, :, ::3, ::3] = block.far.weight
    features = F.gelu(F.conv2d(x, block.body[0].weight, block.body[0].bias, padding=1))
    near = F.conv2d(features, block.near.weight, block.near.bias, padding=2, groups=CHANNELS)
    far = F.conv2d(near, spread, block.far.bias, padding=9, groups=CHANNELS)
    attention = F.conv2d(far, block.weigh.weight, block.weigh.bias)
    expected = x + F.conv2d(attention * features, block.mix.weight, block.mix.bias)
    torch.testing.assert_close(block(x), expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_the_attention_spreads_an_impulse_by_eleven_pixels_in_its_own_channel():
    block, x = make().body[0], torch.zeros(1, CHANNELS, 31, 31)
    before = block.far(block.near(x))
    x[:, 3, 15, 15] = 1
    channels, rows, cols = (block.far(block.near(x)) - before)[0].abs().nonzero().T
    assert set(channels.tolist()) == {3}
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (4, 26, 4, 26)


def test_each_block_adds_its_attention_and_one_pixel_to_the_halo():
    assert make(3).receptive_field - make(2).receptive_field == 11 + 1


def test_the_attention_has_few_weights():
    """A 21 x 21 kernel over all channels would have 441 weights for each pair of channels."""
    attention = CHANNELS * (25 + 1) + CHANNELS * (49 + 1) + CHANNELS * (CHANNELS + 1)
    around = CHANNELS * (9 * CHANNELS + 1) + CHANNELS * (CHANNELS + 1)
    assert sum(weight.numel() for weight in make().body[0].parameters()) == attention + around
