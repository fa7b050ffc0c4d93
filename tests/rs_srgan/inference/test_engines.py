import pytest

from rs_srgan import InputError
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.openvino_engine import OpenVinoEngine
from rs_srgan.inference.torch_engine import TorchEngine
from tests.rs_srgan.inference.conftest import FINE


def test_auto_takes_openvino_for_large_scenes_only(model):
    assert isinstance(make_engine(model, [FINE], 100 * 100), TorchEngine)
    assert isinstance(make_engine(model, [FINE], 4000 * 4000), OpenVinoEngine)


@pytest.mark.parametrize("native", [False, True])
def test_auto_is_bf16_if_the_processor_has_it(model, monkeypatch, native):
    monkeypatch.setattr("rs_srgan.inference.engines.computes_in_bf16", lambda device: native)
    for lr_px in (100, 4000 * 4000):
        assert make_engine(model, [FINE], lr_px).precision == ("bf16" if native else "fp32")


def test_missing_openvino_is_reported(model, monkeypatch):
    monkeypatch.setattr("rs_srgan.inference.engines.find_spec", lambda name: None)
    assert isinstance(make_engine(model, [FINE], 4000 * 4000), TorchEngine)
    with pytest.raises(InputError, match=r"\[cpu\]"):
        make_engine(model, [FINE], 1, "openvino")


@pytest.mark.parametrize(("options", "words"), [({"name": "tpu"}, "engine"), ({"precision": "int4"}, "precision")])
def test_unknown_choices_are_refused(model, options, words):
    with pytest.raises(InputError, match=words):
        make_engine(model, [FINE], 1, **options)
