import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
import torch
from openvino.tools import ovc

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig, super_resolve
from rs_srgan.inference.engine import encoding_tensors, memory_errors, to_dn
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.openvino_engine import OpenVinoEngine
from rs_srgan.inference.torch_engine import TorchEngine
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window, crop_replicated
from tests.conftest import scene_dn

# Finer than any of Sentinel-2's own, and signed: nothing is clipped.
FINE = Encoding("int16", (5e-5,) * 4, (0.0,) * 4, None)
BASELINE_4 = Encoding("uint16", (1e-4,) * 4, (-0.1,) * 4, 0)


@pytest.fixture
def window(model):
    image = scene_dn(60, 70).astype(np.float32) / 10_000
    return crop_replicated(image, Window(10, 12, 32, 40).grown(model.receptive_field))


@pytest.mark.parametrize("encoding", [FINE, BASELINE_4, Encoding("uint8", (1 / 255,) * 4, (0.0,) * 4, None)])
@pytest.mark.parametrize("engine", [TorchEngine, OpenVinoEngine])
def test_an_engine_gives_the_models_reflectance_as_dn(model, window, engine, encoding):
    with torch.inference_mode():
        sr = model(torch.from_numpy(window)[None], margin=model.receptive_field)[0].numpy()
    expected = ((sr - encoding.bias[0]) / encoding.gain[0]).clip(*encoding.limits)
    dn = engine(model, [encoding], "fp32")(window)[0]
    assert dn.dtype == encoding.dtype
    assert dn.shape == (4, 128, 160)
    assert np.abs(dn - expected).max() <= 0.51


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
def test_what_openvino_leaves_out_on_the_way_was_not_needed(kind, hidden):
    """The halo gets smaller from step to step, and views that show nothing are not looked at."""
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


@pytest.mark.parametrize("engine", [TorchEngine, OpenVinoEngine])
def test_bands_may_be_stored_each_in_its_own_way(model, window, engine):
    encoding = Encoding("uint16", (1e-4, 2e-4, 1e-4, 5e-5), (0.0, -0.1, -0.2, 0.0), 0)
    with torch.inference_mode():
        sr = model(torch.from_numpy(window)[None], margin=model.receptive_field)[0].numpy()
    gain, bias = (np.array(values)[:, None, None] for values in (encoding.gain, encoding.bias))
    expected = ((sr - bias) / gain).clip(*encoding.limits)
    assert np.abs(engine(model, [encoding], "fp32")(window)[0] - expected).max() <= 0.51


@pytest.mark.parametrize("encoding", [FINE, BASELINE_4, Encoding("int16", (1e-4,), (0.0,), -9999)])
def test_every_dn_survives_the_round_trip(encoding):
    encoding = dataclasses.replace(encoding, gain=encoding.gain[:1], bias=encoding.bias[:1])
    limits = np.iinfo(encoding.dtype)
    dn = np.arange(limits.min, limits.max + 1, dtype=encoding.dtype).reshape(1, 256, 256)
    reflectance, valid = encoding.decode(dn)
    again = to_dn(torch.from_numpy(reflectance)[None], **encoding_tensors(encoding))[0].numpy()
    np.testing.assert_array_equal(again[valid], dn[valid])


def test_dn_are_clipped_not_wrapped_and_never_nodata():
    sr = torch.tensor([[[[-1.0, 0.0, 7.0]]]])
    for nodata, expected in ((None, [0, 0, 65535]), (0, [1, 1, 65535]), (65535, [0, 0, 65534])):
        dn = to_dn(sr, **encoding_tensors(Encoding("uint16", (1e-4,), (0.0,), nodata)))
        assert dn.flatten().tolist() == expected


@pytest.mark.parametrize("engine", [TorchEngine, OpenVinoEngine])
def test_bf16_touches_the_network_and_not_the_radiometry(model, window, engine):
    """Its error is that of the residual alone; a reflectance rounded to bf16 would be off by up to 0.4 %."""
    exact, half = (engine(model, [FINE], precision)(window)[0].astype(float) for precision in ("fp32", "bf16"))
    with torch.no_grad():
        model.generator.tail.weight.zero_()
        model.generator.tail.bias.zero_()
    residual = exact - engine(model, [FINE], "fp32")(window)[0]
    assert 0 < np.sqrt(np.square(half - exact).mean()) < 0.02 * np.sqrt(np.square(residual).mean())


def test_threads_are_the_engines_own(model, window):
    before = torch.get_num_threads()
    TorchEngine(model, [FINE], "fp32", threads=1)(window)
    assert torch.get_num_threads() == before


def test_two_windows_at_once_do_not_disturb_each_other(model, window):
    engine = OpenVinoEngine(model, [FINE], "fp32", threads=2)
    windows = [window * factor for factor in np.linspace(0.5, 1, 8, dtype=np.float32)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(engine, windows))
    for one, alone in zip(together, map(engine, windows), strict=True):
        np.testing.assert_array_equal(one, alone)


@pytest.mark.parametrize("tile", [16, 36])
def test_openvino_does_not_depend_on_the_tile_size_either(model, write_tif, tmp_path, tile):
    source = write_tif(scene_dn(50, 70))
    results = []
    for size in (tile, 100):
        target = super_resolve(source, tmp_path / f"{size}.tif", model, tile=size, engine="openvino", precision="fp32")
        with rasterio.open(target) as dataset:
            results.append(dataset.read().astype(int))
    assert np.abs(results[0] - results[1]).max() <= 1


