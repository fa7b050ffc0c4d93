import numpy as np
import pytest

from rs_srgan import SISR, SISRConfig
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
    assert restored.glp is None
    for image in (restored.bicubic, restored.back_projection, restored.model):
        assert image.shape == (4, 80, 96)
        assert np.isnan(image[:, 12:16, 20:24]).all()
        assert np.isfinite(image[:, 40:, 48:]).all()
    np.testing.assert_array_equal(restored.model, model.predict(lr))


GUIDED = {"scale": 2, "bands": ("B05", "B11"), "guide_bands": ("B04", "B08"), "channels": 16, "blocks": 1}


@pytest.mark.parametrize("adds_to", ["bicubic", "mtf-glp"])
def test_guided_models_stand_beside_the_classical_method_with_the_same_guide(adds_to):
    guide = scene_dn(96, 96, bands=2).astype(np.float32) / 10_000
    lr = guide[::-1, ::2, ::2].copy()
    lr[:, 3, 5] = np.nan
    quantized = adds_to == "mtf-glp"  # the classical method beside it has nothing to quantise
    model = SISR(SISRConfig(adds_to=adds_to, quantized=quantized, **GUIDED)).eval()
    restored = restore(model, lr, model.config.mtf_nyquist, guide)
    classical = SISR(SISRConfig(generator="none", adds_to="mtf-glp", **GUIDED)).eval()
    np.testing.assert_array_equal(restored.glp, classical.predict(lr, guide))
    assert np.isnan(restored.glp[:, 6:8, 10:12]).all() and np.isnan(restored.glp).sum() == 8
    assert restore(classical, lr, model.config.mtf_nyquist, guide).glp is None  # it would stand beside itself
