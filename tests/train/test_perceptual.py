import copy
import sys
import types

import pytest
import torch
from torch import nn

from rs_srgan import InputError
from tests.train.test_gan import large_pairs, module
from tests.train.test_module import trainer
from train.callbacks import Averaging
from train.perceptual import make_perceptual


@pytest.mark.parametrize("name", ["vgg19", "lpips"])
def test_a_missing_library_is_reported(name, monkeypatch):
    for library in ("torchvision", "torchvision.models", "lpips"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match="torchvision"):
        make_perceptual(name, ("B04", "B03", "B02", "B08"), white=0.3)


def narrow_vgg19(weights):
    """Return the layers of VGG19 with a sixteenth of the width and random weights."""
    layers, inputs = [], 3
    for width in (4, 4, "M", 8, 8, "M", 16, 16, 16, 16, "M", 32, 32, 32, 32, "M", 32, 32, 32, 32, "M"):
        if width == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = width
    return types.SimpleNamespace(features=nn.Sequential(*layers))


@pytest.fixture
def random_vgg19(monkeypatch):
    torch.manual_seed(0)
    loader = types.SimpleNamespace(vgg19=narrow_vgg19, VGG19_Weights=types.SimpleNamespace(DEFAULT=None))
    monkeypatch.setitem(sys.modules, "torchvision", types.SimpleNamespace(models=loader))
    monkeypatch.setitem(sys.modules, "torchvision.models", loader)


def test_vgg19_is_0_for_the_same_image_and_has_a_gradient_for_another(random_vgg19):
    distance = make_perceptual("vgg19", ("B04", "B03", "B02", "B08"), white=0.3)
    hr = torch.rand(2, 4, 32, 32) * 0.3
    sr = (hr * 0.8).requires_grad_()
    assert distance(hr, hr) == 0
    distance(sr, hr).backward()
    assert sr.grad[:, :3].abs().sum() > 0
    assert sr.grad[:, 3].abs().sum() == 0  # the network has no near infrared


def test_its_weights_are_in_no_checkpoint_and_no_average(random_vgg19):
    gan = module(perceptual="vgg19", perceptual_weight=6e-3)
    assert not any("perceptual" in name for name in gan.state_dict())
    run = trainer(max_steps=4, callbacks=[Averaging(0.5)])
    run.fit(gan, large_pairs())
    assert run.callback_metrics["train/perceptual"] > 0
    average = copy.deepcopy(gan)  # as the averaging makes it
    assert average.perceptual is gan.perceptual
