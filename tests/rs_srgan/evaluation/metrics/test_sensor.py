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


def test_the_operator_is_degrade(hr):
    np.testing.assert_allclose(simulate(hr, 4, MTF), degrade(torch.from_numpy(hr)[None], 4, MTF)[0].numpy())
    np.testing.assert_array_equal(seen_again(hr, 4, MTF), simulate(hr, 4, MTF))


def test_simulate_fills_holes_and_seen_again_leaves_them_out(hr):
    holed = hr.copy()
    holed[1, 33, 41] = np.nan
    assert np.isfinite(simulate(holed, 4, MTF)).all()
    seen = seen_again(holed, 4, MTF)
    missing = np.zeros((16, 20), bool)
    missing[6:11, 8:13] = True  # all pixels that the blur reaches
    np.testing.assert_array_equal(np.isnan(seen).any(0), missing)
    np.testing.assert_array_equal(seen[:, ~missing], simulate(hr, 4, MTF)[:, ~missing])


def test_tiles_differ_only_if_the_halo_is_too_small(model):
    lr = scene_dn(48, 40).astype(np.float32) / 10_000
    lr[:, 3, 4] = np.nan
    whole = model.predict(lr)
    assert tile_difference(model, whole, lr, None) < 1e-6

    class Blind(type(model)):
        receptive_field = 1

    model.__class__ = Blind
    assert tile_difference(model, whole, lr, None) > 1e-4
