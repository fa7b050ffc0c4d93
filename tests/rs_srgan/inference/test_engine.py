import dataclasses

import numpy as np
import pytest
import torch

from rs_srgan import SISR, SISRConfig
from rs_srgan.inference.engine import (
    FLOAT_STEP,
    default_threads,
    encoding_tensors,
    in_type,
    memory_errors,
    to_dn,
)
from rs_srgan.inference.openvino_engine import OpenVinoEngine
from rs_srgan.inference.torch_engine import TorchEngine
from rs_srgan.pixels.radiometry import Encoding
from tests.rs_srgan.inference.conftest import BASELINE_4, FINE


@pytest.mark.parametrize("encoding", [FINE, BASELINE_4, Encoding("uint8", (1 / 255,) * 4, (0.0,) * 4, None)])
@pytest.mark.parametrize("engine", [TorchEngine, OpenVinoEngine])
def test_engine_returns_the_models_reflectance_as_dn(model, window, engine, encoding):
    with torch.inference_mode():
        sr = model(torch.from_numpy(window)[None], margin=model.receptive_field)[0].numpy()
    expected = (sr - encoding.bias[0]) / encoding.gain[0]
    dn = engine(model, [encoding], "fp32")(window)[0]
    low, high = encoding.limits
    fits = low <= np.rint(expected.min()) and np.rint(expected.max()) <= high
    assert dn.dtype == (encoding.dtype if fits else np.float32)
    assert dn.shape == (4, 128, 160)
    assert np.abs(dn - expected).max() <= 0.51


@pytest.mark.parametrize("engine", [TorchEngine, OpenVinoEngine])
def test_each_band_may_have_its_own_encoding(model, window, engine):
    encoding = Encoding("uint16", (1e-4, 2e-4, 1e-4, 5e-5), (0.0, -0.1, -0.2, 0.0), 0)
    with torch.inference_mode():
        sr = model(torch.from_numpy(window)[None], margin=model.receptive_field)[0].numpy()
    gain, bias = (np.array(values)[:, None, None] for values in (encoding.gain, encoding.bias))
    expected = (sr - bias) / gain
    assert np.abs(engine(model, [encoding], "fp32")(window)[0] - expected).max() <= 0.51


@pytest.mark.parametrize("encoding", [FINE, BASELINE_4, Encoding("int16", (1e-4,), (0.0,), -9999)])
def test_every_dn_survives_the_round_trip(encoding):
    encoding = dataclasses.replace(encoding, gain=encoding.gain[:1], bias=encoding.bias[:1])
    limits = np.iinfo(encoding.dtype)
    dn = np.arange(limits.min, limits.max + 1, dtype=encoding.dtype).reshape(1, 256, 256)
    reflectance, valid = encoding.decode(dn)
    again = to_dn(torch.from_numpy(reflectance)[None], **encoding_tensors(encoding))[0].numpy()
    np.testing.assert_array_equal(again[valid], dn[valid])


def test_values_that_a_type_cannot_hold_stay_floats():
    encoding = Encoding("uint16", (1e-4,), (0.0,), 0)
    held, beyond = (np.array([[[1, 65535, each]]], np.float32) for each in (7, 65536))
    assert in_type(held, encoding).dtype == np.uint16
    np.testing.assert_array_equal(in_type(beyond, encoding), beyond)


