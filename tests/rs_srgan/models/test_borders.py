import numpy as np
import pytest
import torch

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig

ONE = SISRConfig(channels=16, blocks=1)
GUIDED = SISRConfig(scale=2, bands=("B11", "B12"), guide_bands=("B04", "B08"), channels=16, blocks=1)


def lively(model):
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(0.1 * torch.randn_like(weight))
    return model.eval()


@pytest.mark.parametrize("config", [ONE, GUIDED], ids=["one", "guided"])
def test_forward_and_predict_have_one_border(config):
    model = lively(SISR(config))
    lr = torch.rand(1, len(config.bands), 13, 17)
    guide = torch.rand(1, 2, 26, 34) if config.guide_bands else None
    expected = model.predict(lr[0].numpy(), None if guide is None else guide[0].numpy())
    with torch.no_grad():
        found = model(lr, guide)[0].numpy()
        zeros = model(lr, guide, pad=False)[0].numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert np.abs(zeros - expected).max() > 1e-3


@pytest.mark.parametrize("margin", [1, 3])
def test_a_margin_is_cropped_of_the_same_result(margin):
    model = lively(SISR(ONE))
    lr = torch.rand(1, 4, 13, 17)
    with torch.no_grad():
        whole, part = model(lr), model(lr, margin=margin)
    side = 4 * margin
    torch.testing.assert_close(part, whole[..., side:-side, side:-side], rtol=0, atol=1e-5)


def test_views_are_repeated_beyond_the_border_too():
    model = lively(MISR(MISRConfig(scale=2, channels=16, blocks=1, fusion_channels=16)))
    views, offsets = torch.rand(1, 3, 4, 9, 11), torch.rand(1, 3, 2, 9, 11) - 0.5
    mask = torch.rand(1, 3, 9, 11) > 0.3
    size = 15

    def larger(image):
        return torch.from_numpy(np.pad(image.numpy(), [(0, 0)] * (image.dim() - 2) + [(size, size)] * 2, mode="edge"))

    with torch.no_grad():
        expected = model(larger(views), larger(mask), larger(offsets), margin=size)
        torch.testing.assert_close(model(views, mask, offsets), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("margin", [-1, 4, 1.0, True])
def test_a_margin_that_does_not_fit_is_refused(margin):
    with pytest.raises(InputError, match="margin"):
        SISR(ONE)(torch.rand(1, 4, 8, 8), margin=margin)


@pytest.mark.parametrize(
    ("image", "word"), [(torch.ones(1, 4, 8, 8, dtype=torch.int16), "int16"), (torch.rand(0, 4, 8, 8), "pixel")]
)
def test_integers_and_empty_images_are_refused(image, word):
    with pytest.raises(InputError, match=word):
        SISR(ONE)(image)
