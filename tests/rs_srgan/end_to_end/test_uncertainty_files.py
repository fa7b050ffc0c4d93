"""The second result of a run: half-widths of intervals around the first."""

import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import SISR, InputError, SISRConfig, super_resolve
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.super_resolve import run
from rs_srgan.pixels.radiometry import Encoding
from tests.conftest import scene_dn
from tests.stored import assert_stored


@pytest.fixture
def model() -> SISR:
    torch.manual_seed(0)
    model = SISR(SISRConfig(channels=16, blocks=2, uncertainty=True)).eval()
    with torch.no_grad():
        model.generator.tail.weight.mul_(10)
        model.uncertainty.layers[-1].weight.mul_(30)
        model.uncertainty.factor.copy_(torch.tensor([1.0, 1.5, 0.7, 2.0]))
    return model


@pytest.fixture
def source(write_tif):
    return write_tif(scene_dn(60, 70), nodata=0)


def read(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_files_hold_the_models_result_and_half_width(model, source, tmp_path, engine):
    target, second = tmp_path / "sr.tif", tmp_path / "u.tif"
    super_resolve(source, target, model, uncertainty=second, engine=engine, precision="fp32", tile=32)
    sr, half_width = model.predict_with_uncertainty(read(source).astype(np.float32) / 10_000)
    assert_stored(read(target), sr * 1e4, model.scale, tolerance=1)
    assert np.abs(read(second) - half_width.clip(1e-5) * 1e5).max() <= 1
    with rasterio.open(target) as one, rasterio.open(second) as other:
        assert (other.transform, other.crs, other.shape) == (one.transform, one.crs, one.shape)
        assert other.scales == (1e-5,) * 4
        assert other.descriptions[0] == "B04 half-width of 80 %"
    alone = super_resolve(source, tmp_path / "alone.tif", model, engine=engine, precision="fp32", tile=32)
    assert np.abs(read(alone).astype(int) - read(target)).max() <= 1


def test_half_width_does_not_depend_on_tile_size_and_has_the_results_nodata(model, write_tif, tmp_path):
    dn = scene_dn(60, 70)
    dn[:, 20:40, 10:60] = 0
    source = write_tif(dn, nodata=0)
    widths = []
    for tile in (16, 100):
        super_resolve(source, tmp_path / f"{tile}.tif", model, uncertainty=tmp_path / f"u{tile}.tif", tile=tile)
        widths.append(read(tmp_path / f"u{tile}.tif").astype(int))
    assert np.abs(widths[0] - widths[1]).max() <= 1
    np.testing.assert_array_equal(widths[0] == 0, (dn == 0).repeat(4, 1).repeat(4, 2))


def test_bf16_changes_half_widths_by_less_than_2_percent(model):
    lr = torch.rand(4, 70, 70).numpy() * 0.3
    encodings = [Encoding("uint16", (gain,) * 4, (0.0,) * 4, None) for gain in (1e-4, 1e-5)]
    for engine in ("torch", "openvino"):
        exact, half = (make_engine(model, encodings, 1, engine, which)(lr)[1].astype(int) for which in ("fp32", "bf16"))
        assert np.median(np.abs(half - exact) / exact) < 0.02


def test_resume_continues_both_files(model, source, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("rs_srgan.inference.work.CHECKPOINT_SECONDS", 0)
    request = {"tile": 16, "cog": True}
    super_resolve(source, tmp_path / "whole.tif", model, uncertainty=tmp_path / "whole_u.tif", **request)
    target, second = tmp_path / "sr.tif", tmp_path / "u.tif"
    work = run(source, target, model, PredictOptions(uncertainty=second, **request))
    for _ in range(5):
        next(work)
    work.close()
    assert caplog.text.count("which is kept") == 1
    with pytest.raises(InputError, match="uncertainty"):
        super_resolve(source, target, model, resume=True, **request)
    states = list(run(source, target, model, PredictOptions(uncertainty=second, resume=True, **request)))
    assert states[0].resumed_px > 0
    for ours, expected in ((target, "whole.tif"), (second, "whole_u.tif")):
        np.testing.assert_array_equal(read(ours), read(tmp_path / expected))
    assert not list(tmp_path.glob("*.partial*"))


def test_resume_completes_a_file_that_is_behind_the_other(model, source, tmp_path, monkeypatch):
    """A kill between two notes leaves the files so."""
    monkeypatch.setattr("rs_srgan.inference.work.CHECKPOINT_SECONDS", 0)
    super_resolve(source, tmp_path / "whole.tif", model, uncertainty=tmp_path / "whole_u.tif", tile=16)
    target, second = tmp_path / "sr.tif", tmp_path / "u.tif"
    work = run(source, target, model, PredictOptions(uncertainty=second, tile=16))
    for _ in range(5):
        next(work)
    work.close()
    for path in tmp_path.glob("u.tif.partial*"):
        path.unlink()
    super_resolve(source, target, model, uncertainty=second, tile=16, resume=True)
    for ours, expected in ((target, "whole.tif"), (second, "whole_u.tif")):
        np.testing.assert_array_equal(read(ours), read(tmp_path / expected))


def test_wrong_request_leaves_no_file(model, source, tmp_path):
    target = tmp_path / "sr.tif"
    silent = SISR(SISRConfig(channels=16, blocks=1)).eval()
    with pytest.raises(InputError, match="uncertainty"):
        super_resolve(source, target, silent, uncertainty=tmp_path / "u.tif")
    with pytest.raises(InputError, match="same"):
        super_resolve(source, target, model, uncertainty=target)
    with pytest.raises(InputError, match="input"):
        super_resolve(source, target, model, uncertainty=source, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["scene.tif"]
