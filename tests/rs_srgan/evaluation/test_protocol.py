import numpy as np
import pytest

from rs_srgan.evaluation.protocol import BORDER_HR_PX, inner, restore
from tests.conftest import scene_dn


def test_the_border_is_cut_off():
    image = np.arange(3 * 40 * 50, dtype=np.float32).reshape(3, 40, 50)
    np.testing.assert_array_equal(inner(image), image[:, BORDER_HR_PX:-BORDER_HR_PX, BORDER_HR_PX:-BORDER_HR_PX])
    np.testing.assert_array_equal(inner(image, 0), image)


@pytest.mark.parametrize("side", [20, 32, 33])
def test_a_small_image_keeps_what_is_inside_its_border(side):
    assert inner(np.zeros((1, side, side), np.float32)).shape[1:] == (max(0, side - 2 * BORDER_HR_PX),) * 2


def test_all_methods_enlarge_and_keep_holes(model):
    lr = scene_dn(20, 24).astype(np.float32) / 10_000
    lr[:, 3, 5] = np.nan
    restored = restore(model, lr, model.config.mtf_nyquist)
    for image in vars(restored).values():
        assert image.shape == (4, 80, 96)
        assert np.isnan(image[:, 12:16, 20:24]).all()
        assert np.isfinite(image[:, 40:, 48:]).all()
    np.testing.assert_array_equal(restored.model, model.predict(lr))
