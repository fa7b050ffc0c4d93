import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import ndimage

from rs_srgan import InputError
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from tests.rs_srgan.registration.test_shift import scene
from train.data.degradation import SensorJitter
from train.data.revisits import RevisitCrops, RevisitsConfig, RevisitsDataModule, simulate_views
from train.data.sources import Site

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


def test_views_are_what_the_sensor_sees_at_their_offsets():
    hr = torch.rand(2, 1, 4, 64, 64)
    made = views(hr)
    assert made["lr"].shape == (2, 5, 4, 16, 16) and made["offsets"].shape == (2, 5, 2, 16, 16)
    assert made["mask"].all() and made["mask"].dtype == torch.bool
    assert not made["offsets"][:, 0].any() and made["offsets"][:, 1:].abs().max() <= 0.5
    for index in range(5):
        expected = degrade(hr[:, 0], 4, wald_mtf(MTF, 4), made["offsets"][:, index, :, 0, 0])
        torch.testing.assert_close(made["lr"][:, index], expected)


def test_what_the_mask_hides_and_what_it_does_not():
    hr = torch.full((1, 1, 4, 128, 128), 0.1)
    hidden = views(hr, 40, masked_share=0.5)
    covered = (hidden["lr"] - 0.1).abs().amax(2) > 1e-3
    torch.testing.assert_close(covered, ~hidden["mask"])
    assert 0.1 < covered[:, 1:].float().mean() < 0.4 and not covered[:, 0].any()
    unseen = views(hr, 40, cloudy_share=1.0)
    assert unseen["mask"].all() and ((unseen["lr"] - 0.1).abs() > 1e-3)[:, 1:].float().mean() > 0.05


def test_a_batch_depends_on_the_seed_only():
    hr = torch.rand(2, 3, 4, 64, 64)
    everything = dataclasses.asdict(RevisitsConfig())
    first, again, other = (views(hr, 4, SensorJitter(), seed, **everything) for seed in (1, 1, 2))
    for name in first:
        torch.testing.assert_close(first[name], again[name], rtol=0, atol=0)
    assert not torch.equal(first["lr"], other["lr"])


def test_other_dates_come_into_the_views_but_never_into_the_reference():
    dates = torch.stack([torch.full((4, 32, 32), value) for value in (0.1, 0.5)])[None]
    made = views(dates, 60, other_date_share=1.0)
    other = (made["lr"] > 0.3).all((2, 3, 4))[0]
    assert not other[0] and 15 < other.sum() < 45


def test_dates_of_a_place_are_aligned_and_foreign_ones_left_out():
    fine = np.stack([scene(4, 96)] * 4)
    shifted = np.stack([ndimage.shift(band, (1.4, -0.8), order=5, mode="reflect") for band in fine])
    foreign = np.stack([scene(9, 96)] * 4)
    site = Site("place", tuple(image.astype(np.float32) for image in (fine, shifted, foreign)))
    crops = RevisitCrops([([site], 1)], 48, 20, seed=0)
    seen = 0
    for item in (crops[index] for index in range(20)):
        assert item["hr"].shape == (4, 48, 48) and item["dates"].shape == (3, 4, 48, 48)
        torch.testing.assert_close(item["dates"][0], item["hr"], rtol=0, atol=0)
        difference = (item["dates"][1] - item["hr"]).abs()
        seen += difference.max() > 0
        assert difference[:, 6:-6, 6:-6].max() < 0.02
    assert seen


def test_batches_are_what_a_model_for_several_views_takes(small_data):
    data = RevisitsDataModule(str(small_data), batch_size=2, crop_lr_px=16, revisits=RevisitsConfig(fewest=3, most=4))
    data.setup("fit")
    batch = next(iter(data.train_dataloader()))
    data.trainer = SimpleNamespace(fit_loop=SimpleNamespace(total_batch_idx=5), global_rank=0, current_epoch=0)
    first, again = (data.on_after_batch_transfer({**batch}, 0) for _ in range(2))
    assert first["lr"].shape[1] in (3, 4) and first["mask"].shape == first["lr"][:, :, 0].shape
    torch.testing.assert_close(first["lr"], again["lr"], rtol=0, atol=0)
    validation = data.on_after_batch_transfer(next(iter(data.val_dataloader())), 0)
    assert validation["lr"].shape[:2] == (1, 4) and "dates" not in validation


@pytest.mark.parametrize("counts", [(1, 4), (5, 4), (0, 0)])
def test_fewer_than_two_views_are_refused(counts, tmp_path):
    with pytest.raises(InputError, match="at least 2"):
        RevisitsDataModule(str(tmp_path), revisits=RevisitsConfig(*counts))
