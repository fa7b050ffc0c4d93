"""RCAB: what distinguishes it from the other generators."""

import torch

from rs_srgan.models.generators.rcab import RCAB


def make(blocks: int) -> RCAB:
    torch.manual_seed(0)
    return RCAB(4, 4, 2, 16, blocks)


def test_each_block_adds_the_same_reach():
    reaches = [make(blocks).receptive_field for blocks in (1, 2, 3)]
    assert reaches[2] - reaches[1] == reaches[1] - reaches[0] > 0


def test_each_block_adds_the_same_number_of_weights():
    sizes = [sum(weight.numel() for weight in make(blocks).parameters()) for blocks in (1, 2, 3)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] > 0
