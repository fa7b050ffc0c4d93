"""GLP: detail of coarse bands from finer bands."""

import dataclasses

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional as F

from rs_srgan import SISR, InputError, SISRConfig
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.inference.onnx_export import export
from rs_srgan.inference.torch_engine import TorchEngine
from rs_srgan.models.classical.glp import GLP
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.sensors import SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from rs_srgan.sensors.projection import back_projected_bicubic
from tests.conftest import scene_dn

SCALE, MTF = 2, 0.3


def make_scene():
    """Return a coarse band that is a sum of two guide bands, the guide, and the fine band, with fine stripes."""
    rows, cols = torch.meshgrid(torch.arange(128.0), torch.arange(120.0), indexing="ij")
    first = 0.2 + 0.05 * torch.sin(rows * 1.9) * torch.cos(cols * 0.3)
    second = 0.3 + 0.05 * torch.cos(cols * 2.1 + rows * 0.2)
    guide = torch.stack([first, second])[None]
    fine = 0.7 * guide[:, :1] + 0.4 * guide[:, 1:]
    return degrade(fine, SCALE, (MTF,)), guide, fine


def test_detail_of_a_sum_of_guide_bands_is_recovered():
    lr, guide, fine = make_scene()
    detail = F.pixel_shuffle(GLP(SCALE, (MTF,), (MTF, MTF))(lr, guide), SCALE)
    bicubic = F.interpolate(lr, scale_factor=SCALE, mode="bicubic")
    inner = (..., slice(16, -16), slice(16, -16))
    before, after = ((fine - image)[inner].square().mean().sqrt() for image in (bicubic, bicubic + detail))
    assert after < 0.2 * before


def test_an_even_guide_has_no_detail():
    lr, guide, _ = make_scene()
    detail = GLP(SCALE, (MTF,), (MTF, MTF))(lr, torch.full_like(guide, 0.25))
    assert detail.abs().max() < 1e-5


def test_twice_the_contrast_has_twice_the_detail():
    lr, guide, _ = make_scene()
    glp = GLP(SCALE, (MTF,), (MTF, MTF))
    torch.testing.assert_close(glp(2 * lr - 0.1, guide), 2 * glp(lr, guide), rtol=1e-3, atol=1e-5)


def test_a_tile_with_its_halo_is_exact():
    lr, guide, _ = make_scene()
    glp = GLP(SCALE, (MTF,), (MTF, MTF))
    reach = glp.reach_lr_px
    rows = slice(30 - reach, 34 + reach)
    cut = glp(lr[..., rows, :], guide[..., SCALE * rows.start : SCALE * rows.stop, :])
    torch.testing.assert_close(cut[..., reach : reach + 4, :], glp(lr, guide)[..., 30:34, :], atol=1e-5, rtol=0)


BANDS, GUIDE = ("B05", "B11"), ("B04", "B08")


@pytest.fixture
def method():
    """Make MTF-GLP with its back-projection, for two bands and two guide bands."""
    return SISR(SISRConfig(scale=2, bands=BANDS, guide_bands=GUIDE, generator="none", adds_to="mtf-glp")).eval()


@pytest.fixture
def learned():
    """Make a model whose network adds visible detail to MTF-GLP."""
    torch.manual_seed(0)
    config = SISRConfig(scale=2, bands=BANDS, guide_bands=GUIDE, adds_to="mtf-glp", channels=16, blocks=1)
    model = SISR(config).eval()
    torch.nn.init.normal_(model.generator.tail.weight, std=0.05)
    return model


def make_ground(side=128):
    """Return LR, guide and HR of ground whose bands are sums of the guide bands, reflectance, (C, H, W)."""
    guide = torch.from_numpy(scene_dn(side, side, bands=2).astype(np.float32) / 10_000)
    guide[1] = guide[1].flip(0)
    hr = torch.stack([0.6 * guide[0] + 0.3 * guide[1] + 0.02, 0.1 + 0.5 * guide[0] - 0.2 * guide[1]])
    lr = degrade(hr[None], 2, wald_mtf(SENTINEL2.mtf_nyquist(BANDS), 2))[0]
    return lr.numpy(), guide.numpy(), hr.numpy()


