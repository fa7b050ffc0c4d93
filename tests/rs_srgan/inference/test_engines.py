import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import InputError, super_resolve
from rs_srgan.inference.engines import OpenVinoEngine, TorchEngine, make_engine
from rs_srgan.tiling import Window, crop_replicated
from tests.conftest import scene_dn

openvino = pytest.importorskip("openvino")


@pytest.fixture
def window(model):
    image = scene_dn(60, 70).astype(np.float32) / 10_000
    return crop_replicated(image, Window(10, 12, 32, 40).grown(model.receptive_field))


def test_engines_agree_in_fp32_to_less_than_a_dn(model, window):
    torch_sr = TorchEngine(model, "fp32")(window)
    assert torch_sr.shape == (4, 128, 160)
    assert np.abs(OpenVinoEngine(model, 40, "fp32")(window) - torch_sr).max() < 0.5e-4


@pytest.mark.parametrize("engine", [TorchEngine, lambda model, precision: OpenVinoEngine(model, 40, precision)])
def test_bf16_touches_the_network_and_not_the_radiometry(model, window, engine):
    """Its error is that of the residual alone; a reflectance rounded to bf16 would be off by up to 0.4 %."""
    exact, half = TorchEngine(model, "fp32")(window), engine(model, "bf16")(window)
    with torch.no_grad():
        model.generator.tail.weight.zero_()
        model.generator.tail.bias.zero_()
    residual = exact - TorchEngine(model, "fp32")(window)
    assert 0 < np.sqrt(np.square(half - exact).mean()) < 0.02 * np.sqrt(np.square(residual).mean())


@pytest.mark.parametrize("tile", [16, 33])
def test_openvino_does_not_depend_on_the_tile_size_either(model, write_tif, tmp_path, tile):
    source = write_tif(scene_dn(50, 70))
    results = []
    for size in (tile, 100):
        target = super_resolve(source, tmp_path / f"{size}.tif", model, tile=size, engine="openvino")
        with rasterio.open(target) as dataset:
            results.append(dataset.read().astype(int))
    assert np.abs(results[0] - results[1]).max() <= 1


def test_auto_converts_only_what_is_worth_it(model):
    assert isinstance(make_engine(model, 100 * 100, 64), TorchEngine)
    assert isinstance(make_engine(model, 4000 * 4000, 64), OpenVinoEngine)
    assert "openvino fp32" in str(make_engine(model, 4000 * 4000, 64))


def test_what_is_not_installed_is_said(model, monkeypatch):
    monkeypatch.setattr("rs_srgan.inference.engines.find_spec", lambda name: None)
    assert isinstance(make_engine(model, 4000 * 4000, 64), TorchEngine)
    with pytest.raises(InputError, match=r"OpenVINO is not installed: pip install rs_srgan\[cpu\]"):
        make_engine(model, 1, 64, "openvino")


def test_a_model_whose_output_is_not_finite_is_an_error(model, window):
    model.generator.tail.bias.data.fill_(3e38)
    model.generator.head.bias.data.fill_(3e38)
    with pytest.raises(InputError, match="not finite"):
        TorchEngine(model, "fp32")(window)


@pytest.mark.parametrize(
    ("options", "words"), [({"name": "tpu"}, "Unknown engine"), ({"precision": "int4"}, "Unknown prec")]
)
def test_unknown_choices_are_said(model, options, words):
    with pytest.raises(InputError, match=words):
        make_engine(model, 1, 64, **options)