@pytest.mark.parametrize("engine", [TorchEngine, OpenVinoEngine])
def test_a_result_stays_when_the_next_window_is_computed(model, window, engine):
    tight = Encoding("uint8", (1e-4,) * 4, (0.0,) * 4, None)  # most values are beyond it
    runs = engine(model, [tight], "fp32")
    (first,) = runs(window)
    kept = first.copy()
    runs(window[..., ::-1].copy())
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("engine", [TorchEngine, OpenVinoEngine])
def test_bf16_does_not_round_the_reflectance(model, window, engine):
    """Only the residual is rounded. Reflectance rounded to bf16 would have errors of up to 0.4 %."""
    exact, half = (engine(model, [FINE], precision)(window)[0].astype(float) for precision in ("fp32", "bf16"))
    with torch.no_grad():
        model.generator.tail.weight.zero_()
        model.generator.tail.bias.zero_()
    residual = exact - engine(model, [FINE], "fp32")(window)[0]
    assert 0 < np.sqrt(np.square(half - exact).mean()) < 0.02 * np.sqrt(np.square(residual).mean())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("CUDA out of memory. Tried to allocate 2.00 GiB.", MemoryError),
        ("Exception from core.cpp:117:\nException from allocator.cpp:79:\nstd::bad_alloc", MemoryError),
        ("Exception from plugin.cpp:54:\nstd::future_error: Broken promise", MemoryError),
        ("could not create a primitive", MemoryError),
        ("Check 'ptr' failed at cpu_memory.cpp:257:\nFailed to allocate 814141952 bytes of memory", MemoryError),
        ("no such operation", RuntimeError),
    ],
)
def test_full_memory_is_a_memory_error(words, expected):
    with pytest.raises(expected), memory_errors():
        raise RuntimeError(words)


def test_both_engines_use_guide_bands():
    torch.manual_seed(0)
    config = SISRConfig(scale=2, bands=("B05", "B11"), guide_bands=("B04", "B08", "B02"), channels=16, blocks=1)
    fusion = SISR(config).eval()
    with torch.no_grad():
        fusion.generator.tail.weight.mul_(10)
    random = np.random.default_rng(0)
    lr, guide = (random.uniform(0, 0.5, shape).astype(np.float32) for shape in ((2, 30, 40), (3, 60, 80)))
    halo = fusion.receptive_field
    encoding = dataclasses.replace(FINE, gain=FINE.gain[:2], bias=FINE.bias[:2])
    with torch.inference_mode():
        expected = fusion(torch.from_numpy(lr)[None], torch.from_numpy(guide)[None], margin=halo)[0].numpy()
    for engine in (TorchEngine, OpenVinoEngine):
        assert np.abs(engine(fusion, [encoding], "fp32")(lr, guide)[0] - expected / 5e-5).max() <= 0.51


@pytest.mark.parametrize("engine", [TorchEngine, OpenVinoEngine])
def test_values_that_the_type_cannot_hold_come_as_floats(model, window, engine):
    narrow = Encoding("uint8", (1 / 255,) * 4, (-0.05,) * 4, None)
    exact = engine(model, [Encoding.float32(4)], "fp32")(window)[0]
    dn = engine(model, [narrow], "fp32")(window)[0]
    assert dn.dtype == np.float32
    assert dn.max() > 255
    np.testing.assert_array_equal(dn, np.rint(dn))
    assert np.abs(dn - (exact + 0.05) * 255).max() <= 0.51


@pytest.mark.parametrize("engine", [TorchEngine, OpenVinoEngine])
def test_floats_are_the_models_reflectance(model, window, engine):
    with torch.inference_mode():
        sr = model(torch.from_numpy(window)[None], margin=model.receptive_field)[0].numpy()
    made = engine(model, [Encoding.float32(4)], "fp32")(window)[0]
    assert made.dtype == np.float32
    assert np.abs(made - sr).max() <= FLOAT_STEP


def test_a_quota_of_the_container_limits_the_threads(model, monkeypatch):
    monkeypatch.setattr("rs_srgan.inference.engine.usable_cores", lambda: 1)
    monkeypatch.setattr("rs_srgan.inference.engine.cpu_quota", lambda: 0.5)
    assert default_threads() == 1
    for engine in (TorchEngine, OpenVinoEngine):
        assert str(engine(model, [FINE], "fp32")).endswith("1 thread (CPU quota: 0.5 cores)")
        assert "3 threads" in str(engine(model, [FINE], "fp32", threads=3))