def test_auto_compiles_only_what_is_worth_it(model):
    assert isinstance(make_engine(model, [FINE], 100 * 100), TorchEngine)
    assert isinstance(make_engine(model, [FINE], 4000 * 4000), OpenVinoEngine)


@pytest.mark.parametrize("native", [False, True])
def test_auto_is_bf16_where_the_processor_computes_with_it(model, monkeypatch, native):
    monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: native)
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: False)
    for lr_px in (100, 4000 * 4000):
        assert make_engine(model, [FINE], lr_px).precision == ("bf16" if native else "fp32")


def test_what_is_not_installed_is_said(model, monkeypatch):
    monkeypatch.setattr("rs_srgan.inference.engines.find_spec", lambda name: None)
    assert isinstance(make_engine(model, [FINE], 4000 * 4000), TorchEngine)
    with pytest.raises(InputError, match=r"OpenVINO is not installed: pip install rs_srgan\[cpu\]"):
        make_engine(model, [FINE], 1, "openvino")


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A cache of its own; returns the files in it."""
    folder = tmp_path / "cache"

    def path(library, namespace, subfolder):
        (folder / subfolder).mkdir(parents=True, exist_ok=True)
        return folder / subfolder

    monkeypatch.setattr("rs_srgan.inference.openvino_graphs.cached_assets_path", path)
    return lambda: sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_model_is_converted_once_and_read_back_as_it_was(model, window, cache, monkeypatch):
    first = OpenVinoEngine(model, [FINE], "fp32")(window)[0]
    assert {path.name for path in cache()} == {"network.xml", "network.bin", "finish.xml", "finish.bin"}
    monkeypatch.setattr("openvino.convert_model", None)
    np.testing.assert_array_equal(OpenVinoEngine(model, [FINE], "fp32")(window)[0], first)


def test_other_weights_are_another_model_to_the_cache(model, window, cache):
    OpenVinoEngine(model, [FINE], "fp32")(window)[0]
    with torch.no_grad():
        model.generator.tail.bias.add_(0.1)
    ours, expected = (engine(model, [FINE], "fp32")(window)[0].astype(int) for engine in (OpenVinoEngine, TorchEngine))
    assert np.abs(ours - expected).max() <= 1
    assert len(cache()) == 8


def test_a_damaged_conversion_is_made_again(model, window, cache):
    first = OpenVinoEngine(model, [FINE], "fp32")(window)[0]
    for path in cache():
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    np.testing.assert_array_equal(OpenVinoEngine(model, [FINE], "fp32")(window)[0], first)
    assert OpenVinoEngine(model, [FINE], "fp32")(window)[0].shape == first.shape


def test_a_cache_that_cannot_be_written_is_said_and_no_obstacle(model, window, cache, monkeypatch, caplog, tmp_path):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copytree", refuse)
    assert OpenVinoEngine(model, [FINE], "fp32")(window)[0].shape == (4, 128, 160)
    assert "cannot be kept (" in caplog.text
    assert not cache()
    assert not list((tmp_path / "cache").glob("tmp*"))


def test_a_cache_that_is_no_folder_is_said_and_no_obstacle(model, window, monkeypatch, caplog, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr("huggingface_hub.utils._cache_assets.HF_ASSETS_CACHE", str(tmp_path / "file"))
    assert OpenVinoEngine(model, [FINE], "fp32")(window)[0].shape == (4, 128, 160)
    assert "cannot be kept (" in caplog.text


def test_openvino_tells_nobody_of_its_use():
    """From a forked process, which could hang: its library for that is kept out."""
    assert ovc.telemetry.__class__.__module__ == "openvino.tools.ovc.telemetry_stub"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("CUDA out of memory. Tried to allocate 2.00 GiB.", MemoryError),
        ("Exception from core.cpp:117:\nException from allocator.cpp:79:\nstd::bad_alloc", MemoryError),
        ("Check 'ptr' failed at cpu_memory.cpp:257:\nFailed to allocate 814141952 bytes of memory", MemoryError),
        ("no such operation", RuntimeError),
    ],
)
def test_a_full_memory_is_a_memory_error(words, expected):
    with pytest.raises(expected), memory_errors():
        raise RuntimeError(words)


def test_a_guide_is_seen_by_both_engines_alike():
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


def test_a_model_whose_output_is_not_finite_is_an_error(model, window):
    model.generator.tail.bias.data.fill_(3e38)
    model.generator.head.bias.data.fill_(3e38)
    with pytest.raises(InputError, match="not finite"):
        TorchEngine(model, [FINE], "fp32")(window)[0]


@pytest.mark.parametrize(
    ("options", "words"), [({"name": "tpu"}, "Unknown engine"), ({"precision": "int4"}, "Unknown prec")]
)
def test_unknown_choices_are_said(model, options, words):
    with pytest.raises(InputError, match=words):
        make_engine(model, [FINE], 1, **options)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_replayed_on_a_gpu_it_is_what_the_cpu_computes(model, precision):
    image = scene_dn(60, 70).astype(np.float32) / 10_000
    windows = [Window(10, 12, 32, 40), Window(0, 0, 24, 24), Window(11, 13, 32, 40), Window(20, 30, 16, 32)]
    inputs = [crop_replicated(image, window.grown(model.receptive_field)) for window in windows]
    with torch.inference_mode():
        expected = [model(torch.from_numpy(each)[None], margin=model.receptive_field)[0].numpy() for each in inputs]
    engine = TorchEngine(model, [FINE], precision)
    for lr, sr in zip(inputs, expected, strict=True):
        assert np.abs(engine(lr)[0] - sr / FINE.gain[0]).max() <= (1 if precision == "fp32" else 100)
