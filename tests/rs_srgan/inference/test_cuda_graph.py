import numpy as np
import pytest
import torch

from rs_srgan.inference.torch_engine import TorchEngine
from rs_srgan.pixels.windows import Window, crop_replicated
from tests.conftest import scene_dn
from tests.rs_srgan.inference.conftest import FINE


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_replay_on_a_gpu_gives_what_the_cpu_computes(model, precision):
    image = scene_dn(60, 70).astype(np.float32) / 10_000
    windows = [Window(10, 12, 32, 40), Window(0, 0, 24, 24), Window(11, 13, 32, 40), Window(20, 30, 16, 32)]
    inputs = [crop_replicated(image, window.grown(model.receptive_field)) for window in windows]
    with torch.inference_mode():
        expected = [model(torch.from_numpy(each)[None], margin=model.receptive_field)[0].numpy() for each in inputs]
    engine = TorchEngine(model, [FINE], precision)
    for lr, sr in zip(inputs, expected, strict=True):
        assert np.abs(engine(lr)[0] - sr / FINE.gain[0]).max() <= (1 if precision == "fp32" else 100)
