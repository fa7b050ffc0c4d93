"""Tools of PyTorch: export, compile, distributed training, and models without weights."""

import shutil
from importlib import import_module

import pytest
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from rs_srgan import MISR, SISR, MISRConfig, SISRConfig, load_model

SMALL = {"channels": 16, "blocks": 1}
GUIDED = SISRConfig(scale=2, bands=("B11", "B12"), guide_bands=("B04", "B08"), **SMALL)
REVISITS = MISRConfig(scale=2, fusion_channels=16, fusion_blocks=1, **SMALL)
needs_a_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="PyTorch compiles with g++")


@pytest.fixture
def alone():
    """A process group of one process, which is enough to find parameters without gradients."""
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.parametrize(
    ("config", "shapes"),
    [
        (SISRConfig(uncertainty=True, **SMALL), [(2, 4, 9, 8)]),
        (GUIDED, [(2, 2, 9, 8), (2, 2, 18, 16)]),
        (REVISITS, [(2, 3, 4, 9, 8)]),
    ],
)
def test_distributed_training_needs_no_options(alone, config, shapes):
    torch.manual_seed(0)
    model = (MISR(config) if config.several else SISR(config)).train()
    if config.several:
        for parameter in model.fusion.parameters():
            torch.nn.init.normal_(parameter, 0, 0.1)
    parallel = DistributedDataParallel(model)
    for _ in range(2):  # the second step fails if a parameter had no gradient in the first one
        parallel(*(torch.rand(shape) for shape in shapes)).square().mean().backward()
    assert all(each.grad is not None for each in model.parameters() if each.requires_grad)


def test_an_exported_program_computes_other_sizes(model, tmp_path):
    batch, height, width = (torch.export.Dim(name) for name in ("batch", "height", "width"))
    sizes = ({0: batch, 2: height, 3: width},)
    program = torch.export.export(model, (torch.rand(2, 4, 16, 18),), dynamic_shapes=sizes)
    torch.export.save(program, tmp_path / "model.pt2")
    loaded = torch.export.load(tmp_path / "model.pt2").module()
    for shape in ((1, 4, 33, 20), (3, 4, 5, 7)):
        lr = torch.rand(shape)
        with torch.no_grad():
            torch.testing.assert_close(loaded(lr), model(lr), rtol=0, atol=1e-5)


@pytest.mark.slow
@needs_a_compiler
def test_a_compiled_model_gives_the_same_pixels():
    """Run by `python -m pytest -m slow tests/rs_srgan/end_to_end/test_torch_tools.py`; needs g++ and a minute."""
    model, lr = load_model("sisr-x4-rgbn"), torch.rand(1, 4, 64, 64) * 0.4
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(model)(lr), model(lr), rtol=0, atol=1e-4)


@pytest.mark.slow
@needs_a_compiler
def test_a_package_of_aot_inductor_gives_the_same_pixels(tmp_path):
    """Run by `python -m pytest -m slow tests/rs_srgan/end_to_end/test_torch_tools.py`; needs g++ and a minute."""
    inductor = import_module("torch._inductor")  # the name in PyTorch's documentation
    model, lr = load_model("sisr-x4-rgbn"), torch.rand(1, 4, 64, 64) * 0.4
    with torch.no_grad():
        program = torch.export.export(model, (lr,))
        package = inductor.aoti_compile_and_package(program, package_path=str(tmp_path / "model.pt2"))
        torch.testing.assert_close(inductor.aoti_load_package(package)(lr), model(lr), rtol=0, atol=1e-4)


def test_a_model_that_accelerate_made_empty_takes_weights_from_a_folder(model, model_folder):
    accelerate = pytest.importorskip("accelerate")
    with accelerate.init_empty_weights(include_buffers=True):
        empty = SISR(model.config)
    assert {parameter.device.type for parameter in empty.parameters()} == {"meta"}
    filled = accelerate.load_checkpoint_and_dispatch(
        empty, str(model_folder / "model.safetensors"), device_map={"": "cpu"}
    )
    lr = torch.rand(1, 4, 8, 8)
    assert torch.equal(filled.eval()(lr), model(lr))
