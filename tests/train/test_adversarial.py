import pytest
import torch

from rs_srgan import InputError
from train.adversarial import AdversarialConfig, discriminator_loss, generator_loss, ramp


@pytest.mark.parametrize("kind", ["bce", "relativistic", "relativistic_average", "wasserstein"])
def test_a_loss_of_one_network_is_a_gain_of_the_other(kind):
    low, high = torch.full((4, 1), -1.0), torch.full((4, 1), 1.0)
    assert discriminator_loss(kind, high, low) < discriminator_loss(kind, low, high)
    assert generator_loss(kind, high, low) > generator_loss(kind, low, high)


@pytest.mark.parametrize("kind", ["relativistic", "relativistic_average"])
def test_relativistic_rules_do_not_see_an_offset(kind):
    real, fake = torch.randn(8, 1), torch.randn(8, 1)
    for loss in (discriminator_loss, generator_loss):
        torch.testing.assert_close(loss(kind, real + 3, fake + 3), loss(kind, real, fake))


def test_smoothing_punishes_certainty():
    sure, fairly = torch.full((4, 1), 9.0), torch.full((4, 1), 2.2)
    assert discriminator_loss("bce", sure, -sure, 0.1) > discriminator_loss("bce", fairly, -sure, 0.1)
    assert discriminator_loss("bce", sure, -sure) < discriminator_loss("bce", fairly, -sure)


def test_the_ramp_goes_from_nothing_to_all():
    assert [ramp(done, 0.2) for done in (0, 0.1, 0.2, 1)] == [0, pytest.approx(0.5), 1, 1]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"label_smoothing": 1.0}, "label_smoothing"),
        ({"weight": -1.0}, "weight"),
        ({"loss": "wasserstein"}, "r1"),
        ({"penalty_every": 0}, "penalty_every"),
        ({"share": -1.0}, "share"),
    ],
)
def test_rules_out_of_range_are_refused(rules, words):
    with pytest.raises(InputError, match=words):
        AdversarialConfig(**rules)
