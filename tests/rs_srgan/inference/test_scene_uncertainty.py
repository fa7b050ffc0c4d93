"""The second result of a run: how far off the first may be."""

import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import SISR, InputError, SISRConfig, super_resolve
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.scene import run
from rs_srgan.pixels.radiometry import Encoding
from tests.conftest import scene_dn


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
def test_both_files_hold_what_the_model_says(model, source, tmp_path, engine):
    target, second = tmp_path / "sr.tif", tmp_path / "u.tif"
    super_resolve(source, target, model, uncertainty=second, engine=engine, precision="fp32", tile=32)
    sr, half_width = model.predict_with_uncertainty(read(source).astype(np.float32) / 10_000)
    assert np.abs(read(target) - sr.clip(1e-4) * 1e4).max() <= 1
    assert np.abs(read(second) - half_width.clip(1e-5) * 1e5).max() <= 1
    with rasterio.open(target) as one, rasterio.open(second) as other:
        assert (other.transform, other.crs, other.shape) == (one.transform, one.crs, one.shape)
        assert other.scales == (1e-5,) * 4
        assert other.descriptions[0] == "B04 half-width of 80 %"
    alone = super_resolve(source, tmp_path / "alone.tif", model, engine=engine, precision="fp32", tile=32)
    assert np.abs(read(alone).astype(int) - read(target)).max() <= 1


def test_it_does_not_depend_on_the_tile_size_and_has_the_holes_of_the_result(model, write_tif, tmp_path):
    dn = scene_dn(60, 70)
    dn[:, 20:40, 10:60] = 0
    source = write_tif(dn, nodata=0)
    widths = []
    for tile in (16, 100):
        super_resolve(source, tmp_path / f"{tile}.tif", model, uncertainty=tmp_path / f"u{tile}.tif", tile=tile)
        widths.append(read(tmp_path / f"u{tile}.tif").astype(int))
    assert np.abs(widths[0] - widths[1]).max() <= 1
    np.testing.assert_array_equal(widths[0] == 0, (dn == 0).repeat(4, 1).repeat(4, 2))


def test_half_precision_hardly_changes_it(model):
    lr = torch.rand(4, 70, 70).numpy() * 0.3
    encodings = [Encoding("uint16", (gain,) * 4, (0.0,) * 4, None) for gain in (1e-4, 1e-5)]
    for engine in ("torch", "openvino"):
        exact, half = (make_engine(model, encodings, 1, engine, which)(lr)[1].astype(int) for which in ("fp32", "bf16"))
        assert np.median(np.abs(half - exact) / exact) < 0.02


def test_a_stopped_run_goes_on_with_both(model, source, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("rs_srgan.inference.scene.CHECKPOINT_SECONDS", 0)
    request = {"tile": 16, "cog": True}
    super_resolve(source, tmp_path / "whole.tif", model, uncertainty=tmp_path / "whole_u.tif", **request)
    target, second = tmp_path / "sr.tif", tmp_path / "u.tif"
    work = run(source, target, model, uncertainty=second, **request)
    for _ in range(5):
        next(work)
    work.close()
    assert caplog.text.count("which is kept") == 1
    with pytest.raises(InputError, match="another uncertainty: True, now False"):
        super_resolve(source, target, model, resume=True, **request)
    states = list(run(source, target, model, uncertainty=second, resume=True, **request))
    assert states[0].resumed_px > 0
    for ours, expected in ((target, "whole.tif"), (second, "whole_u.tif")):
        np.testing.assert_array_equal(read(ours), read(tmp_path / expected))
    assert not list(tmp_path.glob("*.partial*"))


def test_one_file_that_is_behind_the_other_is_brought_up(model, source, tmp_path, monkeypatch):
    """As after a kill between two notes."""
    monkeypatch.setattr("rs_srgan.inference.scene.CHECKPOINT_SECONDS", 0)
    super_resolve(source, tmp_path / "whole.tif", model, uncertainty=tmp_path / "whole_u.tif", tile=16)
    target, second = tmp_path / "sr.tif", tmp_path / "u.tif"
    work = run(source, target, model, uncertainty=second, tile=16)
    for _ in range(5):
        next(work)
    work.close()
    for path in tmp_path.glob("u.tif.partial*"):
        path.unlink()
    super_resolve(source, target, model, uncertainty=second, tile=16, resume=True)
    for ours, expected in ((target, "whole.tif"), (second, "whole_u.tif")):
        np.testing.assert_array_equal(read(ours), read(tmp_path / expected))


def test_what_cannot_be_done_is_said_and_leaves_nothing(model, source, tmp_path):
    target = tmp_path / "sr.tif"
    silent = SISR(SISRConfig(channels=16, blocks=1)).eval()
    with pytest.raises(InputError, match="says nothing of its uncertainty"):
        super_resolve(source, target, silent, uncertainty=tmp_path / "u.tif")
    with pytest.raises(InputError, match="are both to be"):
        super_resolve(source, target, model, uncertainty=target)
    with pytest.raises(InputError, match=r"scene\.tif is the input"):
        super_resolve(source, target, model, uncertainty=source, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["scene.tif"]