def test_bands_that_are_sums_of_the_guide_are_restored(method):
    lr, guide, hr = make_ground()
    inner = (slice(None), slice(16, -16), slice(16, -16))
    mtf = wald_mtf(method.config.mtf_nyquist, 2)
    without = back_projected_bicubic(torch.from_numpy(lr)[None], 2, mtf)[0].numpy()
    assert psnr(method.predict(lr, guide)[inner], hr[inner]) > psnr(without[inner], hr[inner]) + 10


def test_a_flat_guide_leaves_the_projected_bicubic(method):
    lr, guide, _ = make_ground()
    config = dataclasses.replace(method.config, guide_bands=(), adds_to="bicubic")
    result = method.predict(lr, np.full_like(guide, 0.2))
    np.testing.assert_allclose(result, SISR(config).eval().predict(lr), atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 1e-4, 0.3, 1.5])
def test_an_even_image_stays_even(method, value):
    lr, guide = np.full((2, 20, 24), value, np.float32), np.full((2, 40, 48), value / 2, np.float32)
    np.testing.assert_allclose(method.predict(lr, guide), value, atol=1e-6)


def test_a_new_network_adds_nothing():
    config = SISRConfig(scale=2, bands=BANDS, guide_bands=GUIDE, adds_to="mtf-glp", channels=16, blocks=1)
    model = SISR(config).eval()
    lr, guide, _ = (torch.from_numpy(image)[None] for image in make_ground(64))
    with torch.no_grad():
        torch.testing.assert_close(model(lr, guide, pad=False), model.classical(lr, guide), rtol=0, atol=0)


@pytest.mark.parametrize("tile", [11, 40])
@pytest.mark.parametrize("name", ["method", "learned"])
def test_the_result_does_not_depend_on_the_size_of_tiles(name, tile, request):
    model = request.getfixturevalue(name)
    lr, guide, _ = make_ground(176)
    np.testing.assert_allclose(model.predict(lr, guide, tile=tile), model.predict(lr, guide, tile=999), atol=1e-5)


@pytest.mark.parametrize("name", ["method", "learned"])
def test_both_engines_compute_the_same_dn(name, request):
    openvino = pytest.importorskip("rs_srgan.inference.openvino_engine")
    model = request.getfixturevalue(name)
    lr, guide, _ = make_ground(160)
    guide[..., :84], lr[..., :42] = 0.1, 0.3  # the halo and some columns of the result are even
    stored = [Encoding("uint16", (1e-4,) * 2, (0.0,) * 2, None)]
    engines = (TorchEngine, openvino.OpenVinoEngine)
    (first,), (second,) = (engine(model, stored, "fp32", threads=1)(lr, guide) for engine in engines)
    assert first.std() > 100
    assert np.abs(first.astype(int) - second.astype(int)).max() <= 1


@pytest.mark.skipif(torch.__version__.startswith("2.6."), reason="torch 2.6 cannot write this model as ONNX")
def test_it_is_exported_to_onnx(learned, tmp_path):
    """An even image tells whether the file keeps the constant without which the fit divides by zero."""
    session = onnxruntime.InferenceSession(export(learned, tmp_path / "glp.onnx"))
    lr, guide, _ = (torch.from_numpy(image)[None] for image in make_ground(72))
    for images in ((lr, guide), (torch.full_like(lr, 0.3), torch.full_like(guide, 0.1))):
        (sr,) = session.run(None, dict(zip(("lr", "guide"), (each.numpy() for each in images), strict=True)))
        with torch.no_grad():
            np.testing.assert_allclose(sr, learned(*images).numpy(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("wrong", [{"guide_bands": ()}, {"output": "tanh"}, {"adds_to": "pansharp"}])
def test_a_configuration_that_cannot_use_it_is_refused(wrong):
    right = {"scale": 2, "bands": BANDS, "guide_bands": GUIDE, "adds_to": "mtf-glp"}
    with pytest.raises(InputError, match="adds_to"):
        SISRConfig(**right | wrong)
