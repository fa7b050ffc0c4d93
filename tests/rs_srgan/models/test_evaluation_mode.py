import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import SISR, SISRConfig, export, super_resolve
from rs_srgan.models.evaluation_mode import evaluation_mode
from tests.conftest import scene_dn


@pytest.fixture
def normalised():
    torch.manual_seed(0)
    model = SISR(SISRConfig(generator="srresnet", channels=16, blocks=1)).eval()
    for part in model.modules():
        if isinstance(part, torch.nn.BatchNorm2d):  # far from the statistics of any batch
            part.running_mean.fill_(1)
            part.running_var.fill_(9)
    return model


def test_the_mode_changes_the_result(normalised):
    lr = torch.rand(1, 4, 20, 24)
    with torch.no_grad():
        expected = normalised(lr)
        assert (normalised.train()(lr) - expected).abs().max() > 1e-3


def test_predict_of_a_model_in_training_changes_nothing(normalised):
    image = np.random.default_rng(0).random((4, 20, 24), np.float32)
    expected, before = normalised.predict(image), normalised.fingerprint()
    normalised.train()
    assert np.array_equal(normalised.predict(image), expected)
    assert normalised.training and normalised.generator.body.training and normalised.fingerprint() == before


def test_super_resolve_of_a_model_in_training_changes_nothing(normalised, write_tif, tmp_path):
    source, before = write_tif(scene_dn(40, 44)), normalised.fingerprint()
    first = super_resolve(source, tmp_path / "evaluation.tif", normalised)
    normalised.train()
    second = super_resolve(source, tmp_path / "training.tif", normalised)
    with rasterio.open(first) as one, rasterio.open(second) as other:
        assert np.array_equal(one.read(), other.read())
    assert normalised.training and normalised.fingerprint() == before


@pytest.mark.skipif(torch.__version__.startswith("2.6."), reason="torch 2.6 cannot write this model as ONNX")
def test_the_export_of_a_model_in_training_is_that_of_evaluation(normalised, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    lr = np.random.default_rng(0).random((1, 4, 20, 24), np.float32)
    expected, before = normalised.predict(lr), normalised.fingerprint()
    normalised.train()
    (found,) = onnxruntime.InferenceSession(export(normalised, tmp_path / "model.onnx")).run(None, {"lr": lr})
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    assert normalised.training and normalised.generator.body.training and normalised.fingerprint() == before


def test_every_part_gets_its_own_mode_back(normalised):
    normalised.train()
    normalised.generator.body.eval()
    with evaluation_mode(normalised):
        assert not any(part.training for part in normalised.modules())
    assert normalised.training and normalised.generator.training and not normalised.generator.body.training


def test_blocks_of_several_threads_may_overlap(normalised):
    normalised.train()
    first, second = evaluation_mode(normalised), evaluation_mode(normalised)
    with first:
        second.__enter__()
    assert not normalised.training
    second.__exit__(None, None, None)
    assert normalised.training and normalised.generator.training
