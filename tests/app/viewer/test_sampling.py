import numpy as np

from app.viewer.sampling import warning_of
from rs_srgan.pixels.aliasing import soften
from tests.conftest import scene_dn


def test_inputs_at_full_resolution_have_no_warning(write_tif):
    blurred = soften(scene_dn(120, 130).astype(np.float32) / 10_000)
    assert warning_of(write_tif(blurred)) is None


def test_thinned_out_inputs_have_a_warning(write_tif):
    noise = np.random.default_rng(0).uniform(0.03, 0.3, (4, 64, 64)).astype(np.float32)
    noise[:, :5] = np.nan
    path = write_tif(noise)
    assert "thinned out" in warning_of(path)
    assert warning_of(path, softened=True) is None
