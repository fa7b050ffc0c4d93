"""RecursiveFusion: views are fused in pairs."""

import pytest
import torch

from rs_srgan import InputError
from rs_srgan.models import MISR, MISRConfig
from rs_srgan.models.fusion.recursive import RecursiveFusion


@pytest.fixture
def fusion() -> RecursiveFusion:
    torch.manual_seed(0)
    fusion = MISR(MISRConfig(fusion="recursive", channels=16, blocks=1, fusion_blocks=1)).eval().fusion
    assert isinstance(fusion, RecursiveFusion)
    with torch.no_grad():
        for weight in fusion.parameters():
            weight.normal_(0, 0.1)
    return fusion


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_any_number_of_views_gives_one_map(fusion, count):
    views, mask = torch.rand(2, count, 4, 9, 8), torch.ones(2, count, 1, 9, 8)
    with torch.no_grad():
        assert fusion(views, mask, 0).shape == (2, 16, 9, 8)


def test_every_view_counts_also_the_odd_one(fusion):
    views, mask = torch.rand(1, 3, 4, 9, 8), torch.ones(1, 3, 1, 9, 8)
    with torch.no_grad():
        whole = fusion(views, mask, 0)
        for index in range(3):
            changed = views.clone()
            changed[:, index] += 1
            assert not torch.equal(fusion(changed, mask, 0), whole)


def test_more_views_than_the_reach_allows_are_refused():
    model = MISR(MISRConfig(fusion="recursive", channels=16, blocks=1, fusion_blocks=1)).eval()
    with torch.no_grad():
        model(torch.rand(1, 16, 4, 9, 8))
        with pytest.raises(InputError, match="16"):
            model(torch.rand(1, 17, 4, 9, 8))
