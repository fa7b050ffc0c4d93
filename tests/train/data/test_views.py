import dataclasses

import numpy as np
import pytest
import torch

from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from train.data.degradation import SensorJitter
from train.data.views import RevisitsConfig, simulate_views

MTF = SENTINEL2.mtf_nyquist(RGBN)
PURE = SensorJitter(nominal_share=1.0, gain_share=0, shift_share=0, noise=0)
SAME = RevisitsConfig(
    blur=0,
    registration_error=0,
    misregistered_share=0,
    gain=0,
    bias=0,
    other_date_share=0,
    masked_share=0,
    cloudy_share=0,
)


def views(dates, count=5, jitter=PURE, seed=0, **changes):
    random = torch.Generator().manual_seed(seed)
    return simulate_views(dates, count, 4, MTF, jitter, dataclasses.replace(SAME, **changes), random)


def test_views_are_the_degraded_image_at_their_offsets():
    hr = torch.rand(2, 1, 4, 64, 64)
    made = views(hr)
    assert made.lr.shape == (2, 5, 4, 16, 16) and made.offsets.shape == (2, 5, 2, 16, 16)
    assert made.mask.all() and made.mask.dtype == torch.bool
    assert not made.offsets[:, 0].any() and made.offsets[:, 1:].abs().max() <= 0.5
    for index in range(5):
        expected = degrade(hr[:, 0], 4, wald_mtf(MTF, 4), made.offsets[:, index, :, 0, 0])
        torch.testing.assert_close(made.lr[:, index], expected)


def test_the_mask_marks_some_clouds_and_misses_others():
    hr = torch.full((1, 1, 4, 128, 128), 0.1)
    hidden = views(hr, 40, masked_share=0.5)
    covered = (hidden.lr - 0.1).abs().amax(2) > 1e-3
    torch.testing.assert_close(covered, ~hidden.mask)
    assert 0.1 < covered[:, 1:].float().mean() < 0.4 and not covered[:, 0].any()
    unseen = views(hr, 40, cloudy_share=1.0)
    assert unseen.mask.all() and ((unseen.lr - 0.1).abs() > 1e-3)[:, 1:].float().mean() > 0.05


def test_a_batch_depends_on_the_seed_only():
    hr = torch.rand(2, 3, 4, 64, 64)
    everything = dataclasses.asdict(RevisitsConfig())
    first, again, other = (views(hr, 4, SensorJitter(), seed, **everything) for seed in (1, 1, 2))
    for one, same in zip(first, again, strict=True):
        torch.testing.assert_close(one, same, rtol=0, atol=0)
    assert not torch.equal(first.lr, other.lr)


def test_only_the_reference_never_shows_another_date():
    dates = torch.stack([torch.full((4, 32, 32), value) for value in (0.1, 0.5)])[None]
    made = views(dates, 60, other_date_share=1.0)
    other = (made.lr > 0.3).all((2, 3, 4))[0]
    assert not other[0] and 15 < other.sum() < 45


def test_a_share_of_the_shifts_is_small():
    made = views(torch.full((1, 1, 4, 32, 32), 0.1), 400, small_share=1.0, small_shift=0.1).offsets[0, 1:, :, 0, 0]
    assert 0.08 < made.std() < 0.12 and made.abs().max() <= 0.5
    half = views(torch.full((1, 1, 4, 32, 32), 0.1), 400, small_share=0.5, small_shift=0.02).offsets[0, 1:, :, 0, 0]
    near = (half.abs() < 0.06).all(1).float().mean()
    assert 0.4 < near < 0.6


def test_growth_changes_the_views_by_fields_and_never_the_reference():
    hr = torch.full((1, 1, 4, 128, 128), 0.2)
    made = views(hr, 40, growth=0.3).lr[0]
    torch.testing.assert_close(made[0], torch.full_like(made[0], 0.2))
    factors = (made[1:] / 0.2).log()
    assert 0.2 < factors.std() < 0.4 and abs(factors.mean()) < 0.1
    beside = np.corrcoef(factors[..., 1:].flatten().numpy(), factors[..., :-1].flatten().numpy())[0, 1]
    assert beside > 0.5  # a field is several pixels wide
    between = np.corrcoef(factors.transpose(0, 1).flatten(1).numpy())[0, 1]
    assert abs(between) < 0.4  # each band has factors of its own


def test_haze_brightens_smoothly_up_to_its_limit():
    hr = torch.full((1, 1, 4, 128, 128), 0.2)
    made = views(hr, 40, haze=0.05).lr[0]
    torch.testing.assert_close(made[0], torch.full_like(made[0], 0.2))
    added = made[1:] - 0.2
    assert added.min() >= -1e-6 and 0.03 < added.max() <= 0.05
    assert added.diff(dim=-1).abs().max() < 0.01


def test_places_of_strength_0_differ_in_shifts_alone_and_others_by_their_strength():
    hr = torch.rand(1, 2, 4, 64, 64).expand(8, -1, -1, -1, -1)
    change = {"growth": 0.3, "gain": 0.1, "bias": 0.1, "haze": 0.1, "blur": 0.2, "other_date_share": 1.0}
    change |= {"misregistered_share": 1.0, "registration_error": 0.1}
    still = views(hr, 3, **change, strength=(0, 0))
    for index in range(3):
        expected = degrade(hr[:, 0], 4, wald_mtf(MTF, 4), still.offsets[:, index, :, 0, 0])
        torch.testing.assert_close(still.lr[:, index], expected)
    drawn = views(torch.full((200, 1, 4, 16, 16), 0.1), 2, gain=0.1, strength=(0, 1)).lr[:, 1].mean((2, 3)) / 0.1 - 1
    spread = drawn.std(1)
    assert (spread < 0.03).float().mean() > 0.15 and (spread > 0.06).float().mean() > 0.15


def test_registration_errors_may_keep_their_size_where_places_stay_the_same():
    hr = torch.full((200, 1, 4, 16, 16), 0.1)
    change = {"strength": (0, 0), "small_share": 1.0, "small_shift": 0.0, "registration_error": 0.1}
    for scaled, error in ((True, 0), (False, 0.1)):
        offsets = views(hr, 2, **change, scale_registration_error=scaled).offsets[:, 1]
        assert offsets.std() == pytest.approx(error, rel=0.1)
