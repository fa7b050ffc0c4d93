"""RRDB: residual-in-residual dense blocks."""

import pytest
import torch
from torch.nn import functional as F

from rs_srgan.models.generators.rrdb import RRDB


def block_of(channels: int) -> torch.nn.Module:
    torch.manual_seed(0)
    return RRDB(4, 4, 2, channels, 1).body[0]


@torch.no_grad()
def test_a_block_computes_what_the_paper_draws():
    block, x = block_of(16), torch.randn(2, 16, 9, 8)
    outer = x
    for dense in block.body:
        seen = [outer]
        for layer in dense.convolutions:
            made = F.conv2d(torch.cat(seen, 1), layer.weight, layer.bias, padding=1)
            seen.append(F.leaky_relu(made, 0.2))
        outer = outer + 0.2 * made
    torch.testing.assert_close(block(x), x + 0.2 * outer)


@torch.no_grad()
def test_dense_blocks_that_add_nothing_leave_a_fifth_of_the_input():
    block, x = block_of(16), torch.randn(1, 16, 9, 8)
    for dense in block.body:
        for weight in dense.convolutions[-1].parameters():
            weight.zero_()
    torch.testing.assert_close(block(x), 1.2 * x)


@torch.no_grad()
def test_fifteen_convolutions_spread_an_impulse_by_fifteen_pixels():
    block, x = block_of(16).double(), torch.zeros(1, 16, 41, 41, dtype=torch.float64)
    before = block(x)
    x[..., 20, 20] = 1
    rows, cols = (block(x) - before).abs().sum((0, 1)).nonzero().T
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (5, 35, 5, 35)


@pytest.mark.parametrize("channels", [16, 64])
def test_every_convolution_sees_all_earlier_ones(channels):
    """Each adds half the width; with 64 channels that is the growth of the paper, 32."""
    growth = channels // 2
    inner = sum(growth * (9 * (channels + earlier * growth) + 1) for earlier in range(4))
    last = channels * (9 * (channels + 4 * growth) + 1)
    assert sum(weight.numel() for weight in block_of(channels).parameters()) == 3 * (inner + last)
