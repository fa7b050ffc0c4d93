import pytest
import torch

from rs_srgan import InputError
from rs_srgan.inference.torch_engine import TorchEngine
from tests.rs_srgan.inference.conftest import FINE


def test_engine_leaves_the_number_of_threads_of_torch_as_it_was(model, window):
    before = torch.get_num_threads()
    TorchEngine(model, [FINE], "fp32", threads=1)(window)
    assert torch.get_num_threads() == before


def test_result_that_is_not_finite_is_an_error(model, window):
    model.generator.tail.bias.data.fill_(3e38)
    model.generator.head.bias.data.fill_(3e38)
    with pytest.raises(InputError, match="finite"):
        TorchEngine(model, [FINE], "fp32")(window)[0]
