import numpy as np
import pytest
import torch

from rs_srgan.sensors.mtf import degrade
from train.data.relation import relate

SIDE = 192


def ground(seed: int = 0, bands: int = 2) -> np.ndarray:
    """Return land with detail at all scales, reflectance, with a margin for shifts."""
    random, image = np.random.default_rng(seed), 0
    for size in (6, 12, 24, 48, 96, 192):
        coarse = torch.from_numpy(random.normal(size=(1, bands, size, size)) / size)
        image = image + torch.nn.functional.interpolate(coarse, (SIDE + 64, SIDE + 64), mode="bicubic").numpy()[0]
    return (0.2 + 0.5 * image).astype(np.float32)


def observed(image, scale, mtf, shift=(0.0, 0.0), gain=1.0, offset=0.0, noise=3e-4):
    """Return LR and HR of one place, with HR shifted against LR by `shift` LR pixels."""
    whole = np.rint(shift).astype(int)
    moved = torch.from_numpy(np.roll(image, tuple(-whole * scale), (1, 2)))[None]
    rest = torch.tensor([shift]) - torch.from_numpy(whole).float()
    lr = degrade(moved, scale, (mtf,) * len(image), rest)[0].numpy()
    cut, fine = 32 // scale, slice(32, 32 + SIDE)
    lr = lr[:, cut : cut + SIDE // scale, cut : cut + SIDE // scale] * gain + offset
    return (lr + np.random.default_rng(1).normal(0, noise, lr.shape)).astype(np.float32), image[:, fine, fine]


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("mtf", [0.15, 0.3, 0.6])
def test_blur_shift_gain_and_offset_are_found(scale, mtf):
    shift = (1.3, -0.4)
    for found in relate(*observed(ground(), scale, mtf, shift, gain=0.93, offset=0.02), scale):
        assert found.mtf == pytest.approx(mtf, abs=0.03)
        assert (found.rows, found.cols) == pytest.approx(shift, abs=0.05)
        assert found.gain == pytest.approx(0.93, rel=0.01)
        assert found.offset == pytest.approx(0.02, abs=0.003)
        assert found.correlation > 0.99


def test_pixels_without_data_do_not_count():
    lr, hr = observed(ground(), 4, 0.3)
    hr = hr.copy()
    hr[:, 60:90, 60:100] = np.nan
    lr[:, 5:9, 20:30] = np.nan
    assert relate(lr, hr, 4)[0].mtf == pytest.approx(0.3, abs=0.03)


def test_a_mean_of_pixels_is_sharper_than_the_sensor():
    _, hr = observed(ground(), 4, 0.3)
    lr = hr.reshape(2, SIDE // 4, 4, SIDE // 4, 4).mean((2, 4))
    assert 0.5 < relate(lr, hr, 4)[0].mtf < 0.7


def test_other_places_do_not_correlate():
    lr, _ = observed(ground(0), 4, 0.3)
    _, hr = observed(ground(5), 4, 0.3)
    assert max(each.correlation for each in relate(lr, hr, 4)) < 0.3


def test_flat_bands_have_no_relation():
    lr, hr = observed(ground(), 4, 0.3)
    lr[1] = 0.2
    assert relate(lr, hr, 4)[1] is None
    assert relate(np.full_like(lr, np.nan), hr, 4) == [None, None]
