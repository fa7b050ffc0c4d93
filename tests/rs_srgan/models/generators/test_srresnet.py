import pytest
import torch
from torch.nn import functional as F

from rs_srgan.models.generators.srresnet import SRResNet


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_it_computes_what_the_paper_draws(scale):
    """Shuffle after every stage, then a 9 x 9 convolution at full size; ours has the same sums before the shuffle."""
    torch.manual_seed(0)
    net = SRResNet(inputs=3, bands=5, scale=scale, channels=16, blocks=1).eval()
    lr = torch.randn(2, 3, 7, 10)
    features = net.head(lr)
    features = features + net.body(features)
    for convolution, prelu in net.upsampling:
        features = prelu(F.pixel_shuffle(convolution(features), 2))
    expected = net.tail(features)
    torch.testing.assert_close(F.pixel_shuffle(net(lr), scale), expected, atol=1e-5, rtol=0)
