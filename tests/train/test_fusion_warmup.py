import copy

import pytest
import torch
from torch.utils.data import DataLoader

from rs_srgan import InputError
from tests.train.test_module import SMALL, trainer
from train.fusion_warmup import FusionWarmupModule
from train.start import FusionConfig

RECURSIVE = FusionConfig("recursive", blocks=1)


def noisy_views(count=8):
    """Return stacks of four noisy copies of an image."""
    random = torch.Generator().manual_seed(0)
    hr = torch.rand(count, 4, 48, 48, generator=random) * 0.3
    lr = torch.nn.functional.avg_pool2d(hr, 4)[:, None].expand(-1, 4, -1, -1, -1)
    lr = lr + 0.03 * torch.randn(lr.shape, generator=random)
    return DataLoader([{"hr": h, "lr": views} for h, views in zip(hr, lr, strict=True)], 2)


def test_only_the_fusion_learns_and_its_loss_falls():
    torch.manual_seed(0)
    module = FusionWarmupModule(config=SMALL, fusion=RECURSIVE)
    before, losses = copy.deepcopy(module.model.state_dict()), []
    module.log = lambda name, value, **_: losses.append(value.item()) if name == "train/loss" else None
    trainer(max_steps=40).fit(module, noisy_views())
    moved = {name for name, value in module.model.state_dict().items() if not torch.equal(value, before[name])}
    assert moved
    assert all(name.startswith("fusion.") for name in moved)
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])


@pytest.mark.parametrize(("fusion", "words"), [(None, "MISR"), (FusionConfig("innovation"), "recursive")])
def test_another_model_is_refused(fusion, words):
    with pytest.raises(InputError, match=words):
        FusionWarmupModule(config=SMALL, fusion=fusion)
