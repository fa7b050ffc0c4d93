import pytest
import torch

from tests.train.test_module import SMALL
from train.figures import draw
from train.misr import MISRModule
from train.module import SISRModule
from train.start import FusionConfig


def titles(figure):
    return [axis.get_title() for axis in figure.axes]


def test_one_view_is_drawn_beside_sr_and_hr():
    module = SISRModule(config=SMALL)
    batch = {"lr": torch.rand(1, 4, 12, 12), "hr": torch.rand(1, 4, 48, 48)}
    assert titles(draw(module, batch, torch.rand(1, 4, 48, 48)))[:-1] == ["LR", "bicubic", "SR", "HR"]


@pytest.mark.parametrize("masked", [True, False])
def test_several_views_are_drawn_with_their_mean(masked):
    module = MISRModule(config=SMALL, fusion=FusionConfig(channels=16, blocks=1))
    batch = {"lr": torch.rand(1, 6, 4, 12, 12), "hr": torch.rand(1, 4, 48, 48)}
    if masked:
        batch["mask"] = torch.rand(1, 6, 12, 12) > 0.5
    shown = titles(draw(module, batch, torch.rand(1, 4, 48, 48)))
    assert shown[:4] == ["view 1", "view 2", "view 3", "view 4"]
    assert "mean of the views" in shown
    assert "SR of view 1 alone" in shown
