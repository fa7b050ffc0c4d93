import json
import sys

import numpy as np
import onnxruntime
import pytest
import torch

from rs_srgan import SISR, InputError, SISRConfig
from rs_srgan.inference.onnx_export import export


@pytest.fixture
def guided():
    torch.manual_seed(0)
    config = SISRConfig(scale=2, bands=("B11", "B12"), guide_bands=("B04", "B08"), channels=16, blocks=1)
    return SISR(config).eval()


def test_file_computes_what_the_model_computes_at_any_size(model, tmp_path):
    file = export(model, tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    session = onnxruntime.InferenceSession(file)
    for shape in ((1, 4, 1, 1), (2, 4, 50, 13)):
        lr = torch.rand(shape)
        (sr,) = session.run(None, {"lr": lr.numpy()})
        with torch.no_grad():
            np.testing.assert_allclose(sr, model(lr).numpy(), atol=1e-4, rtol=0)


def test_model_with_guide_bands_has_two_inputs(guided, tmp_path):
    session = onnxruntime.InferenceSession(export(guided, tmp_path / "guided.onnx"))
    lr, guide = torch.rand(1, 2, 11, 17), torch.rand(1, 2, 22, 34)
    (sr,) = session.run(None, {"lr": lr.numpy(), "guide": guide.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(sr, guided(lr, guide).numpy(), atol=1e-4, rtol=0)


def test_metadata_describe_the_model(guided, tmp_path):
    about = onnxruntime.InferenceSession(export(guided, tmp_path / "guided.onnx")).get_modelmeta().custom_metadata_map
    assert (json.loads(about["bands"]), json.loads(about["guide_bands"])) == (["B11", "B12"], ["B04", "B08"])
    assert (about["scale"], about["fingerprint"]) == ("2", guided.fingerprint())
    assert int(about["receptive_field_lr_px"]) == guided.receptive_field
    assert "(DN + offset) / 10000" in about["units"] and "- 0.15) / 0.15" in about["normalisation"]


def test_file_with_other_results_is_not_kept(model, tmp_path, monkeypatch):
    monkeypatch.setattr("rs_srgan.inference.onnx_export.TOLERANCE", 0.0)
    with pytest.raises(ArithmeticError, match="differs"):
        export(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_torch_cannot_write_is_refused_in_one_line(model, tmp_path):
    class Branches(torch.nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    model.generator.head = torch.nn.Sequential(model.generator.head, Branches())
    with pytest.raises(InputError, match="newer") as refusal:
        export(model, tmp_path / "model.onnx")
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_missing_extra_is_named(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    monkeypatch.setattr("rs_srgan.errors.find_spec", lambda name: None if name == "onnxscript" else name)
    with pytest.raises(InputError, match="onnxscript"):
        export(model, tmp_path / "model.onnx")


def test_the_weights_are_not_replaced_by_the_file(model_folder, tmp_path):
    (model_folder / "model.safetensors").rename(tmp_path / "weights.onnx")
    (model_folder / "model.safetensors").symlink_to(tmp_path / "weights.onnx")
    before = (tmp_path / "weights.onnx").read_bytes()
    with pytest.raises(InputError, match="input"):
        export(model_folder, tmp_path / "weights.onnx", overwrite=True)
    assert (tmp_path / "weights.onnx").read_bytes() == before


DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"))]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_model_stays_on_its_device_in_its_precision_and_in_training(model, tmp_path, device, dtype):
    model = model.to(device, dtype).train()
    session = onnxruntime.InferenceSession(export(model, tmp_path / "model.onnx"))
    assert {(each.device.type, each.dtype) for each in model.parameters()} == {(device, dtype)}
    assert all(module.training for module in model.modules())
    lr = torch.rand(1, 4, 9, 12)
    (sr,) = session.run(None, {"lr": lr.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(sr, model.to("cpu", torch.float32).eval()(lr).numpy(), atol=1e-4, rtol=0)
