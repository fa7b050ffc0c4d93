"""NoGenerator: the generator of classical methods."""

import pytest
import torch

from rs_srgan.models.generators.none import NoGenerator


@pytest.mark.parametrize(("bands", "scale"), [(1, 2), (4, 8)])
def test_the_residual_is_zero_and_has_its_shape(bands, scale):
    residual = NoGenerator(5, bands, scale, 16, 2)(torch.randn(2, 5, 7, 9))
    assert residual.shape == (2, bands * scale**2, 7, 9)
    assert not residual.any()


def test_it_has_no_weights_and_looks_at_one_pixel():
    net = NoGenerator(4, 4, 2, 16, 2)
    assert list(net.parameters()) == []
    assert net.receptive_field == 0
