"""InnovationFusion: views correct the result by their difference from what the sensor would have seen of it."""

import pytest
import torch

from rs_srgan.models import MISR, MISRConfig
from rs_srgan.models.fusion.innovation import InnovationFusion

SIZE = (17, 16)


@pytest.fixture
def model() -> MISR:
    """A model whose fusion has random weights."""
    torch.manual_seed(0)
    model = MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)).eval()
    assert isinstance(model.fusion, InnovationFusion)
    with torch.no_grad():
        for weight in model.fusion.parameters():
            weight.normal_(0, 0.1)
    return model


@pytest.fixture
def lr() -> torch.Tensor:
    return torch.rand(1, 4, *SIZE)


def constant(rows: float, cols: float) -> torch.Tensor:
    return torch.tensor([rows, cols]).view(1, 2, 1, 1).expand(1, 2, *SIZE)


def whole() -> torch.Tensor:
    return torch.ones(1, 1, *SIZE)


def expected_of(model, lr):
    return model.fusion.expect(model.sisr, lr, model.sisr.residual(lr))


@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.3, -0.4)])
@torch.no_grad()
def test_a_view_that_shows_what_is_expected_has_no_innovation(model, lr, offset):
    offsets, expected = constant(*offset), expected_of(model, lr)
    view = model.fusion.sensor.at(expected, offsets)
    compared = model.fusion.compare(expected, view, whole(), offsets)
    assert compared[:, :-3].abs().max() < 1e-4
    assert compared[:, -3:].sum() != 0


@torch.no_grad()
def test_light_and_haze_are_no_innovation(model, lr):
    offsets, expected, view = constant(0.2, 0.1), expected_of(model, lr), torch.rand_like(lr)
    plain, hazy = (model.fusion.compare(expected, each, whole(), offsets) for each in (view, view + 0.05))
    torch.testing.assert_close(hazy, plain, atol=1e-4, rtol=0)
    assert plain[:, :-3].abs().max() > 1


@torch.no_grad()
def test_the_innovation_comes_with_powers_of_twice_its_offset(model, lr):
    """The exponents of rows and columns have a sum of at most 4, so there are 15 products."""
    expected, view, offsets = expected_of(model, lr), torch.rand_like(lr), constant(0.25, -0.4)
    weighted = model.fusion.compare(expected, view, whole(), offsets)[:, :-3].unflatten(1, (4, -1))
    powers = sorted(0.5**rows * (-0.8) ** cols for rows in range(5) for cols in range(5 - rows))
    ratios = (weighted[0] / weighted[0, :, :1]).sort(1).values
    expected_ratios = torch.tensor(powers)[None, :, None, None].expand_as(ratios)
    torch.testing.assert_close(ratios, expected_ratios, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_pixel_farther_than_the_largest_offset_does_not_count(model, lr):
    largest = model.fusion.largest_offset_lr_px
    expected, normalised = expected_of(model, lr), model.sisr.normalised(lr)
    for offset, counts in ((largest, True), (largest + 0.01, False)):
        compared = model.fusion.compare(expected, torch.rand_like(lr), whole(), constant(0.0, offset))
        evidence = model.fusion.evidence(compared, normalised)
        assert bool(evidence.any()) == counts
        assert bool(compared.any()) == counts


@torch.no_grad()
def test_without_evidence_the_result_is_not_corrected(model, lr):
    features, residual = model.fusion.look(model.sisr, lr)
    nothing = torch.zeros(1, 8 + 16, *SIZE)
    torch.testing.assert_close(model.fusion.correct(residual, features, nothing), residual, rtol=0, atol=0)
    assert not torch.equal(model.fusion.correct(residual, features, nothing + 1), residual)


@pytest.mark.parametrize("views", [2, 3, 8])
@torch.no_grad()
def test_an_untrained_fusion_trusts_all_views_alike(views):
    model = MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)).eval()
    shares = model.weights(torch.rand(1, views, 4, *SIZE))
    torch.testing.assert_close(shares, torch.full((1, views, *SIZE), 1 / views))


@torch.no_grad()
def test_the_halo_is_the_sum_of_its_steps(model):
    fusion = model.fusion
    steps = fusion.expect_reach + fusion.compare_reach + fusion.evidence_reach + fusion.correct_reach
    assert fusion.added_reach_lr_px(model.sisr) == steps + model.sisr.projection.reach_lr_px
    assert fusion.correct_reach == 1 + 2 * 1 + 1  # a convolution, a block of two, and a convolution
