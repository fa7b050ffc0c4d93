import warnings
from functools import partial

import numpy as np
import pytest
import torch
from huggingface_hub import cached_assets_path

from rs_srgan import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.inference.openvino_engine import OpenVinoEngine
from rs_srgan.inference.openvino_import import openvino
from rs_srgan.inference.torch_engine import TorchEngine
from tests.rs_srgan.inference.conftest import FINE

SMALL = {"scale": 2, "channels": 8, "blocks": 1}


KINDS = {
    "plain": SISRConfig(**SMALL, consistent=False),
    "uncertain": SISRConfig(**SMALL, uncertainty=True),
    "plain uncertain": SISRConfig(**SMALL, uncertainty=True, consistent=False),
    "guided": SISRConfig(**SMALL, guide_bands=("B11",)),
    "views": MISRConfig(**SMALL, fusion_channels=8, fusion_blocks=1),
    "plain views": MISRConfig(**SMALL, fusion_channels=8, fusion_blocks=1, consistent=False),
}


@pytest.mark.parametrize(
    ("kind", "hidden"), [*((kind, ()) for kind in KINDS), ("views", (1,)), ("views", (1, 2)), ("plain views", (2,))]
)
def test_steps_crop_only_what_later_steps_do_not_need(kind, hidden):
    """Each step crops the halo, and steps skip views that are masked everywhere."""
    config = KINDS[kind]
    several = isinstance(config, MISRConfig)
    torch.manual_seed(0)
    model = (MISR if several else SISR)(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.1)
    side = 2 * model.receptive_field + 6
    random = np.random.default_rng(0)
    images = [random.random((4, side, side), dtype=np.float32)]
    if config.guide_bands:
        images.append(random.random((1, 2 * side, 2 * side), dtype=np.float32))
    if several:
        images = [random.random((3, 4, side, side), dtype=np.float32), np.ones((3, side, side), np.float32)]
        images[1][list(hidden)] = 0
        images.append(random.random((3, 2, side, side), dtype=np.float32) - np.float32(0.5))
    encodings = [FINE] * (1 + config.uncertainty * (not several))
    torch_dn, openvino_dn = (engine(model, encodings, "fp32")(*images) for engine in (TorchEngine, OpenVinoEngine))
    for one, other in zip(torch_dn, openvino_dn, strict=True):
        assert one.shape == (4, 12, 12)
        assert one.std() > 1
        assert np.abs(one.astype(int) - other).max() <= 1


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A function that returns the files in an empty cache."""
    folder = tmp_path / "cache"

    def path(library, namespace, subfolder):
        (folder / subfolder).mkdir(parents=True, exist_ok=True)
        return folder / subfolder

    monkeypatch.setattr("rs_srgan.inference.openvino_graphs.cached_assets_path", path)
    return lambda: sorted(path for path in folder.rglob("*") if path.is_file())


def test_model_is_converted_once(model, window, cache, monkeypatch):
    first = OpenVinoEngine(model, [FINE], "fp32")(window)[0]
    assert {path.name for path in cache()} == {"network.xml", "network.bin", "finish.xml", "finish.bin", "sha256.json"}
    monkeypatch.setattr("openvino.convert_model", None)
    np.testing.assert_array_equal(OpenVinoEngine(model, [FINE], "fp32")(window)[0], first)


def test_nobody_reads_warnings_of_what_openvino_calls(model, cache, monkeypatch, recwarn):
    convert = openvino.convert_model

    def warn(*given, **options):
        warnings.warn("`torch.jit.trace` is deprecated.", FutureWarning, stacklevel=1)
        return convert(*given, **options)

    monkeypatch.setattr("openvino.convert_model", warn)
    OpenVinoEngine(model, [FINE], "fp32")
    assert cache()
    assert not [each for each in recwarn if each.category is FutureWarning]


def test_threads_compute_with_the_model_as_before_while_it_is_converted_for_int8(
    int8_model, window, cache, monkeypatch
):
    convert, engine, meanwhile = openvino.convert_model, TorchEngine(int8_model, [FINE], "fp32"), []
    before = engine(window)[0]

    def also_compute(*given, **options):
        meanwhile.append(engine(window)[0])
        return convert(*given, **options)

    monkeypatch.setattr("openvino.convert_model", also_compute)
    OpenVinoEngine(int8_model, [FINE], "int8")
    assert cache()
    assert len(meanwhile) == 2
    for each in meanwhile:
        np.testing.assert_array_equal(each, before)


def test_other_weights_have_another_key_in_the_cache(model, window, cache):
    OpenVinoEngine(model, [FINE], "fp32")(window)[0]
    with torch.no_grad():
        model.generator.tail.bias.add_(0.1)
    ours, expected = (engine(model, [FINE], "fp32")(window)[0].astype(int) for engine in (OpenVinoEngine, TorchEngine))
    assert np.abs(ours - expected).max() <= 1
    assert len(cache()) == 10


def test_damaged_conversion_is_made_again(model, window, cache):
    first = OpenVinoEngine(model, [FINE], "fp32")(window)[0]
    for path in cache():
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    np.testing.assert_array_equal(OpenVinoEngine(model, [FINE], "fp32")(window)[0], first)
    assert OpenVinoEngine(model, [FINE], "fp32")(window)[0].shape == first.shape


def test_cache_that_cannot_be_written_is_a_warning(model, window, cache, monkeypatch, caplog, tmp_path):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copytree", refuse)
    assert OpenVinoEngine(model, [FINE], "fp32")(window)[0].shape == (4, 128, 160)
    assert "cannot be kept" in caplog.text
    assert not cache()
    assert not list((tmp_path / "cache").glob("tmp*"))


def test_cache_that_is_no_folder_is_a_warning(model, window, monkeypatch, caplog, tmp_path):
    (tmp_path / "file").touch()
    nowhere = partial(cached_assets_path, assets_dir=tmp_path / "file")
    monkeypatch.setattr("rs_srgan.inference.openvino_graphs.cached_assets_path", nowhere)
    assert OpenVinoEngine(model, [FINE], "fp32")(window)[0].shape == (4, 128, 160)
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize(
    "error", [RuntimeError("Could not determine home directory."), KeyError("uid"), OSError(13, "x")]
)
def test_every_failure_of_the_cache_is_a_warning(model, window, monkeypatch, caplog, error):
    """A container may run as a user without a home folder and without an entry in passwd."""

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("rs_srgan.inference.openvino_graphs.cached_assets_path", fail)
    assert OpenVinoEngine(model, [FINE], "fp32")(window)[0].shape == (4, 128, 160)
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize("name", ["network.bin", "network.xml", "sha256.json"])
def test_a_damaged_cache_is_made_anew(model, window, cache, monkeypatch, name):
    """OpenVINO itself reads damaged weights without an error, and computes with them."""
    expected = OpenVinoEngine(model, [FINE], "fp32")(window)[0]
    (file,) = (path for path in cache() if path.name == name)
    before = file.read_bytes()
    at = len(before) // 2
    file.write_bytes(before[:at] + bytes([before[at] ^ 64]) + before[at + 1 :])
    np.testing.assert_array_equal(OpenVinoEngine(model, [FINE], "fp32")(window)[0], expected)
    monkeypatch.setattr("openvino.convert_model", None)  # the cache is whole again
    np.testing.assert_array_equal(OpenVinoEngine(model, [FINE], "fp32")(window)[0], expected)
