import pytest

from rs_srgan import MISR, InputError, MISRConfig
from rs_srgan.inference.engines import fastest_precision, make_engine
from rs_srgan.inference.openvino_engine import OpenVinoEngine
from rs_srgan.inference.torch_engine import TorchEngine
from tests.rs_srgan.inference.conftest import FINE


def test_auto_takes_openvino_for_large_scenes_only(model):
    assert isinstance(make_engine(model, [FINE], 100 * 100), TorchEngine)
    assert isinstance(make_engine(model, [FINE], 4000 * 4000), OpenVinoEngine)


@pytest.mark.parametrize("native", [False, True])
def test_auto_is_bf16_if_the_processor_is_faster_in_it(model, monkeypatch, native):
    monkeypatch.setattr("rs_srgan.inference.engines.faster_in_bf16", lambda device: native)
    for lr_px in (100, 4000 * 4000):
        assert make_engine(model, [FINE], lr_px).precision == ("bf16" if native else "fp32")


@pytest.mark.parametrize(("native", "expected"), [(True, "int8"), (False, "bf16")])
def test_auto_is_int8_if_model_and_processor_have_it(model, int8_model, monkeypatch, native, expected):
    monkeypatch.setattr("rs_srgan.inference.engines.computes_in_int8", lambda: native)
    monkeypatch.setattr("rs_srgan.inference.engines.faster_in_bf16", lambda device: True)
    assert make_engine(int8_model, [FINE], 4000 * 4000).precision == expected
    assert make_engine(int8_model, [FINE], 100).precision == "bf16"  # PyTorch does not run int8
    assert make_engine(model, [FINE], 4000 * 4000).precision == "bf16"


def test_int8_runs_with_openvino_also_for_small_scenes(int8_model):
    engine = make_engine(int8_model, [FINE], 100, precision="int8")
    assert isinstance(engine, OpenVinoEngine)
    assert "int8" in str(engine)


def test_int8_is_refused_where_it_cannot_run(model, int8_model, monkeypatch):
    with pytest.raises(InputError, match="trained"):
        make_engine(model, [FINE], 100, precision="int8")
    with pytest.raises(InputError, match="openvino"):
        make_engine(int8_model, [FINE], 100, "torch", "int8")
    monkeypatch.setattr("rs_srgan.inference.engines.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"\[cpu\]"):
        make_engine(int8_model, [FINE], 100, precision="int8")


def test_revisits_are_in_fp32_where_tiles_would_differ(monkeypatch):
    model = MISR(MISRConfig(channels=8, blocks=1)).eval()
    monkeypatch.setattr("rs_srgan.inference.engines.faster_in_bf16", lambda device: True)
    monkeypatch.setattr("rs_srgan.inference.engines.default_device", lambda: "cpu")
    assert make_engine(model, [FINE], 100).precision == "fp32"
    assert make_engine(model, [FINE], 4000 * 4000).precision == "bf16"
    assert isinstance(make_engine(model, [FINE], 100, precision="bf16"), OpenVinoEngine)
    with pytest.raises(InputError, match="tiles"):
        make_engine(model, [FINE], 100, "torch", "bf16")
    monkeypatch.setattr("rs_srgan.inference.engines.find_spec", lambda name: None)
    with pytest.raises(InputError, match="tiles"):
        make_engine(model, [FINE], 100, precision="bf16")
    assert fastest_precision(model.config, "torch", "cuda") == "bf16"


def test_missing_openvino_is_reported(model, monkeypatch):
    monkeypatch.setattr("rs_srgan.inference.engines.find_spec", lambda name: None)
    assert isinstance(make_engine(model, [FINE], 4000 * 4000), TorchEngine)
    with pytest.raises(InputError, match=r"\[cpu\]"):
        make_engine(model, [FINE], 1, "openvino")


@pytest.mark.parametrize(("options", "words"), [({"name": "tpu"}, "engine"), ({"precision": "int4"}, "precision")])
def test_unknown_choices_are_refused(model, options, words):
    with pytest.raises(InputError, match=words):
        make_engine(model, [FINE], 1, **options)
