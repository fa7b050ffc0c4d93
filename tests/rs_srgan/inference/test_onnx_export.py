import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig
from rs_srgan.cli.main import main
from rs_srgan.inference.onnx_export import export


@pytest.fixture
def guided():
    torch.manual_seed(0)
    config = SISRConfig(scale=2, bands=("B11", "B12"), guide_bands=("B04", "B08"), channels=16, blocks=1)
    return SISR(config).eval()


def test_the_file_computes_what_the_model_does_at_any_size(model, tmp_path):
    file = export(model, tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    session = onnxruntime.InferenceSession(file)
    for shape in ((1, 4, 1, 1), (2, 4, 50, 13)):
        lr = torch.rand(shape)
        (sr,) = session.run(None, {"lr": lr.numpy()})
        with torch.no_grad():
            np.testing.assert_allclose(sr, model(lr).numpy(), atol=1e-4, rtol=0)


def test_with_a_guide_it_has_two_inputs(guided, tmp_path):
    session = onnxruntime.InferenceSession(export(guided, tmp_path / "guided.onnx"))
    lr, guide = torch.rand(1, 2, 11, 17), torch.rand(1, 2, 22, 34)
    (sr,) = session.run(None, {"lr": lr.numpy(), "guide": guide.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(sr, guided(lr, guide).numpy(), atol=1e-4, rtol=0)


def test_the_file_says_what_it_is(guided, tmp_path):
    about = onnxruntime.InferenceSession(export(guided, tmp_path / "guided.onnx")).get_modelmeta().custom_metadata_map
    assert (json.loads(about["bands"]), json.loads(about["guide_bands"])) == (["B11", "B12"], ["B04", "B08"])
    assert (about["scale"], about["fingerprint"]) == ("2", guided.fingerprint())
    assert int(about["receptive_field_lr_px"]) == guided.receptive_field
    assert "(DN + offset) / 10000" in about["units"] and "- 0.15) / 0.15" in about["normalisation"]


def test_a_file_that_computes_something_else_is_not_kept(model, tmp_path, monkeypatch):
    monkeypatch.setattr("rs_srgan.inference.onnx_export.TOLERANCE", 0.0)
    with pytest.raises(ArithmeticError, match=r"differs from torch .* nothing was written"):
        export(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_request_is_a_line(model_folder, tmp_path, capsys):
    (tmp_path / "there.onnx").touch()
    views = tmp_path / "views"
    MISR(MISRConfig(channels=16, blocks=1, fusion_channels=8)).save_pretrained(views)
    for model, target, words in (
        (model_folder, "model.pt", "is no name of an ONNX file"),
        (model_folder, "no/model.onnx", "does not exist. Make it first"),
        (model_folder, "there.onnx", "exists. Choose another name"),
        (views, "model.onnx", "is for several images of one place"),
        ("nonsense", "model.onnx", "No model 'nonsense'"),
    ):
        assert main(["export", str(model), "-o", str(tmp_path / target)]) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1


def test_without_the_extra_it_says_which(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    monkeypatch.setattr("rs_srgan.errors.find_spec", lambda name: None if name == "onnxscript" else name)
    with pytest.raises(InputError, match=r"need onnxscript, which is not installed: pip install rs_srgan\[export\]"):
        export(model, tmp_path / "model.onnx")


def test_the_command_prints_the_file(model_folder, tmp_path, capsys):
    target = tmp_path / "model.onnx"
    assert main(["export", str(model_folder), "-o", str(target)]) == 0
    assert capsys.readouterr().out == f"{target}\n"
    before = Path(target).stat().st_ino
    assert main(["export", str(model_folder), "-o", str(target), "--overwrite"]) == 0
    assert target.stat().st_ino != before
