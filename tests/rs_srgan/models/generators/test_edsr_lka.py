"""EDSRLKA: EDSR, and blocks behind it that see far."""

import torch

from rs_srgan.models.generators.edsr import EDSR
from rs_srgan.models.generators.edsr_lka import EDSRLKA


def make(kind: type[EDSR], blocks: int = 4) -> EDSR:
    torch.manual_seed(0)
    return kind(4, 4, 2, 16, blocks)


@torch.no_grad()
def test_at_first_the_result_is_nearly_that_of_edsr_with_the_same_weights():
    plain, far = make(EDSR), make(EDSRLKA)
    far.load_state_dict(far.state_dict() | plain.state_dict())
    x = torch.randn(1, 4, 40, 41)
    assert (far(x) - plain(x)).std() < 0.02 * plain(x).std()


@torch.no_grad()
def test_without_the_attention_the_result_is_that_of_edsr():
    plain, far = make(EDSR), make(EDSRLKA)
    far.load_state_dict(far.state_dict() | plain.state_dict())
    for block in far.far:
        block.mix.weight.zero_()
    x = torch.randn(1, 4, 40, 41)
    torch.testing.assert_close(far(x), plain(x))


def test_two_blocks_of_edsr_bring_one_of_attention():
    assert [len(make(EDSRLKA, blocks).far) for blocks in (1, 4, 5)] == [1, 2, 2]
    assert make(EDSRLKA).receptive_field == make(EDSR).receptive_field + 2 * 12
