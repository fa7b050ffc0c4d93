import pytest
import torch

from rs_srgan import InputError
from train.adversarial import discriminator_loss
from train.discriminators import DiscriminatorConfig, feature_distance, make_discriminator

NAMES = ("unet", "patchgan", "srgan", "esrgan")


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("bands", [1, 4])
@pytest.mark.parametrize("name", NAMES)
def test_a_logit_for_each_image_or_each_part_at_odd_sizes(name, bands, conditional):
    network = make_discriminator(DiscriminatorConfig(name, 4, conditional), bands)
    features, logits = network(torch.rand(2, bands * (1 + conditional), 83, 70))
    assert logits.shape[:2] == (2, 1)
    assert logits.isfinite().all()
    assert len(features) >= 4
    if name == "unet":
        assert logits.shape == (2, 1, 83, 70)


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_to_tell_two_textures_apart(name):
    torch.manual_seed(0)
    network = make_discriminator(DiscriminatorConfig(name, 8, conditional=False), 1)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, betas=(0.5, 0.99))
    for _ in range(40):
        real = torch.randn(4, 1, 48, 48)
        fake = torch.nn.functional.avg_pool2d(torch.randn(4, 1, 50, 50), 3, 1) * 3
        _, logits = network(torch.cat([real, fake]))
        judged_real, judged_fake = logits.chunk(2)
        loss = discriminator_loss("bce", judged_real, judged_fake)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert judged_real.mean() > judged_fake.mean() + 1


def test_feature_distance_is_relative():
    features = [torch.rand(1, 3, 8, 8), torch.rand(1, 6, 4, 4)]
    assert feature_distance(features, features) == 0
    off = [1.1 * each for each in features]
    torch.testing.assert_close(feature_distance(features, off), torch.tensor(0.1))
    large = [100 * each for each in features]
    torch.testing.assert_close(feature_distance(large, [1.1 * each for each in large]), torch.tensor(0.1))


def test_no_channels_are_refused():
    with pytest.raises(InputError, match="channels"):
        make_discriminator(DiscriminatorConfig("unet", 0), 4)
