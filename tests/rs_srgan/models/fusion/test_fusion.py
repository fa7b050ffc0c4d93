"""Properties that every fusion must have."""

import pytest
import torch

from rs_srgan.models import MISR, MISRConfig
from rs_srgan.models.fusion import FUSIONS


@pytest.fixture(params=FUSIONS)
def model(request) -> MISR:
    torch.manual_seed(0)
    return MISR(MISRConfig(fusion=request.param, channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)).eval()


def wake(model: MISR) -> None:
    """Give the fusion random weights, so that it has an effect."""
    with torch.no_grad():
        for parameter in model.fusion.parameters():
            parameter.normal_(0, 0.1)


def test_an_untrained_fusion_keeps_the_residual(model):
    views = torch.rand(1, 3, 4, 9, 8)
    with torch.no_grad():
        torch.testing.assert_close(model.residual(views), model.sisr.residual(views[:, 0]), rtol=0, atol=0)


@pytest.mark.parametrize("reference", [0, 2])
def test_weights_have_the_sum_1_and_hidden_views_have_none(model, reference):
    wake(model)
    views, mask = torch.rand(1, 4, 4, 9, 8), torch.ones(1, 4, 9, 8, dtype=torch.bool)
    mask[:, 1] = False
    weights = model.weights(views, mask, reference=reference)
    assert weights.shape == (1, 4, 9, 8)
    torch.testing.assert_close(weights.sum(1), torch.ones(1, 9, 8))
    assert weights[:, 1].eq(0).all()
    assert weights[:, reference].gt(0).all()


def test_every_weight_learns(model):
    wake(model)
    model.train()(torch.rand(2, 3, 4, 9, 9)).square().sum().backward()
    unused = [name for name, weight in model.fusion.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert unused == []
