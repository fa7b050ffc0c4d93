"""Trunk: how generators of residual blocks begin, and how far they look."""

import pytest
import torch

from rs_srgan.models.generators.edsr import EDSR


@pytest.mark.parametrize("scale", [2, 4])
def test_all_phases_of_a_pixel_begin_equal(scale):
    torch.manual_seed(0)
    with torch.no_grad():
        residual = EDSR(4, 4, scale, 16, 2)(torch.rand(1, 4, 8, 8))
    phases = residual.reshape(1, 4, scale**2, 8, 8)
    torch.testing.assert_close(phases, phases[:, :, :1].expand_as(phases))


def test_training_begins_near_bicubic():
    torch.manual_seed(0)
    with torch.no_grad():
        assert EDSR(4, 4, 4, 48, 8)(torch.randn(1, 4, 16, 16)).std() < 0.2
