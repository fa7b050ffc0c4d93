import numpy as np
import pytest
import torch

from rs_srgan.evaluation.metrics.sensor import seen_again, simulate, tile_difference
from rs_srgan.sensors.mtf import degrade
from tests.conftest import scene_dn

MTF = (0.24, 0.28, 0.26, 0.26)


@pytest.fixture
def hr():
    return scene_dn(64, 80).astype(np.float32) / 10_000


def test_the_operator_is_that_of_training_and_models(hr):
    np.testing.assert_allclose(simulate(hr, 4, MTF), degrade(torch.from_numpy(hr)[None], 4, MTF)[0].numpy())
    np.testing.assert_array_equal(seen_again(hr, 4, MTF), simulate(hr, 4, MTF))


def test_a_hole_is_filled_before_lr_is_made_and_left_out_when_it_is_seen_again(hr):
    holed = hr.copy()
    holed[1, 33, 41] = np.nan
    assert np.isfinite(simulate(holed, 4, MTF)).all()
    seen = seen_again(holed, 4, MTF)
    missing = np.zeros((16, 20), bool)
    missing[6:11, 8:13] = True  # all that the blur carries it to
    np.testing.assert_array_equal(np.isnan(seen).any(0), missing)
    np.testing.assert_array_equal(seen[:, ~missing], simulate(hr, 4, MTF)[:, ~missing])


def test_tiles_do_not_show_with_a_whole_halo_and_do_with_too_small_a_one(model):
    lr = scene_dn(48, 40).astype(np.float32) / 10_000
    lr[:, 3, 4] = np.nan
    whole = model.predict(lr)
    assert tile_difference(model, whole, lr, None) < 1e-6

    class Blind(type(model)):
        receptive_field = 1

    model.__class__ = Blind
    assert tile_difference(model, whole, lr, None) > 1e-4
